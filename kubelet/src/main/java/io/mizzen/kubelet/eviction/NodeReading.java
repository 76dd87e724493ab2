// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import java.util.Map;

/**
 * What is left on the node at one moment.
 *
 * @param levels by signal; a signal that could not be read is absent
 */
public record NodeReading(Map<Signal, Level> levels) {
    /** Copies. */
    public NodeReading {
        levels = Map.copyOf(levels);
    }

    /**
     * One resource.
     *
     * @param available what is left
     * @param capacity all there is
     */
    public record Level(long available, long capacity) {}
}
