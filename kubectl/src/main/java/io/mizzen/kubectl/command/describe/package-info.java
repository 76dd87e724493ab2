/**
 * {@code kubectl describe}: one class a kind or family of kinds, all writing to a {@link io.mizzen.kubectl.command.describe.Description}.
 * In: trees of objects and what belongs to them. Out: text. One thread.
 */
@NullMarked
package io.mizzen.kubectl.command.describe;

import org.jspecify.annotations.NullMarked;
