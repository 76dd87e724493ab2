/**
 * Volumes of pods: set up before containers start, refreshed while they run, torn down after.
 *
 * <p>In come pods and what they refer to; out go directories and mounts below the root folder. What a projected file contains
 * is decided by pure functions ({@link io.mizzen.kubelet.volume.Projection}); each pod is worked on by its own worker alone.
 */
@NullMarked
package io.mizzen.kubelet.volume;

import org.jspecify.annotations.NullMarked;
