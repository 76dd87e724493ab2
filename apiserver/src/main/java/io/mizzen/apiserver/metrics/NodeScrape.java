// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.metrics;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What one answer of a kubelet's {@code /metrics/resource} tells (KEP-1206).
 *
 * @param node the node's own sample, null when it tells none
 * @param pods samples by pod and container
 */
record NodeScrape(@Nullable Sample node, Map<PodName, Map<String, Sample>> pods) {
    private static final Duration FAR_OFF = Duration.ofMinutes(5);
    private static final Pattern LINE = Pattern.compile("(\\w+)(?:\\{([^}]*)})? (\\S+)(?: (-?[0-9]+))?");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

    NodeScrape {
        pods = Map.copyOf(pods);
    }

    /** Collects the two figures of a node or container. */
    private static final class Figures {
        private @Nullable Instant time;
        private long cpuNanos = -1;
        private long memoryBytes = -1;

        @Nullable
        Sample sample() {
            Instant at = time;
            return at == null || cpuNanos < 0 || memoryBytes < 0 ? null : new Sample(at, cpuNanos, memoryBytes);
        }
    }

    /**
     * Reads Prometheus' text form; lines that are not understood are passed over, samples without both figures dropped.
     *
     * @param now the time of samples that tell none
     */
    static NodeScrape parse(String text, Instant now) {
        Figures node = new Figures();
        Map<PodName, Map<String, Figures>> pods = new HashMap<>();
        text.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                return;
            }
            String labels = matcher.group(2) == null ? "" : matcher.group(2);
            switch (matcher.group(1)) {
                case "node_cpu_usage_seconds_total", "node_memory_working_set_bytes" -> read(node, matcher, now);
                case "container_cpu_usage_seconds_total", "container_memory_working_set_bytes" ->
                    read(container(pods, labels), matcher, now);
                default -> {
                    // Other families are of no use here.
                }
            }
        });
        Map<PodName, Map<String, Sample>> samples = new HashMap<>();
        pods.forEach((pod, containers) -> {
            Map<String, Sample> whole = new HashMap<>();
            containers.forEach((name, figures) -> {
                Sample sample = figures.sample();
                if (sample != null) {
                    whole.put(name, sample);
                }
            });
            if (whole.size() == containers.size()) {
                samples.put(pod, Map.copyOf(whole));
            }
        });
        return new NodeScrape(node.sample(), samples);
    }

    private static Figures container(Map<PodName, Map<String, Figures>> pods, String labels) {
        Map<String, String> named = new HashMap<>();
        Matcher label = LABEL.matcher(labels);
        while (label.find()) {
            named.put(label.group(1), label.group(2));
        }
        PodName pod = new PodName(named.getOrDefault("namespace", ""), named.getOrDefault("pod", ""));
        return pods.computeIfAbsent(pod, none -> new HashMap<>())
                .computeIfAbsent(named.getOrDefault("container", ""), none -> new Figures());
    }

    private static void read(Figures figures, Matcher line, Instant now) {
        BigDecimal value;
        try {
            value = new BigDecimal(line.group(3));
        } catch (NumberFormatException notANumber) {
            return;
        }
        if (line.group(1).endsWith("_seconds_total")) {
            figures.cpuNanos = value.movePointRight(9).longValue();
            figures.time = timeOf(line.group(4), now);
        } else {
            figures.memoryBytes = value.longValue();
        }
    }

    /** When a figure was taken: by the node's clock, or by ours where it tells none or one that is far off. */
    private static Instant timeOf(@Nullable String millis, Instant now) {
        if (millis == null) {
            return now;
        }
        try {
            Instant told = Instant.ofEpochMilli(Long.parseLong(millis));
            return Duration.between(told, now).abs().compareTo(FAR_OFF) > 0 ? now : told;
        } catch (NumberFormatException tooLong) {
            return now;
        }
    }
}
