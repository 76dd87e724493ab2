/**
 * What controllers see of the cluster beyond their informers' caches: their own writes, at once.
 *
 * <p>In: caches and the answers to writes. Out: the newest state known. No threads of its own; its types are thread-safe.
 */
@NullMarked
package io.mizzen.controller.cache;

import org.jspecify.annotations.NullMarked;
