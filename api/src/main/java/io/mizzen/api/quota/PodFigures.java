// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.quota;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.quantity.Quantity;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a pod requests, or is limited to, as a whole: its containers and restartable init containers together, or the most
 * that its start needs, and the overhead (KEP-753, KEP-2837). Pure.
 */
public final class PodFigures {
    private PodFigures() {}

    /**
     * The sums by resource.
     *
     * @param kind {@code requests} or {@code limits}
     */
    public static Map<String, Quantity> of(JsonNode spec, String kind) {
        Map<String, Quantity> sum = new TreeMap<>();
        spec.path("containers")
                .forEach(container -> add(sum, container.path("resources").path(kind)));
        Map<String, Quantity> sidecars = new TreeMap<>();
        Map<String, Quantity> start = new TreeMap<>();
        for (JsonNode init : spec.path("initContainers")) {
            JsonNode figures = init.path("resources").path(kind);
            Map<String, Quantity> running = new TreeMap<>(sidecars);
            add(running, figures);
            if (init.path("restartPolicy").asText().equals("Always")) {
                add(sum, figures);
                sidecars = running;
            }
            running.forEach((name, quantity) -> start.merge(name, quantity, Quantity::max));
        }
        start.forEach((name, quantity) -> sum.merge(name, quantity, Quantity::max));
        spec.path("resources")
                .path(kind)
                .properties()
                .forEach(whole ->
                        sum.put(whole.getKey(), Quantity.parse(whole.getValue().asText())));
        boolean counts = kind.equals("requests");
        spec.path("overhead").properties().forEach(overhead -> {
            if (counts || sum.containsKey(overhead.getKey())) {
                sum.merge(overhead.getKey(), Quantity.parse(overhead.getValue().asText()), Quantity::plus);
            }
        });
        return sum;
    }

    private static void add(Map<String, Quantity> sum, JsonNode figures) {
        figures.properties()
                .forEach(figure -> sum.merge(
                        figure.getKey(), Quantity.parse(figure.getValue().asText()), Quantity::plus));
    }
}
