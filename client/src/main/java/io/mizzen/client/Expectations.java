// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * Remembers which creations and deletions a controller has asked for and its cache has not shown yet, so that it does
 * not ask twice because of a stale cache. Forgotten after five minutes: a change that was never seen must not stop a
 * controller for ever. Thread-safe.
 *
 * @param <K> what the work is for, mostly the {@link ObjectKey} of the owner
 */
public final class Expectations<K> {

    /** How long an expectation holds. */
    public static final Duration LIFETIME = Duration.ofMinutes(5);

    private static final class Pending {
        int creations;
        final Set<String> deletions = new HashSet<>();
        Instant since;

        Pending(Instant since) {
            this.since = since;
        }
    }

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<K, Pending> pending = new HashMap<>();

    /** Nothing is expected at first. */
    public Expectations(InstantSource clock) {
        this.clock = clock;
    }

    /** Whether all that was asked for has been seen, or is too old to wait for. */
    public boolean satisfied(K key) {
        lock.lock();
        try {
            Pending entry = pending.get(key);
            return entry == null
                    || (entry.creations <= 0 && entry.deletions.isEmpty())
                    || clock.instant().isAfter(entry.since.plus(LIFETIME));
        } finally {
            lock.unlock();
        }
    }

    /** Expects so many creations; call it before sending them. Replaces what was expected before. */
    public void expectCreations(K key, int count) {
        lock.lock();
        try {
            Pending entry = new Pending(clock.instant());
            entry.creations = count;
            pending.put(key, entry);
        } finally {
            lock.unlock();
        }
    }

    /** Expects the objects with these UIDs to go; call it before sending the deletions. Replaces what was expected. */
    public void expectDeletions(K key, Collection<String> uids) {
        lock.lock();
        try {
            Pending entry = new Pending(clock.instant());
            entry.deletions.addAll(uids);
            pending.put(key, entry);
        } finally {
            lock.unlock();
        }
    }

    /** One expected creation was seen, or has failed and will never be. */
    public void creationObserved(K key) {
        lock.lock();
        try {
            Pending entry = pending.get(key);
            if (entry != null && entry.creations > 0) {
                entry.creations--;
            }
        } finally {
            lock.unlock();
        }
    }

    /** An object was seen to go (or to be about to), or its deletion has failed. Telling it twice does no harm. */
    public void deletionObserved(K key, String uid) {
        lock.lock();
        try {
            Pending entry = pending.get(key);
            if (entry != null) {
                entry.deletions.remove(uid);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * A handler of changes of what is created: notes that a creation was seen, then wakes the one whose work the object is. A
     * change wakes both the one it was of and the one it is of.
     *
     * @param ownerOf whose work an object is; empty for what is not this controller's
     */
    public <T> ChangeHandler<T> handler(Function<? super T, Optional<K>> ownerOf, WorkQueue<K> queue) {
        return new ChangeHandler<>() {
            @Override
            public void added(T object) {
                ownerOf.apply(object).ifPresent(key -> {
                    creationObserved(key);
                    queue.add(key);
                });
            }

            @Override
            public void updated(T old, T object) {
                ownerOf.apply(old).ifPresent(queue::add);
                ownerOf.apply(object).ifPresent(queue::add);
            }

            @Override
            public void deleted(T last) {
                ownerOf.apply(last).ifPresent(queue::add);
            }
        };
    }

    /** Forgets a key, when its owner is gone. */
    public void forget(K key) {
        lock.lock();
        try {
            pending.remove(key);
        } finally {
            lock.unlock();
        }
    }
}
