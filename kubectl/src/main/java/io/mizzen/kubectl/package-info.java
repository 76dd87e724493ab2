/**
 * Mizzen's own kubectl: one call in, lines and an exit code out. Entry: {@link io.mizzen.kubectl.Kubectl}. The names of commands, help
 * and dispatch live here; what commands do lives in {@code command}. One call runs in one thread.
 */
@NullMarked
package io.mizzen.kubectl;

import org.jspecify.annotations.NullMarked;
