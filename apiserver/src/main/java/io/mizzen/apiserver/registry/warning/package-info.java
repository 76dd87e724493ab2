/**
 * What a client is told about an object that is taken all the same: fields that have no effect, names and labels that are
 * deprecated, lists that contradict themselves. In come trees in the stored version with all defaults; out go texts for
 * {@code Warning} headers, upstream's. Pure, safe for any thread.
 */
@NullMarked
package io.mizzen.apiserver.registry.warning;

import org.jspecify.annotations.NullMarked;
