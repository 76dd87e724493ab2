// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.math.BigInteger;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/**
 * Remembers what a controller wrote, so that it does not decide on a cache that does not show it yet. Versions are
 * compared as numbers (KEP-5504). What was not seen after five minutes is forgotten. Thread-safe.
 *
 * @param <K> what the writes belong to, mostly the {@link ObjectKey} of an owner
 */
public final class OwnWrites<K> {

    private record Write(String version, Instant at) {}

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<K, Map<String, Write>> byKey = new HashMap<>();

    /** Nothing is written at first. */
    public OwnWrites(InstantSource clock) {
        this.clock = clock;
    }

    /** Notes the answer to a write. */
    public void note(K key, HasMetadata written) {
        String version = written.getMetadata().getResourceVersion();
        if (version == null) {
            return;
        }
        lock.lock();
        try {
            byKey.computeIfAbsent(key, k -> new HashMap<>())
                    .put(written.getMetadata().getUid(), new Write(version, clock.instant()));
        } finally {
            lock.unlock();
        }
    }

    /** Forgets an object, when it was seen to be deleted. */
    public void gone(K key, String uid) {
        lock.lock();
        try {
            Map<String, Write> writes = byKey.get(key);
            if (writes != null) {
                writes.remove(uid);
                if (writes.isEmpty()) {
                    byKey.remove(key);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Forgets everything of a key. */
    public void forget(K key) {
        lock.lock();
        try {
            byKey.remove(key);
        } finally {
            lock.unlock();
        }
    }

    /** Whether the cached objects show every write of a key; drops what has been seen. */
    public boolean areSeen(K key, Collection<? extends HasMetadata> cached) {
        lock.lock();
        try {
            Map<String, Write> writes = byKey.get(key);
            if (writes == null) {
                return true;
            }
            Map<String, String> versions = cached.stream()
                    .collect(Collectors.toMap(
                            object -> object.getMetadata().getUid(),
                            object -> String.valueOf(object.getMetadata().getResourceVersion()),
                            (a, b) -> b));
            Instant expired = clock.instant().minus(Expectations.LIFETIME);
            writes.entrySet()
                    .removeIf(entry -> entry.getValue().at().isBefore(expired)
                            || (versions.containsKey(entry.getKey())
                                    && atLeast(
                                            versions.get(entry.getKey()),
                                            entry.getValue().version())));
            if (writes.isEmpty()) {
                byKey.remove(key);
            }
            return writes.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private static boolean atLeast(String version, String wanted) {
        if (version.matches("[0-9]+") && wanted.matches("[0-9]+")) {
            return new BigInteger(version).compareTo(new BigInteger(wanted)) >= 0;
        }
        return version.equals(wanted);
    }
}
