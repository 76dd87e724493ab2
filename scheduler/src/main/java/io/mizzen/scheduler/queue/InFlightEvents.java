// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.queue;

import io.mizzen.scheduler.framework.ClusterEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The events that happened while pods were being tried. A pod that comes back refused is judged by those since its pop, so that no
 * wake-up is lost between snapshot and return. At most {@value #CAPACITY} events are kept; a pod for which some were dropped is
 * told {@link ClusterEvent#WILDCARD}. Guarded by the queue's lock.
 */
final class InFlightEvents {
    static final int CAPACITY = 10_000;

    /** One occurrence. */
    record Occurrence(
            ClusterEvent event,
            @Nullable Object before,
            @Nullable Object after) {}

    private final Map<String, Long> startByUid = new HashMap<>();
    private final ArrayDeque<Occurrence> events = new ArrayDeque<>();
    private long firstSequence;

    void begin(String uid) {
        startByUid.put(uid, firstSequence + events.size());
    }

    boolean contains(String uid) {
        return startByUid.containsKey(uid);
    }

    int pods() {
        return startByUid.size();
    }

    void record(Occurrence occurrence) {
        if (startByUid.isEmpty()) {
            return;
        }
        if (events.size() == CAPACITY) {
            events.removeFirst();
            firstSequence++;
        }
        events.addLast(occurrence);
    }

    /** The events since the pod's pop; the pod is in flight no more. */
    List<Occurrence> end(String uid) {
        Long start = startByUid.remove(uid);
        if (start == null) {
            return List.of();
        }
        List<Occurrence> since = new ArrayList<>();
        if (start < firstSequence) {
            since.add(new Occurrence(ClusterEvent.WILDCARD, null, null));
        } else {
            events.stream().skip(start - firstSequence).forEach(since::add);
        }
        trim();
        return since;
    }

    private void trim() {
        if (startByUid.isEmpty()) {
            firstSequence += events.size();
            events.clear();
            return;
        }
        long oldest =
                startByUid.values().stream().mapToLong(Long::longValue).min().orElse(firstSequence);
        while (firstSequence < oldest && !events.isEmpty()) {
            events.removeFirst();
            firstSequence++;
        }
    }
}
