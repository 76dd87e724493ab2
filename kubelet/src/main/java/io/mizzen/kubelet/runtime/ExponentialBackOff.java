// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Delays that double: first, 2 × first … up to a maximum; forgotten after twice the maximum without use. Takes the time as
 * argument and is confined to its owner's lock or thread.
 */
public final class ExponentialBackOff {
    private final Duration first;
    private final Duration max;
    private final Map<String, Entry> entries = new HashMap<>();

    private record Entry(Duration delay, Instant lastUpdate) {}

    /** Upstream's figures are 10 s and 300 s. */
    public ExponentialBackOff(Duration first, Duration max) {
        this.first = first;
        this.max = max;
    }

    /**
     * The present delay of a key if an attempt now, after the given failure, would be too early.
     *
     * @param failedAt when the last attempt failed
     */
    public Optional<Duration> hold(String key, Instant failedAt, Instant now) {
        Entry entry = entries.get(key);
        if (entry == null
                || isExpired(entry, failedAt)
                || !failedAt.plus(entry.delay()).isAfter(now)) {
            return Optional.empty();
        }
        return Optional.of(entry.delay());
    }

    /** Counts one more attempt after a failure. */
    public void next(String key, Instant failedAt, Instant now) {
        Entry entry = entries.get(key);
        Duration delay = entry == null || isExpired(entry, failedAt)
                ? first
                : min(entry.delay().multipliedBy(2), max);
        entries.put(key, new Entry(delay, now));
    }

    /** Forgets a key. */
    public void reset(String key) {
        entries.remove(key);
    }

    /** Forgets all keys that begin so. */
    public void resetAll(String prefix) {
        entries.keySet().removeIf(k -> k.startsWith(prefix));
    }

    private boolean isExpired(Entry entry, Instant failedAt) {
        return Duration.between(entry.lastUpdate(), failedAt).compareTo(max.multipliedBy(2)) > 0;
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
