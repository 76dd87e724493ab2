// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podgc;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.mizzen.controller.pod.Pods;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Decides which pods to clear away. Pure. */
final class PodGcCore {

    /** How long a node must be unknown before it is asked for past the cache. */
    static final Duration QUARANTINE = Duration.ofSeconds(40);

    static final String OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

    private PodGcCore() {}

    /** Which rule a pod falls under. */
    enum Why {
        /** Too many have ended; this one was evicted or is one of the oldest. */
        TERMINATED,
        /** Its node is gone; it is failed first. */
        ORPHANED,
        /** It is being deleted and was never given to a node; it is failed first. */
        UNSCHEDULED,
        /** It is being deleted on a node declared out of service. */
        OUT_OF_SERVICE
    }

    /** One pod to clear away. */
    record Removal(Pod pod, Why why) {}

    /**
     * @param pods all pods
     * @param nodes the nodes in the cache
     * @param gone names of nodes that a live read has shown to be absent
     * @param terminatedThreshold how many ended pods may stay; 0 or less for any number
     */
    static List<Removal> decide(
            Collection<Pod> pods, Map<String, Node> nodes, Set<String> gone, int terminatedThreshold) {
        List<Removal> removals = new ArrayList<>();
        terminated(pods, terminatedThreshold, removals);
        for (Pod pod : pods) {
            String node = Pods.node(pod);
            if (node.isEmpty()) {
                if (Pods.isTerminating(pod)) {
                    removals.add(new Removal(pod, Why.UNSCHEDULED));
                }
            } else if (gone.contains(node)) {
                removals.add(new Removal(pod, Why.ORPHANED));
            } else if (Pods.isTerminating(pod) && isOutOfService(nodes.get(node))) {
                removals.add(new Removal(pod, Why.OUT_OF_SERVICE));
            }
        }
        return removals;
    }

    private static void terminated(Collection<Pod> pods, int threshold, List<Removal> removals) {
        if (threshold <= 0) {
            return;
        }
        List<Pod> ended = pods.stream()
                .filter(Pods::isTerminal)
                .sorted(Comparator.comparing((Pod pod) -> !isEvicted(pod))
                        .thenComparing(pod -> String.valueOf(pod.getMetadata().getCreationTimestamp()))
                        .thenComparing(pod -> pod.getMetadata().getName()))
                .toList();
        ended.subList(0, Math.max(0, ended.size() - threshold))
                .forEach(pod -> removals.add(new Removal(pod, Why.TERMINATED)));
    }

    private static boolean isEvicted(Pod pod) {
        return Pods.phase(pod).equals("Failed")
                && "Evicted".equals(pod.getStatus().getReason());
    }

    private static boolean isOutOfService(@org.jspecify.annotations.Nullable Node node) {
        if (node == null || node.getSpec() == null || node.getSpec().getTaints() == null) {
            return false;
        }
        boolean tainted = node.getSpec().getTaints().stream().map(Taint::getKey).anyMatch(OUT_OF_SERVICE::equals);
        boolean ready = node.getStatus() != null
                && node.getStatus().getConditions().stream()
                        .anyMatch(c -> "Ready".equals(c.getType()) && "True".equals(c.getStatus()));
        return tainted && !ready;
    }

    /** Nodes that pods name and the cache lacks, with the time since when; entries of nodes that came back are dropped. */
    static void updateQuarantine(
            Collection<Pod> pods, Set<String> known, Map<String, Instant> quarantine, Instant now) {
        quarantine.keySet().removeAll(known);
        Set<String> named = new java.util.HashSet<>();
        for (Pod pod : pods) {
            String node = Pods.node(pod);
            if (!node.isEmpty() && !known.contains(node)) {
                named.add(node);
                quarantine.putIfAbsent(node, now);
            }
        }
        quarantine.keySet().retainAll(named);
    }
}
