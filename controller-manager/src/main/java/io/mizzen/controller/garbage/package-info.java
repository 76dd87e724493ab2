/**
 * Deletes what nobody owns any more, by owner references: background, foreground and orphan deletion.
 *
 * <p>In: the metadata of every object of every resource that can be listed, watched and deleted. Out: deletions,
 * references and finalizers removed. {@link io.mizzen.controller.garbage.OwnerGraph} is the pure core: a graph that
 * informers keep current and that says what to look at. Nothing is deleted on its word alone: before each deletion the
 * object and its owners are read past all caches. One lock guards the graph; twenty workers do the looking.
 */
@NullMarked
package io.mizzen.controller.garbage;

import org.jspecify.annotations.NullMarked;
