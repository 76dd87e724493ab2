// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.queue;

import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.QueueOrder;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Status;
import io.mizzen.scheduler.queue.InFlightEvents.Occurrence;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The pools of the {@link SchedulingQueue} and the rules by which pods move between them. Not thread-safe: guarded by the queue's
 * lock.
 */
final class QueuePools {
    private enum Pool {
        ACTIVE,
        BACKOFF,
        UNSCHEDULABLE,
        GATED
    }

    private record Place(QueuedPod pod, Pool pool) {}

    private final Runnable onReady;
    private final InstantSource clock;
    private final SchedulingQueue.Timings timings;
    private final Function<PodInfo, Status> preEnqueue;
    private final Map<String, List<EventRegistration>> registrations;
    private final SchedulingQueue.Incoming incoming;

    private final Map<String, Place> places = new HashMap<>();

    private final TreeSet<QueuedPod> active;

    private final TreeSet<QueuedPod> backoff;

    private final Map<String, QueuedPod> unschedulable = new LinkedHashMap<>();

    private final Map<String, QueuedPod> gated = new LinkedHashMap<>();

    private final InFlightEvents inFlight = new InFlightEvents();

    private long sequence;

    /** A queue with the order, gates and registrations of a profile. */
    QueuePools(
            Runnable onReady,
            InstantSource clock,
            SchedulingQueue.Timings timings,
            Comparator<QueueOrder> order,
            Function<PodInfo, Status> preEnqueue,
            Map<String, List<EventRegistration>> registrations,
            SchedulingQueue.Incoming incoming) {
        this.onReady = onReady;
        this.clock = clock;
        this.timings = timings;
        this.preEnqueue = preEnqueue;
        this.registrations = Map.copyOf(registrations);
        this.incoming = incoming;
        Comparator<QueuedPod> bySort =
                Comparator.comparing(QueuedPod::order, order).thenComparingLong(QueuedPod::sequence);
        active = new TreeSet<>(bySort);
        backoff = new TreeSet<>(Comparator.comparing(QueuedPod::backoffUntil).thenComparing(bySort));
    }

    /** Takes in a new pod; one that is known already is renewed. */
    void add(PodInfo pod) {
        Place place = places.get(pod.uid());
        if (place != null) {
            renew(place, pod);
        } else if (!inFlight.contains(pod.uid())) {
            admit(new QueuedPod(pod, clock.instant(), sequence++), "UnscheduledPodAdd");
        }
    }

    /** Takes a newer version of a pod; wakes it if the change itself may help. */
    void update(PodInfo before, PodInfo after) {
        Place place = places.get(after.uid());
        if (place == null) {
            if (inFlight.contains(after.uid())) {
                ClusterEvent event = changes(before, after);
                if (!event.actions().isEmpty()) {
                    inFlight.record(new Occurrence(event, before, after));
                }
            } else {
                admit(new QueuedPod(after, clock.instant(), sequence++), "UnscheduledPodAdd");
            }
            return;
        }
        renew(place, after);
        wakeByOwnChange(place, before, after);
    }

    /** Forgets a pod, wherever it is. A pod in flight is forgotten when its owner says {@link #done}. */
    void delete(String uid) {
        Place place = places.get(uid);
        if (place != null) {
            remove(place);
        }
    }

    /** The next pod to try, which is then in flight; null if none is ready. */
    @Nullable
    QueuedPod pop() {
        QueuedPod next = active.isEmpty() ? earlyFromBackoff() : active.first();
        if (next == null) {
            return null;
        }
        String uid = next.pod().uid();
        remove(places.get(uid));
        next.popped(clock.instant());
        inFlight.begin(uid);
        return next;
    }

    /** The pod is bound, gone, or will never be tried again. */
    void done(String uid) {
        inFlight.end(uid);
    }

    /** Gives back a pod that found no node; events that happened meanwhile may send it to another pool at once. */
    void addUnschedulable(QueuedPod pod) {
        String uid = pod.pod().uid();
        List<Occurrence> missed = inFlight.end(uid);
        if (places.containsKey(uid)) {
            return;
        }
        pod.queuedAt(clock.instant());
        pod.backOffUntil(backoffEnd(pod));
        if (pod.isActivated()) {
            admit(pod, "ForceActivate");
        } else if (pod.failedByErrorLast()) {
            requeue(pod, false, "ScheduleAttemptFailure");
        } else {
            for (Occurrence occurrence : missed) {
                Wake wake = wakeBy(pod, occurrence);
                if (wake != Wake.NO) {
                    requeue(pod, wake == Wake.AT_ONCE, "ScheduleAttemptFailure");
                    return;
                }
            }
            place(pod, Pool.UNSCHEDULABLE, "ScheduleAttemptFailure");
        }
    }

    /** Makes pods active whatever they wait for, gates apart. */
    void activate(Iterable<String> uids) {
        uids.forEach(uid -> {
            Place place = places.get(uid);
            if (place != null && place.pool() != Pool.ACTIVE) {
                remove(place);
                admit(place.pod(), "ForceActivate");
            }
        });
    }

    /** Looks at a gated pod again, because its gate may have opened without an event. */
    void reopen(String uid) {
        Place place = places.get(uid);
        if (place != null && place.pool() == Pool.GATED) {
            remove(place);
            admit(place.pod(), "GateOpened");
        }
    }

    /** Wakes the pods that an event may help; pods in flight remember it. */
    void moveAll(ClusterEvent event, @Nullable Object before, @Nullable Object after) {
        Occurrence occurrence = new Occurrence(event, before, after);
        inFlight.record(occurrence);
        for (QueuedPod pod : List.copyOf(unschedulable.values())) {
            Wake wake = wakeBy(pod, occurrence);
            if (wake != Wake.NO) {
                remove(place(pod));
                requeue(pod, wake == Wake.AT_ONCE, event.label());
            }
        }
        for (QueuedPod pod : List.copyOf(gated.values())) {
            if (isGateTouched(pod, occurrence)) {
                remove(place(pod));
                admit(pod, event.label());
            }
        }
    }

    /** Lets pods whose back-off is over into the active pool; to be called every second. */
    void flushBackoff() {
        Instant now = clock.instant();
        while (!backoff.isEmpty() && !backoff.first().backoffUntil().isAfter(now)) {
            QueuedPod pod = backoff.first();
            remove(place(pod));
            admit(pod, "BackoffComplete");
        }
    }

    /** Lets out pods that have waited long enough for an event; to be called every 30 seconds. */
    void flushUnschedulable() {
        Instant limit = clock.instant().minus(timings.maxUnschedulable());
        for (QueuedPod pod : List.copyOf(unschedulable.values())) {
            if (pod.timestamp().isBefore(limit)) {
                remove(place(pod));
                requeue(pod, false, "UnschedulableTimeout");
            }
        }
    }

    /** How many pods are where. */
    SchedulingQueue.Counts counts() {
        return new SchedulingQueue.Counts(
                active.size(), backoff.size(), unschedulable.size(), gated.size(), inFlight.pods());
    }

    /** The pods that wait in some pool. */
    List<PodInfo> pending() {
        return places.values().stream().map(place -> place.pod().pod()).toList();
    }

    private enum Wake {
        NO,
        AT_ONCE,
        AFTER_BACKOFF
    }

    /** Pods that wait for something outside go on at once; refused ones still back off (a pending plugin's word wins). */
    private Wake wakeBy(QueuedPod pod, Occurrence occurrence) {
        if (occurrence.event().resource() == Resource.WILDCARD) {
            return Wake.AFTER_BACKOFF;
        }
        if (helps(pod, pod.pendingPlugins(), occurrence)) {
            return Wake.AT_ONCE;
        }
        return helps(pod, pod.unschedulablePlugins(), occurrence) ? Wake.AFTER_BACKOFF : Wake.NO;
    }

    private boolean helps(QueuedPod pod, Set<String> plugins, Occurrence occurrence) {
        for (String plugin : plugins) {
            for (EventRegistration registration : registrations.getOrDefault(plugin, List.of())) {
                if (registration.event().covers(occurrence.event())
                        && registration.hint().mayHelp(pod.pod(), occurrence.before(), occurrence.after())) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean isGateTouched(QueuedPod pod, Occurrence occurrence) {
        String plugin = pod.gatingPlugin();
        return plugin != null && helps(pod, Set.of(plugin), occurrence);
    }

    private void wakeByOwnChange(Place place, PodInfo before, PodInfo after) {
        if (place.pool() != Pool.UNSCHEDULABLE && place.pool() != Pool.GATED) {
            return;
        }
        QueuedPod pod = place.pod();
        ClusterEvent event = changes(before, after);
        if (place.pool() == Pool.GATED) {
            if (preEnqueue.apply(after).isSuccess()) {
                remove(place);
                admit(pod, "UnscheduledPodUpdate");
            }
            return;
        }
        if (event.actions().isEmpty()) {
            return;
        }
        Wake wake = wakeBy(pod, new Occurrence(event, before, after));
        if (wake != Wake.NO) {
            remove(place);
            requeue(pod, wake == Wake.AT_ONCE, "UnscheduledPodUpdate");
        }
    }

    /** What a change of a waiting pod means for plugins. */
    private static ClusterEvent changes(PodInfo before, PodInfo after) {
        EnumSet<Action> actions = EnumSet.noneOf(Action.class);
        if (!before.labels().equals(after.labels())) {
            actions.add(Action.UPDATE_POD_LABEL);
        }
        if (!before.tolerations().equals(after.tolerations())) {
            actions.add(Action.UPDATE_POD_TOLERATION);
        }
        if (!before.pod().getSpec().getSchedulingGates().isEmpty()
                && after.pod().getSpec().getSchedulingGates().isEmpty()) {
            actions.add(Action.UPDATE_POD_SCHEDULING_GATES_ELIMINATED);
        }
        if (isLess(after, before)) {
            actions.add(Action.UPDATE_POD_SCALE_DOWN);
        }
        if (!before.pod().getSpec().equals(after.pod().getSpec())) {
            actions.add(Action.UPDATE);
        }
        return new ClusterEvent(Resource.POD, actions);
    }

    private static boolean isLess(PodInfo after, PodInfo before) {
        var less = after.requests();
        var more = before.requests();
        return less.milliCpu() < more.milliCpu()
                || less.memory() < more.memory()
                || less.ephemeralStorage() < more.ephemeralStorage()
                || more.scalars().entrySet().stream().anyMatch(entry -> less.get(entry.getKey()) < entry.getValue());
    }

    private void requeue(QueuedPod pod, boolean atOnce, String event) {
        if (!atOnce && pod.backoffUntil().isAfter(clock.instant())) {
            place(pod, Pool.BACKOFF, event);
        } else {
            admit(pod, event);
        }
    }

    /** Into the active pool, or the waiting room if a gate is shut. */
    private void admit(QueuedPod pod, String event) {
        Status status = preEnqueue.apply(pod.pod());
        if (!status.isSuccess()) {
            pod.gatedBy(status.plugin());
            place(pod, Pool.GATED, event);
            return;
        }
        pod.gatedBy(null);
        place(pod, Pool.ACTIVE, event);
        onReady.run();
    }

    private void place(QueuedPod pod, Pool pool, String event) {
        places.put(pod.pod().uid(), new Place(pod, pool));
        switch (pool) {
            case ACTIVE -> active.add(pod);
            case BACKOFF -> {
                backoff.add(pod);
                onReady.run();
            }
            case UNSCHEDULABLE -> unschedulable.put(pod.pod().uid(), pod);
            case GATED -> gated.put(pod.pod().uid(), pod);
        }
        incoming.count(pool.name().toLowerCase(java.util.Locale.ROOT), event);
    }

    private Place place(QueuedPod pod) {
        Place place = places.get(pod.pod().uid());
        if (place == null) {
            throw new IllegalStateException("pod " + pod.pod() + " is in no pool");
        }
        return place;
    }

    private void remove(@Nullable Place place) {
        if (place == null) {
            return;
        }
        String uid = place.pod().pod().uid();
        places.remove(uid);
        switch (place.pool()) {
            case ACTIVE -> active.remove(place.pod());
            case BACKOFF -> backoff.remove(place.pod());
            case UNSCHEDULABLE -> unschedulable.remove(uid);
            case GATED -> gated.remove(uid);
        }
    }

    /** The pod may sort elsewhere after a change, so sorted pools take it out and in again. */
    private void renew(Place place, PodInfo newer) {
        switch (place.pool()) {
            case ACTIVE -> {
                active.remove(place.pod());
                place.pod().renew(newer);
                active.add(place.pod());
            }
            case BACKOFF -> {
                backoff.remove(place.pod());
                place.pod().renew(newer);
                backoff.add(place.pod());
            }
            case UNSCHEDULABLE, GATED -> place.pod().renew(newer);
        }
    }

    /** With nothing else to do, a refused (not a broken) pod need not sit out its back-off. */
    private @Nullable QueuedPod earlyFromBackoff() {
        for (QueuedPod pod : backoff) {
            if (!pod.failedByErrorLast() && preEnqueue.apply(pod.pod()).isSuccess()) {
                return pod;
            }
        }
        return null;
    }

    /** {@code initial * 2^(n-1)}, at most the maximum, counted from the start of the pod's second. */
    private Instant backoffEnd(QueuedPod pod) {
        int attempts = pod.backoffAttempts();
        if (attempts == 0) {
            return pod.timestamp();
        }
        Duration wait = timings.initialBackoff();
        for (int i = 1; i < attempts && wait.compareTo(timings.maxBackoff()) < 0; i++) {
            wait = wait.multipliedBy(2);
        }
        wait = wait.compareTo(timings.maxBackoff()) > 0 ? timings.maxBackoff() : wait;
        return Instant.ofEpochSecond(pod.timestamp().getEpochSecond()).plus(wait);
    }
}
