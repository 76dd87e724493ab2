// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;

/**
 * Shares leases among keys with the same time to live, as upstream does for events: a lease is granted a little longer than
 * asked (5 %, at most a minute) and serves for as long as that, up to a thousand keys.
 */
final class LeasePool {
    private static final long MAX_REUSE_SECONDS = 60;
    private static final int MAX_KEYS = 1000;

    private record Shared(long id, long untilNanos, int keys) {}

    private final LongUnaryOperator grant;
    private final LongSupplier ticker;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, Shared> byTtl = new HashMap<>();

    /**
     * @param grant asks etcd for a lease of so many seconds; returns its id
     * @param ticker nanoseconds that only ever grow
     */
    LeasePool(LongUnaryOperator grant, LongSupplier ticker) {
        this.grant = grant;
        this.ticker = ticker;
    }

    /** A lease under which a key lives at least {@code ttlSeconds}. */
    long lease(long ttlSeconds) {
        lock.lock();
        try {
            Shared shared = byTtl.get(ttlSeconds);
            long now = ticker.getAsLong();
            if (shared != null && shared.keys() < MAX_KEYS && shared.untilNanos() - now > 0) {
                byTtl.put(ttlSeconds, new Shared(shared.id(), shared.untilNanos(), shared.keys() + 1));
                return shared.id();
            }
            long extra = Math.min(MAX_REUSE_SECONDS, ttlSeconds / 20);
            long id = grant.applyAsLong(ttlSeconds + extra);
            byTtl.put(ttlSeconds, new Shared(id, now + extra * 1_000_000_000, 1));
            return id;
        } finally {
            lock.unlock();
        }
    }

    /** Forgets all leases: they may be gone. */
    void clear() {
        lock.lock();
        try {
            byTtl.clear();
        } finally {
            lock.unlock();
        }
    }
}
