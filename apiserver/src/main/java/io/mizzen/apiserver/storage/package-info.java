/**
 * Where objects live: one small interface, {@link io.mizzen.apiserver.storage.Storage}, over a store of bytes by key
 * with one global revision, as etcd's v3 API has it.
 *
 * <p>In come keys in upstream's form ({@code /registry/pods/default/web}), values that this package never looks into, and
 * the revision a writer believes to be the newest. Out go entries, conflicts, and ordered changes to watchers. The two
 * stores behind it, {@code embedded} and {@code etcd}, pass the same contract suite; {@code cache} serves reads and watches
 * of the whole process from one watch.
 *
 * <p>Threading: every method may be called from any thread and blocks it until the answer is there (virtual threads are
 * meant); listeners are called by the store's own delivery thread, one call at a time for a subscription.
 */
@NullMarked
package io.mizzen.apiserver.storage;

import org.jspecify.annotations.NullMarked;
