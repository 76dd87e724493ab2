// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.math.BigInteger;
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
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Remembers what a controller wrote, so that it does not decide on a cache that does not show it yet. Versions are
 * compared as numbers (KEP-5504). What was not seen after five minutes is forgotten. Thread-safe.
 *
 * <p>A write without an answer may have happened. So the object is read past all caches before the next decision, and what is found
 * there is waited for like an answer. Only a write that the server performs after that look stays unknown.
 *
 * @param <K> what the writes belong to, mostly the {@link ObjectKey} of an owner
 */
public final class OwnWrites<K> {

    private record Write(String version, Instant at) {}

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<K, Map<String, Write>> byKey = new HashMap<>();

    @GuardedBy("lock")
    private final Map<K, Set<ObjectKey>> unanswered = new HashMap<>();

    /** Nothing is written at first. */
    public OwnWrites(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * Sends the write of an object and notes its answer, or that there was none.
     *
     * @return the answer
     */
    public <T extends HasMetadata> T send(K key, T object, UnaryOperator<T> write) {
        try {
            T written = write.apply(object);
            note(key, written);
            return written;
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isRefused(e)) {
                noteUnanswered(key, ObjectKey.of(object));
            }
            throw e;
        }
    }

    private void noteUnanswered(K key, ObjectKey object) {
        lock.lock();
        try {
            unanswered.computeIfAbsent(key, k -> new HashSet<>()).add(object);
        } finally {
            lock.unlock();
        }
    }

    /** Notes the state of an object that the cache must reach: the answer to a write, or what was read past all caches. */
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
            unanswered.remove(key);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether the cached objects show every write of a key; drops what has been seen.
     *
     * @param cached what the cache shows of the key
     * @param live reads an object of the key past all caches, empty if there is none or it is not the key's; asked only about
     *     writes that were not answered. When it throws, they are asked about again the next time
     */
    public boolean areSeen(
            K key,
            Collection<? extends HasMetadata> cached,
            Function<ObjectKey, ? extends Optional<? extends HasMetadata>> live) {
        for (ObjectKey object : unanswered(key)) {
            live.apply(object).ifPresent(found -> note(key, found));
            noteAnswered(key, object);
        }
        return areSeen(key, cached);
    }

    private Set<ObjectKey> unanswered(K key) {
        lock.lock();
        try {
            return Set.copyOf(unanswered.getOrDefault(key, Set.of()));
        } finally {
            lock.unlock();
        }
    }

    private void noteAnswered(K key, ObjectKey object) {
        lock.lock();
        try {
            unanswered.computeIfPresent(key, (k, objects) -> {
                objects.remove(object);
                return objects.isEmpty() ? null : objects;
            });
        } finally {
            lock.unlock();
        }
    }

    private boolean areSeen(K key, Collection<? extends HasMetadata> cached) {
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
