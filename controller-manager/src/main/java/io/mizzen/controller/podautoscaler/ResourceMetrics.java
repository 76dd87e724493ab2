// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.client.ApiClient;
import io.mizzen.controller.condition.Timestamps;
import java.math.BigDecimal;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what pods use from {@code metrics.k8s.io/v1beta1}. */
final class ResourceMetrics {
    private static final Pattern WINDOW = Pattern.compile("(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9.]+)s)?");
    private static final Duration USUAL_WINDOW = Duration.ofSeconds(30);

    private ResourceMetrics() {}

    /**
     * The usage of the pods that a selector finds, by pod name.
     *
     * @param container the only one that counts; empty for all
     */
    static Map<String, PodMetric> read(
            ApiClient api, String namespace, String selector, String resource, String container)
            throws MetricUnavailable {
        String path = "/apis/metrics.k8s.io/v1beta1/namespaces/" + namespace + "/pods?labelSelector="
                + URLEncoder.encode(selector, StandardCharsets.UTF_8);
        JsonNode items;
        try {
            items = api.dynamic().get(path).path("items");
        } catch (KubernetesClientException refused) {
            throw unavailable(resource, "unable to fetch metrics from resource metrics API: " + refused.getMessage());
        }
        if (items.isEmpty()) {
            throw unavailable(resource, "no metrics returned from resource metrics API");
        }
        Map<String, PodMetric> metrics = new HashMap<>();
        for (JsonNode pod : items) {
            String name = pod.path("metadata").path("name").asText();
            OptionalLong usage = container.isEmpty()
                    ? sum(pod, resource)
                    : OptionalLong.of(ofContainer(pod, namespace, resource, container));
            if (usage.isPresent()) {
                metrics.put(
                        name, new PodMetric(time(pod), window(pod.path("window").asText("")), usage.getAsLong()));
            }
        }
        return metrics;
    }

    private static MetricUnavailable unavailable(String resource, String why) {
        return new MetricUnavailable("unable to get metrics for resource " + resource + ": " + why);
    }

    private static OptionalLong sum(JsonNode pod, String resource) {
        long sum = 0;
        for (JsonNode container : pod.path("containers")) {
            JsonNode used = container.path("usage").path(resource);
            if (used.isMissingNode()) {
                return OptionalLong.empty();
            }
            sum += Quantity.parse(used.asText()).toMilli();
        }
        return pod.path("containers").isEmpty() ? OptionalLong.empty() : OptionalLong.of(sum);
    }

    private static long ofContainer(JsonNode pod, String namespace, String resource, String container)
            throws MetricUnavailable {
        for (JsonNode candidate : pod.path("containers")) {
            JsonNode used = candidate.path("usage").path(resource);
            if (candidate.path("name").asText().equals(container) && !used.isMissingNode()) {
                return Quantity.parse(used.asText()).toMilli();
            }
        }
        throw unavailable(
                resource,
                "failed to get container metrics: container " + container + " not present in metrics for pod "
                        + namespace + "/" + pod.path("metadata").path("name").asText());
    }

    private static Instant time(JsonNode pod) {
        return Timestamps.parse(pod.path("timestamp").asText("")).orElse(Instant.EPOCH);
    }

    /** A duration in Go's notation. */
    static Duration window(String text) {
        Matcher matcher = WINDOW.matcher(text);
        if (text.isEmpty() || !matcher.matches()) {
            return USUAL_WINDOW;
        }
        long hours = matcher.group(1) == null ? 0 : Long.parseLong(matcher.group(1));
        long minutes = matcher.group(2) == null ? 0 : Long.parseLong(matcher.group(2));
        BigDecimal seconds = matcher.group(3) == null ? BigDecimal.ZERO : new BigDecimal(matcher.group(3));
        return Duration.ofHours(hours)
                .plusMinutes(minutes)
                .plusMillis(seconds.movePointRight(3).longValue());
    }
}
