// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.service;

import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which endpoints traffic may go to.
 *
 * <p>Ready ones; where none is ready, those that are going away but still serve (KEP-1669), so that the last connections of a
 * rolling update are not refused. Hints narrow the choice only if every ready endpoint has one and some of them mean this node.
 *
 * @param cluster for traffic that may go anywhere
 * @param local for traffic that must stay on this node
 */
public record EndpointChoice(List<Endpoint> cluster, List<Endpoint> local) {
    /** Copies the lists. */
    public EndpointChoice {
        cluster = List.copyOf(cluster);
        local = List.copyOf(local);
    }

    /** Chooses for a node of a zone (null where the node has none). */
    public static EndpointChoice of(List<Endpoint> endpoints, String nodeName, @Nullable String zone) {
        List<Endpoint> cluster = hinted(usable(endpoints), nodeName, zone);
        List<Endpoint> local =
                usable(endpoints.stream().filter(Endpoint::isLocal).toList());
        return new EndpointChoice(cluster, local);
    }

    private static List<Endpoint> usable(List<Endpoint> endpoints) {
        List<Endpoint> ready = endpoints.stream().filter(Endpoint::isReady).toList();
        return ready.isEmpty()
                ? endpoints.stream()
                        .filter(endpoint -> endpoint.isServing() && endpoint.isTerminating())
                        .toList()
                : ready;
    }

    private static List<Endpoint> hinted(List<Endpoint> endpoints, String nodeName, @Nullable String zone) {
        if (endpoints.stream().noneMatch(endpoint -> endpoint.nodeHints().isEmpty())) {
            List<Endpoint> here =
                    filter(endpoints, endpoint -> endpoint.nodeHints().contains(nodeName));
            if (!here.isEmpty()) {
                return here;
            }
        }
        if (zone != null
                && endpoints.stream().noneMatch(endpoint -> endpoint.zoneHints().isEmpty())) {
            List<Endpoint> here =
                    filter(endpoints, endpoint -> endpoint.zoneHints().contains(zone));
            if (!here.isEmpty()) {
                return here;
            }
        }
        return endpoints;
    }

    private static List<Endpoint> filter(List<Endpoint> endpoints, Predicate<Endpoint> condition) {
        return endpoints.stream().filter(condition).toList();
    }
}
