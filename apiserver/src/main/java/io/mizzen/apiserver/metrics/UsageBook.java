// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.metrics;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The two newest samples of every node and container. Immutable: each round of scraping makes the next book, and what a
 * round did not see is not in it, so that nothing stale is told. A usage is told once there are two samples.
 */
public final class UsageBook {
    /** Nothing is known. */
    public static final UsageBook EMPTY = new UsageBook(Map.of(), Map.of());

    private final Map<String, Pair> nodes;
    private final Map<PodName, Map<String, Pair>> pods;

    /**
     * @param last the newest sample
     * @param before the one that a rate is told against, null while there is none
     */
    private record Pair(Sample last, @Nullable Sample before) {

        static Pair next(@Nullable Pair known, Sample sample) {
            if (known == null || sample.cpuNanos() < known.last().cpuNanos()) {
                // New, or begun anew: a counter never goes back.
                return new Pair(sample, null);
            }
            return sample.time().isAfter(known.last().time()) ? new Pair(sample, known.last()) : known;
        }

        @Nullable
        Usage usage() {
            if (before == null) {
                return null;
            }
            Duration window = Duration.between(before.time(), last.time());
            double seconds = window.toNanos() / 1e9;
            long nanoCores = Math.round((last.cpuNanos() - before.cpuNanos()) / seconds);
            return new Usage(last.time(), window, nanoCores, last.memoryBytes());
        }
    }

    private UsageBook(Map<String, Pair> nodes, Map<PodName, Map<String, Pair>> pods) {
        this.nodes = Map.copyOf(nodes);
        this.pods = Map.copyOf(pods);
    }

    /** The book after a round, which saw these nodes. */
    UsageBook next(Map<String, NodeScrape> round) {
        Map<String, Pair> newNodes = new HashMap<>();
        Map<PodName, Map<String, Pair>> newPods = new HashMap<>();
        round.forEach((name, scrape) -> {
            Sample sample = scrape.node();
            if (sample != null) {
                newNodes.put(name, Pair.next(nodes.get(name), sample));
            }
            scrape.pods().forEach((pod, containers) -> {
                Map<String, Pair> known = pods.getOrDefault(pod, Map.of());
                Map<String, Pair> pairs = new HashMap<>();
                containers.forEach((container, read) -> pairs.put(container, Pair.next(known.get(container), read)));
                newPods.put(pod, Map.copyOf(pairs));
            });
        });
        return new UsageBook(newNodes, newPods);
    }

    /** What a node uses; null while it is not known. */
    public @Nullable Usage node(String name) {
        Pair pair = nodes.get(name);
        return pair == null ? null : pair.usage();
    }

    /** What the containers of a pod use, by name; empty while it is not known of all of them. */
    public Map<String, Usage> pod(String namespace, String name) {
        Map<String, Usage> usages = new TreeMap<>();
        for (Map.Entry<String, Pair> container :
                pods.getOrDefault(new PodName(namespace, name), Map.of()).entrySet()) {
            Usage usage = container.getValue().usage();
            if (usage == null) {
                return Map.of();
            }
            usages.put(container.getKey(), usage);
        }
        return usages;
    }

    /** The earliest end of the containers' windows. */
    public static Usage earliest(Map<String, Usage> containers) {
        return containers.values().stream()
                .min(java.util.Comparator.comparing(Usage::time))
                .orElse(new Usage(Instant.EPOCH, Duration.ZERO, 0, 0));
    }
}
