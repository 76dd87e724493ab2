// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.queue;

import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.QueueOrder;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Status;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pods that wait for a node, in three pools and a waiting room.
 *
 * <ul>
 *   <li>active: may be tried now, ordered by the profile's QueueSort;
 *   <li>back-off: worth a try, but not before their back-off ends (or the active pool is empty, for pods that were refused);
 *   <li>unschedulable: were refused, and nothing happened since that could help;
 *   <li>gated: a PreEnqueue plugin does not let them in.
 * </ul>
 *
 * <p>A pod is in exactly one of these, or in flight. Events wake pods by the registrations of the plugins that refused them
 * (KEP-4247). Thread-safe.
 */
public final class SchedulingQueue {
    /**
     * Times of the queue.
     *
     * @param initialBackoff back-off after the first refusal, doubled for each further one
     * @param maxBackoff the longest back-off
     * @param maxUnschedulable how long a refused pod waits for an event before it is tried anyway
     */
    public record Timings(Duration initialBackoff, Duration maxBackoff, Duration maxUnschedulable) {
        /** Upstream's defaults: 1 s, 10 s, 5 min. */
        public static final Timings DEFAULT =
                new Timings(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofMinutes(5));
    }

    /**
     * How many pods are where.
     *
     * @param active may be tried now
     * @param backoff back off
     * @param unschedulable wait for an event
     * @param gated are not let in
     * @param inFlight are being tried or bound
     */
    public record Counts(int active, int backoff, int unschedulable, int gated, int inFlight) {}

    /** Told of every pod that enters a pool, with the pool and the event that caused it. */
    @FunctionalInterface
    public interface Incoming {
        /** One pod entered {@code queue}. */
        void count(String queue, String event);
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ready = lock.newCondition();
    private final QueuePools pools;

    /** A queue with the order, gates and registrations of a profile. */
    public SchedulingQueue(
            InstantSource clock,
            Timings timings,
            Comparator<QueueOrder> order,
            Function<PodInfo, Status> preEnqueue,
            Map<String, List<EventRegistration>> registrations,
            Incoming incoming) {
        pools = new QueuePools(ready::signal, clock, timings, order, preEnqueue, registrations, incoming);
    }

    /** Takes in a new pod; one that is known already is renewed. */
    public void add(PodInfo pod) {
        locked(() -> pools.add(pod));
    }

    /** Takes a newer version of a pod; wakes it if the change itself may help. */
    public void update(PodInfo before, PodInfo after) {
        locked(() -> pools.update(before, after));
    }

    /** Forgets a pod, wherever it is. A pod in flight is forgotten when its owner says {@link #done}. */
    public void delete(String uid) {
        locked(() -> pools.delete(uid));
    }

    /**
     * The next pod to try, which is then in flight until {@link #done} or {@link #addUnschedulable}.
     *
     * @return null if none came within {@code timeout}
     */
    public @Nullable QueuedPod pop(Duration timeout) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long remaining = timeout.toNanos();
            QueuedPod next = pools.pop();
            while (next == null && remaining > 0) {
                remaining = ready.awaitNanos(remaining);
                next = pools.pop();
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    /** The pod is bound, gone, or will never be tried again. */
    public void done(String uid) {
        locked(() -> pools.done(uid));
    }

    /** Gives back a pod that found no node; events that happened meanwhile may send it to another pool at once. */
    public void addUnschedulable(QueuedPod pod) {
        locked(() -> pools.addUnschedulable(pod));
    }

    /** Makes pods active whatever they wait for, gates apart. */
    public void activate(Iterable<String> uids) {
        locked(() -> pools.activate(uids));
    }

    /** Looks at a gated pod again, because its gate may have opened without an event. */
    public void reopen(String uid) {
        locked(() -> pools.reopen(uid));
    }

    /** Wakes the pods that an event may help; pods in flight remember it. */
    public void moveAll(ClusterEvent event, @Nullable Object before, @Nullable Object after) {
        locked(() -> pools.moveAll(event, before, after));
    }

    /** Lets pods whose back-off is over into the active pool; to be called every second. */
    public void flushBackoff() {
        locked(pools::flushBackoff);
    }

    /** Lets out pods that have waited long enough for an event; to be called every 30 seconds. */
    public void flushUnschedulable() {
        locked(pools::flushUnschedulable);
    }

    /** How many pods are where. */
    public Counts counts() {
        return lockedGet(pools::counts);
    }

    /** The pods that wait in some pool. */
    public List<PodInfo> pending() {
        return lockedGet(pools::pending);
    }

    private void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    private <T> T lockedGet(Supplier<T> question) {
        lock.lock();
        try {
            return question.get();
        } finally {
            lock.unlock();
        }
    }
}
