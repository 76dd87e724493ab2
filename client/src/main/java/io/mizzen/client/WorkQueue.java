// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A queue of keys with the guarantees of Kubernetes' work queue: a key is queued at most once; a key added while it is
 * being worked on is handed out again only after {@link #done}; a key may be added after a delay (the earliest wins) or
 * after a back-off that doubles with each failure and obeys a bucket shared by all keys.
 *
 * <p>Thread-safe. Time comes from the clock given; the only waiting is in {@link #take}. Bounded: a new key beyond the
 * capacity is refused, which {@code add} tells and {@code workqueue_refused_total} counts. Metrics carry the names of
 * Kubernetes ({@code workqueue_depth} and so on) with the tag {@code name}.
 */
public final class WorkQueue<K> implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(WorkQueue.class);

    private record Delayed<K>(K key, Instant due, long order) {}

    private final String name;
    private final RateLimits limits;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Queue<K> ready = new ArrayDeque<>();

    /** Keys that want work, whether queued or waiting for the end of their present work; with the time of the wish. */
    @GuardedBy("lock")
    private final Map<K, Instant> dirty = new HashMap<>();

    @GuardedBy("lock")
    private final Map<K, Instant> processing = new HashMap<>();

    @GuardedBy("lock")
    private final PriorityQueue<Delayed<K>> delayed =
            new PriorityQueue<>(Comparator.comparing((Delayed<K> d) -> d.due()).thenComparingLong(Delayed::order));

    @GuardedBy("lock")
    private final Map<K, Delayed<K>> delayedByKey = new HashMap<>();

    @GuardedBy("lock")
    private final Map<K, Integer> failures = new HashMap<>();

    @GuardedBy("lock")
    private double tokens;

    @GuardedBy("lock")
    private Instant tokensAt;

    @GuardedBy("lock")
    private long order;

    @GuardedBy("lock")
    private boolean closed;

    private final Counter adds;
    private final Counter retries;
    private final Counter refused;
    private final Timer queueDuration;
    private final Timer workDuration;
    private final List<Gauge> gauges;
    private final MeterRegistry registry;

    /** Makes an empty queue whose metrics carry {@code name}. */
    public WorkQueue(String name, RateLimits limits, InstantSource clock, MeterRegistry registry) {
        this.name = name;
        this.limits = limits;
        this.clock = clock;
        this.tokens = limits.bucketBurst();
        this.tokensAt = clock.instant();
        Tags tags = Tags.of("name", name);
        adds = registry.counter("workqueue_adds_total", tags);
        retries = registry.counter("workqueue_retries_total", tags);
        refused = registry.counter("workqueue_refused_total", tags);
        queueDuration = registry.timer("workqueue_queue_duration_seconds", tags);
        workDuration = registry.timer("workqueue_work_duration_seconds", tags);
        gauges = List.of(
                Gauge.builder("workqueue_depth", this, WorkQueue::depth)
                        .tags(tags)
                        .register(registry),
                Gauge.builder("workqueue_unfinished_work_seconds", this, WorkQueue::unfinishedSeconds)
                        .tags(tags)
                        .register(registry),
                Gauge.builder("workqueue_longest_running_processor_seconds", this, WorkQueue::longestSeconds)
                        .tags(tags)
                        .register(registry));
        this.registry = registry;
    }

    /**
     * Asks for work on a key now.
     *
     * @return false when the queue is closed or full and the key was not known yet
     */
    @CanIgnoreReturnValue
    public boolean add(K key) {
        lock.lock();
        try {
            return addLocked(key);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Asks for work on a key after a delay; of several wishes the earliest counts. Work on the key in between does not
     * cancel it.
     *
     * @return false when the queue is closed or full
     */
    @CanIgnoreReturnValue
    public boolean addAfter(K key, Duration delay) {
        lock.lock();
        try {
            if (delay.isZero() || delay.isNegative()) {
                return addLocked(key);
            }
            return delayLocked(key, clock.instant().plus(delay));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Asks for work on a key after its back-off, counting one more failure of it.
     *
     * @return false when the queue is closed or full
     */
    @CanIgnoreReturnValue
    public boolean addRateLimited(K key) {
        lock.lock();
        try {
            retries.increment();
            int before = failures.merge(key, 1, Integer::sum) - 1;
            Duration own = limits.itemDelay(before);
            Duration shared = reserveToken();
            Duration delay = own.compareTo(shared) >= 0 ? own : shared;
            return delay.isZero()
                    ? addLocked(key)
                    : delayLocked(key, clock.instant().plus(delay));
        } finally {
            lock.unlock();
        }
    }

    /** Forgets a key's failures: its next retry waits the base delay again. */
    public void forget(K key) {
        lock.lock();
        try {
            failures.remove(key);
        } finally {
            lock.unlock();
        }
    }

    /** How often the key has been added by {@link #addRateLimited} since it was forgotten. */
    public int failures(K key) {
        lock.lock();
        try {
            return failures.getOrDefault(key, 0);
        } finally {
            lock.unlock();
        }
    }

    /** Hands out a key that is ready now, without waiting. The caller must call {@link #done} with it. */
    public Optional<K> poll() {
        lock.lock();
        try {
            return pollLocked();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Hands out the next key, waiting for one at most {@code timeout}. The caller must call {@link #done} with it.
     *
     * @return empty when the time is over or the queue is closed
     */
    public Optional<K> take(Duration timeout) throws InterruptedException {
        long left = timeout.toNanos();
        lock.lockInterruptibly();
        try {
            while (true) {
                Optional<K> key = pollLocked();
                if (key.isPresent() || closed || left <= 0) {
                    return key;
                }
                long wait = left;
                Delayed<K> next = delayed.peek();
                if (next != null) {
                    long untilDue =
                            Duration.between(clock.instant(), next.due()).toNanos();
                    wait = Math.max(1_000, Math.min(left, untilDue));
                }
                left -= wait - Math.max(0, changed.awaitNanos(wait));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Says that the work on a key handed out is over; if it was added meanwhile it is queued again. */
    public void done(K key) {
        lock.lock();
        try {
            Instant started = processing.remove(key);
            if (started != null) {
                workDuration.record(Duration.between(started, clock.instant()));
            }
            if (dirty.containsKey(key)) {
                ready.add(key);
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** How many keys are ready to be handed out. */
    public int depth() {
        lock.lock();
        try {
            return ready.size();
        } finally {
            lock.unlock();
        }
    }

    /** When the next delayed key falls due; empty when none waits. For tests and simulations that drive the clock. */
    public Optional<Instant> nextDue() {
        lock.lock();
        try {
            return Optional.ofNullable(delayed.peek()).map(Delayed::due);
        } finally {
            lock.unlock();
        }
    }

    /** Whether nothing is ready, delayed or in work. */
    public boolean isIdle() {
        lock.lock();
        try {
            return dirty.isEmpty() && delayed.isEmpty() && processing.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Whether {@link #close} has been called. */
    public boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more keys, drops those that wait, and wakes every {@link #take}. Its gauges go, so that a next queue has them. */
    @Override
    public void close() {
        gauges.forEach(registry::remove);
        lock.lock();
        try {
            closed = true;
            ready.clear();
            dirty.clear();
            delayed.clear();
            delayedByKey.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private boolean addLocked(K key) {
        if (closed) {
            return false;
        }
        if (dirty.containsKey(key)) {
            return true;
        }
        if (isFull(key)) {
            return refuse(key);
        }
        adds.increment();
        dirty.put(key, clock.instant());
        if (!processing.containsKey(key)) {
            ready.add(key);
            changed.signal();
        }
        return true;
    }

    @GuardedBy("lock")
    private boolean delayLocked(K key, Instant due) {
        if (closed) {
            return false;
        }
        Delayed<K> known = delayedByKey.get(key);
        if (known != null && !due.isBefore(known.due())) {
            return true;
        }
        if (known == null && isFull(key)) {
            return refuse(key);
        }
        if (known != null) {
            delayed.remove(known);
        }
        Delayed<K> entry = new Delayed<>(key, due, order++);
        delayed.add(entry);
        delayedByKey.put(key, entry);
        changed.signal();
        return true;
    }

    @GuardedBy("lock")
    private boolean isFull(K key) {
        return dirty.size() + delayed.size() >= limits.capacity() && !processing.containsKey(key);
    }

    private boolean refuse(K key) {
        refused.increment();
        log.error("Work queue {} is full ({} keys); refusing {}", name, limits.capacity(), key);
        return false;
    }

    @GuardedBy("lock")
    private Optional<K> pollLocked() {
        Instant now = clock.instant();
        while (!delayed.isEmpty() && !delayed.element().due().isAfter(now)) {
            Delayed<K> due = delayed.remove();
            delayedByKey.remove(due.key());
            addLocked(due.key());
        }
        K key = ready.poll();
        if (key == null) {
            return Optional.empty();
        }
        Instant wished = dirty.remove(key);
        if (wished != null) {
            queueDuration.record(Math.max(0, Duration.between(wished, now).toNanos()), TimeUnit.NANOSECONDS);
        }
        processing.put(key, now);
        return Optional.of(key);
    }

    /** Takes a token, possibly one of the future, and says how long to wait for it. */
    @GuardedBy("lock")
    private Duration reserveToken() {
        Instant now = clock.instant();
        double gained = Duration.between(tokensAt, now).toNanos() / 1e9 * limits.bucketPerSecond();
        tokens = Math.min(limits.bucketBurst(), tokens + Math.max(0, gained));
        tokensAt = now;
        tokens -= 1;
        return tokens >= 0 ? Duration.ZERO : Duration.ofNanos((long) (-tokens / limits.bucketPerSecond() * 1e9));
    }

    private double unfinishedSeconds() {
        lock.lock();
        try {
            Instant now = clock.instant();
            double sum = 0;
            for (Instant started : processing.values()) {
                sum += Duration.between(started, now).toNanos() / 1e9;
            }
            return sum;
        } finally {
            lock.unlock();
        }
    }

    private double longestSeconds() {
        lock.lock();
        try {
            Instant now = clock.instant();
            double longest = 0;
            for (Instant started : new HashSet<>(processing.values())) {
                longest = Math.max(longest, Duration.between(started, now).toNanos() / 1e9);
            }
            return longest;
        } finally {
            lock.unlock();
        }
    }

    /** The keys in work now, for diagnostics. */
    public Set<K> inWork() {
        lock.lock();
        try {
            return Set.copyOf(processing.keySet());
        } finally {
            lock.unlock();
        }
    }
}
