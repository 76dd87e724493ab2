// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which thresholds are crossed, and which conditions the node therefore has. Pure. */
final class PressureRules {
    private PressureRules() {}

    /**
     * The state of the node.
     *
     * @param met crossed thresholds, most urgent first
     * @param lastSeen when each condition was last true by the readings themselves
     * @param conditions that the node has: those seen now, and those seen less than the transition period ago
     */
    record State(List<Threshold> met, Map<String, Instant> lastSeen, TreeSet<String> conditions) {
        static State none() {
            return new State(List.of(), Map.of(), new TreeSet<>());
        }
    }

    /** The state after a reading. */
    static State next(State before, List<Threshold> thresholds, NodeReading reading, Duration transition, Instant now) {
        List<Threshold> met = thresholds.stream()
                .filter(t -> isMet(t, reading))
                .sorted(Comparator.comparing(Threshold::signal))
                .toList();
        Map<String, Instant> lastSeen = new TreeMap<>(before.lastSeen());
        met.forEach(t -> lastSeen.put(t.signal().condition(), now));
        TreeSet<String> conditions = new TreeSet<>();
        lastSeen.forEach((condition, at) -> {
            if (at.equals(now) || Duration.between(at, now).compareTo(transition) < 0) {
                conditions.add(condition);
            }
        });
        return new State(met, lastSeen, conditions);
    }

    static boolean isMet(Threshold threshold, NodeReading reading) {
        NodeReading.Level level = reading.levels().get(threshold.signal());
        return level != null && level.available() < threshold.least(level.capacity());
    }
}
