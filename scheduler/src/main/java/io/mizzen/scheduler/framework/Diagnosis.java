// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Why no node took a pod.
 *
 * @param allNodes how many nodes there are
 * @param nodes the refusal of each node that was looked at, by name; nodes left out by a PreFilter share one entry's reason
 * @param preFilterMessage what a PreFilter said against the pod as a whole, empty if none did
 * @param postFilterMessage what the PostFilters said, empty if nothing
 * @param unschedulablePlugins the plugins that refused
 * @param pendingPlugins the plugins that wait for something outside
 */
public record Diagnosis(
        int allNodes,
        Map<String, Status> nodes,
        String preFilterMessage,
        String postFilterMessage,
        Set<String> unschedulablePlugins,
        Set<String> pendingPlugins) {

    /** What is said where there is not a single node. */
    public static final String NO_NODES = "no nodes available to schedule pods";

    /** Copies the collections. */
    public Diagnosis {
        nodes = Map.copyOf(nodes);
        unschedulablePlugins = Set.copyOf(unschedulablePlugins);
        pendingPlugins = Set.copyOf(pendingPlugins);
    }

    /** The same with the PostFilters' words. */
    public Diagnosis withPostFilterMessage(String message) {
        return new Diagnosis(allNodes, nodes, preFilterMessage, message, unschedulablePlugins, pendingPlugins);
    }

    /** The text for the condition and the event, such as {@code 0/3 nodes are available: 3 Insufficient cpu.} */
    public String message() {
        if (allNodes == 0 && preFilterMessage.isEmpty()) {
            return NO_NODES;
        }
        StringBuilder text = new StringBuilder("0/" + allNodes + " nodes are available:");
        if (!preFilterMessage.isEmpty()) {
            text.append(' ').append(preFilterMessage).append('.');
        } else if (!nodes.isEmpty()) {
            text.append(' ').append(histogram(nodes.values())).append('.');
        }
        if (!postFilterMessage.isEmpty()) {
            text.append(' ').append(postFilterMessage);
        }
        return text.toString();
    }

    /** Reasons counted and sorted as texts: {@code 1 a, 2 b}. */
    public static String histogram(Collection<Status> statuses) {
        Map<String, Integer> counts = new TreeMap<>();
        for (Status status : statuses) {
            status.reasons().forEach(reason -> counts.merge(reason, 1, Integer::sum));
        }
        List<String> texts = new ArrayList<>();
        counts.forEach((reason, count) -> texts.add(count + " " + reason));
        Collections.sort(texts);
        return String.join(", ", texts);
    }
}
