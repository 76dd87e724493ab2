// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.node;

import io.fabric8.kubernetes.api.model.Node;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * How fast pods may be moved off lost nodes: one node in ten seconds a zone; slower or not at all where most of a zone
 * seems lost, for then it is more likely that the control plane is. State of the token buckets; one owner.
 */
final class Zones {

    private static final double NORMAL = 0.1;
    private static final double REDUCED = 0.01;
    private static final int LARGE = 50;
    private static final double UNHEALTHY = 0.55;

    private record Bucket(double tokens, Instant at) {}

    private final Map<String, Bucket> buckets = new HashMap<>();

    /** How many nodes of a zone report and how many do not. */
    record Count(int ready, int notReady) {
        boolean isFullyDisrupted() {
            return ready == 0 && notReady > 0;
        }

        boolean isPartlyDisrupted() {
            return notReady > 2 && notReady >= UNHEALTHY * (ready + notReady);
        }
    }

    /** The zone of a node, with its region. */
    static String zone(Node node) {
        Map<String, String> labels = node.getMetadata().getLabels();
        if (labels == null) {
            return ":";
        }
        return labels.getOrDefault("topology.kubernetes.io/region", "") + ":"
                + labels.getOrDefault("topology.kubernetes.io/zone", "");
    }

    static Map<String, Count> count(Collection<Node> nodes) {
        Map<String, Count> counts = new TreeMap<>();
        for (Node node : nodes) {
            boolean ready = NodeRules.readiness(node).equals("True");
            counts.merge(
                    zone(node),
                    new Count(ready ? 1 : 0, ready ? 0 : 1),
                    (a, b) -> new Count(a.ready() + b.ready(), a.notReady() + b.notReady()));
        }
        return counts;
    }

    /** Whether no zone has a ready node. */
    static boolean isAllDisrupted(Map<String, Count> counts) {
        return counts.values().stream().allMatch(Count::isFullyDisrupted);
    }

    /** Nodes a second that may be emptied in a zone. */
    static double rate(Map<String, Count> counts, String zone) {
        Count count = counts.getOrDefault(zone, new Count(0, 0));
        if (isAllDisrupted(counts)) {
            return 0;
        }
        if (count.isPartlyDisrupted() && !count.isFullyDisrupted()) {
            return count.ready() + count.notReady() > LARGE ? REDUCED : 0;
        }
        return NORMAL;
    }

    /** Gives leave back that came to nothing. */
    void giveBack(String zone) {
        buckets.computeIfPresent(zone, (name, bucket) -> new Bucket(Math.min(1, bucket.tokens() + 1), bucket.at()));
    }

    /** Takes leave to empty one node of a zone. */
    boolean tryTake(String zone, double rate, Instant now) {
        Bucket bucket = buckets.getOrDefault(zone, new Bucket(1, now));
        double gained = Duration.between(bucket.at(), now).toMillis() / 1000.0 * rate;
        double tokens = Math.min(1, bucket.tokens() + gained);
        boolean granted = rate > 0 && tokens >= 1;
        buckets.put(zone, new Bucket(granted ? tokens - 1 : tokens, now));
        return granted;
    }
}
