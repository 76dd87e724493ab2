/**
 * The watch cache: every object of the process in memory as JSON bytes that are serialised once, fed by one watch on the
 * whole store.
 *
 * <p>In come the changes of a {@link io.mizzen.apiserver.storage.Storage} and, for every resource, a decoder that knows
 * what to select by. Out go gets, lists and watches in key order at a known revision.
 *
 * <p>Threading: one owner, the store's delivery thread, applies changes; readers work on immutable snapshots and never
 * wait for it; watchers own a bounded queue each that the owner fills and any one thread drains.
 */
@NullMarked
package io.mizzen.apiserver.storage.cache;

import org.jspecify.annotations.NullMarked;
