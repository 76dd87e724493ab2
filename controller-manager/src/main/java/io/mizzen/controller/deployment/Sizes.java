// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.deployment;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The arithmetic of a rollout: how large each ReplicaSet should be next. Pure. */
final class Sizes {

    /** Oldest first; names settle ties. */
    static final Comparator<ReplicaSet> OLDEST_FIRST = Comparator.comparing(
                    (ReplicaSet set) -> String.valueOf(set.getMetadata().getCreationTimestamp()))
            .thenComparing(set -> set.getMetadata().getName());

    private Sizes() {}

    static int wanted(ReplicaSet set) {
        Integer replicas = set.getSpec().getReplicas();
        return replicas == null ? 1 : replicas;
    }

    static int available(ReplicaSet set) {
        Integer available = set.getStatus() == null ? null : set.getStatus().getAvailableReplicas();
        return available == null ? 0 : available;
    }

    static int actual(ReplicaSet set) {
        Integer actual = set.getStatus() == null ? null : set.getStatus().getReplicas();
        return actual == null ? 0 : actual;
    }

    static int wanted(Collection<ReplicaSet> sets) {
        return sets.stream().mapToInt(Sizes::wanted).sum();
    }

    static int available(Collection<ReplicaSet> sets) {
        return sets.stream().mapToInt(Sizes::available).sum();
    }

    /** How large the newest set may be made now, so that all sets together stay within replicas + maxSurge. */
    static int newest(Deployment deployment, Optional<ReplicaSet> newest, Collection<ReplicaSet> all) {
        int replicas = Fenceposts.replicas(deployment);
        int present = newest.map(Sizes::wanted).orElse(0);
        if (Rollout.isRecreate(deployment)) {
            return replicas;
        }
        int room = replicas + Fenceposts.of(deployment).maxSurge() - wanted(all);
        return room <= 0 ? present : present + Math.min(room, replicas - present);
    }

    /**
     * How far the old sets may shrink now, so that at least replicas − maxUnavailable stay available: pods that are not
     * available go first, then as many as are surplus, oldest set first.
     *
     * @return new sizes by set name; empty when nothing may go
     */
    static Map<String, Integer> shrinkOld(Deployment deployment, ReplicaSet newest, List<ReplicaSet> old) {
        int minAvailable =
                Fenceposts.replicas(deployment) - Fenceposts.of(deployment).maxUnavailable();
        int newUnavailable = wanted(newest) - keptAvailable(newest);
        int room = wanted(old) + wanted(newest) - minAvailable - newUnavailable;
        if (wanted(old) == 0 || room <= 0) {
            return Map.of();
        }
        Map<String, Integer> sizes = new LinkedHashMap<>();
        List<ReplicaSet> oldestFirst = new ArrayList<>(old);
        oldestFirst.sort(OLDEST_FIRST);
        int left = dropUnavailable(oldestFirst, room, sizes);
        int surplus = old.stream().mapToInt(Sizes::keptAvailable).sum() + keptAvailable(newest) - minAvailable;
        dropSurplus(oldestFirst, Math.min(left, surplus), sizes);
        return sizes;
    }

    /** Pods that are available and will stay: a set's status may not show yet that it was made smaller. */
    private static int keptAvailable(ReplicaSet set) {
        return Math.min(available(set), wanted(set));
    }

    private static int dropUnavailable(List<ReplicaSet> oldestFirst, int room, Map<String, Integer> sizes) {
        int left = room;
        for (ReplicaSet set : oldestFirst) {
            int drop = Math.min(left, wanted(set) - available(set));
            if (drop > 0) {
                sizes.put(set.getMetadata().getName(), wanted(set) - drop);
                left -= drop;
            }
        }
        return left;
    }

    private static void dropSurplus(List<ReplicaSet> oldestFirst, int surplus, Map<String, Integer> sizes) {
        int left = surplus;
        for (ReplicaSet set : oldestFirst) {
            String name = set.getMetadata().getName();
            int size = sizes.getOrDefault(name, wanted(set));
            int drop = Math.min(left, size);
            if (drop > 0) {
                sizes.put(name, size - drop);
                left -= drop;
            }
        }
    }

    /**
     * The sizes after the Deployment itself was scaled in the middle of a rollout: each active set takes its share, what
     * rounding leaves goes to the largest.
     */
    static Map<String, Integer> proportional(Deployment deployment, List<ReplicaSet> active) {
        int replicas = Fenceposts.replicas(deployment);
        int allowed = replicas > 0 ? replicas + Fenceposts.of(deployment).maxSurge() : 0;
        int toAdd = allowed - wanted(active);
        List<ReplicaSet> ordered = new ArrayList<>(active);
        Comparator<ReplicaSet> largestFirst = Comparator.comparing(Sizes::wanted, Comparator.reverseOrder());
        ordered.sort(
                toAdd > 0
                        ? largestFirst.thenComparing(OLDEST_FIRST.reversed())
                        : largestFirst.thenComparing(OLDEST_FIRST));
        Map<String, Integer> sizes = new LinkedHashMap<>();
        int added = 0;
        for (ReplicaSet set : ordered) {
            int share = share(deployment, set, allowed, toAdd, added);
            sizes.put(set.getMetadata().getName(), wanted(set) + share);
            added += share;
        }
        if (toAdd != added && !ordered.isEmpty()) {
            sizes.merge(ordered.getFirst().getMetadata().getName(), toAdd - added, Integer::sum);
        }
        Map<String, Integer> floored = new HashMap<>();
        sizes.forEach((name, size) -> floored.put(name, Math.max(0, size)));
        return floored;
    }

    private static int share(Deployment deployment, ReplicaSet set, int allowed, int toAdd, int added) {
        if (wanted(set) == 0 || toAdd == 0 || toAdd == added) {
            return 0;
        }
        int fraction = fraction(deployment, set, allowed);
        int left = toAdd - added;
        return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
    }

    private static int fraction(Deployment deployment, ReplicaSet set, int allowed) {
        if (Fenceposts.replicas(deployment) == 0) {
            return -wanted(set);
        }
        Integer statusReplicas =
                deployment.getStatus() == null ? null : deployment.getStatus().getReplicas();
        int before = Revisions.count(set, Revisions.MAX).orElse(statusReplicas == null ? 0 : statusReplicas);
        if (before == 0) {
            return 0;
        }
        double size = (double) wanted(set) * allowed / before;
        return (int) Math.round(size) - wanted(set);
    }
}
