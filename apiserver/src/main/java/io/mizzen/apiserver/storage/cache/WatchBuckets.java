// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The watches of one resource, sorted by the one field value they are interested in, so that a change of a pod costs nothing
 * to the thousand kubelets it does not concern. A namespace counts as a field. Guarded by the resource's lock.
 */
final class WatchBuckets {
    private final Set<QueuedWatch> everything = new LinkedHashSet<>();
    private final Map<String, Map<String, Set<QueuedWatch>>> byField = new HashMap<>();

    private static @Nullable FieldMatch bucket(WatchRequest request) {
        if (request.match() != null) {
            return request.match();
        }
        String namespace = request.namespace();
        return namespace == null ? null : new FieldMatch("metadata.namespace", namespace);
    }

    void add(QueuedWatch watch) {
        FieldMatch match = bucket(watch.request());
        if (match == null) {
            everything.add(watch);
            return;
        }
        byField.computeIfAbsent(match.field(), field -> new HashMap<>())
                .computeIfAbsent(match.value(), value -> new LinkedHashSet<>())
                .add(watch);
    }

    void remove(QueuedWatch watch) {
        FieldMatch match = bucket(watch.request());
        if (match == null) {
            everything.remove(watch);
            return;
        }
        Map<String, Set<QueuedWatch>> byValue = byField.get(match.field());
        Set<QueuedWatch> watches = byValue == null ? null : byValue.get(match.value());
        if (byValue != null && watches != null && watches.remove(watch) && watches.isEmpty()) {
            byValue.remove(match.value());
            if (byValue.isEmpty()) {
                byField.remove(match.field());
            }
        }
    }

    /** Offers a change to all it may concern; returns those whose listeners are to be told. */
    List<QueuedWatch> offer(Change change) {
        List<QueuedWatch> tell = new ArrayList<>();
        offer(everything, change, tell);
        CachedObject before = change.previous();
        CachedObject now = change.current();
        byField.forEach((field, byValue) -> {
            String old = before == null ? null : before.field(field);
            String next = now == null ? null : now.field(field);
            if (old != null) {
                offer(byValue.getOrDefault(old, Set.of()), change, tell);
            }
            if (next != null && !next.equals(old)) {
                offer(byValue.getOrDefault(next, Set.of()), change, tell);
            }
        });
        return tell;
    }

    private static void offer(Set<QueuedWatch> watches, Change change, List<QueuedWatch> tell) {
        for (QueuedWatch watch : watches) {
            if (watch.offer(change)) {
                tell.add(watch);
            }
        }
    }

    /** All watches. */
    List<QueuedWatch> all() {
        List<QueuedWatch> all = new ArrayList<>(everything);
        for (Map<String, Set<QueuedWatch>> byValue : byField.values()) {
            byValue.values().forEach(all::addAll);
        }
        return all;
    }

    /** Forgets watches that ended by themselves. */
    void removeEnded() {
        for (QueuedWatch watch : all()) {
            if (watch.end() != null) {
                remove(watch);
            }
        }
    }
}
