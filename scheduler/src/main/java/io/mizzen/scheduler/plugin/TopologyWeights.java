// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.mizzen.scheduler.framework.NodeInfo;
import java.util.HashMap;
import java.util.Map;

/**
 * Numbers for places, a place being all nodes with one value of one label. Asking about a node costs one look-up a label key,
 * however many places there are. Owned by the scheduling thread.
 */
final class TopologyWeights {
    private final Map<String, Map<String, Long>> weights = new HashMap<>();

    /** Adds to the place that the node is in; a place whose number comes to zero is forgotten. */
    void add(String topologyKey, NodeInfo node, long weight) {
        String value = node.labels().get(topologyKey);
        if (value == null) {
            return;
        }
        Map<String, Long> places = weights.computeIfAbsent(topologyKey, key -> new HashMap<>());
        places.merge(value, weight, (a, b) -> a + b == 0 ? null : a + b);
        if (places.isEmpty()) {
            weights.remove(topologyKey);
        }
    }

    /** The number of the node's place by one label key. */
    long at(String topologyKey, NodeInfo node) {
        Map<String, Long> places = weights.get(topologyKey);
        String value = places == null ? null : node.labels().get(topologyKey);
        return places == null || value == null ? 0 : places.getOrDefault(value, 0L);
    }

    /** The numbers of all places the node is in, added up. */
    long sum(NodeInfo node) {
        long sum = 0;
        for (String topologyKey : weights.keySet()) {
            sum += at(topologyKey, node);
        }
        return sum;
    }

    /** Whether no place has a number. */
    boolean isEmpty() {
        return weights.isEmpty();
    }

    /** A copy whose changes are not seen here. */
    TopologyWeights copy() {
        TopologyWeights copy = new TopologyWeights();
        weights.forEach((key, places) -> copy.weights.put(key, new HashMap<>(places)));
        return copy;
    }
}
