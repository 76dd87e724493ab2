/**
 * A small cluster in memory for tests: objects with revisions, conflicts, finalizers and an ordered history of changes;
 * informers that show it as late as the test likes; faults on any write.
 *
 * <p>In: what controllers send through {@link io.mizzen.client.ApiClient}. Out: the same answers and changes an API
 * server gives for the parts that controllers rely on. It does not default, validate or admit. Not thread-safe: a
 * simulation owns the only thread.
 */
@NullMarked
package io.mizzen.testing.cluster;

import org.jspecify.annotations.NullMarked;
