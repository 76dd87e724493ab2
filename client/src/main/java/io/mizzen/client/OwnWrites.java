// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
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
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Remembers what a controller wrote, so that it does not decide on a cache that does not show it yet. Versions are
 * compared as numbers (KEP-5504). What was not seen after five minutes is forgotten. Kept by the owner's UID: one that is
 * made again under the same name starts anew. Thread-safe.
 *
 * <p>A write without an answer may have happened. So the owner's objects are read past all caches before the next decision, and what is
 * found there is waited for like an answer. Only a write that the server performs after that look stays unknown.
 */
public final class OwnWrites {

    private record Write(String version, Instant at) {}

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Map<String, Write>> byOwner = new HashMap<>();

    @GuardedBy("lock")
    private final Set<String> unanswered = new HashSet<>();

    OwnWrites(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * Nothing is written at first. Listens to both caches, so as to forget what was deleted or is another's now; to be made before the
     * controller's own handlers are registered, that what these wake finds it forgotten.
     *
     * @param owners whose objects are written
     * @param owned what is written
     */
    public static OwnWrites of(
            Informer<? extends HasMetadata> owners, Informer<? extends HasMetadata> owned, InstantSource clock) {
        OwnWrites writes = new OwnWrites(clock);
        owners.onChange(writes.ownerHandler());
        owned.onChange(writes.ownedHandler());
        return writes;
    }

    /**
     * Sends a write and notes its answer, or that there was none.
     *
     * @return the answer
     */
    public <T extends HasMetadata> T send(HasMetadata owner, Supplier<T> write) {
        T written = attempt(owner, write);
        note(owner, written);
        return written;
    }

    /**
     * Sends a write and notes only if there was no answer; for writes whose answers {@link Expectations} wait for.
     *
     * @return the answer
     */
    public <T> T attempt(HasMetadata owner, Supplier<T> write) {
        try {
            return write.get();
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isRefused(e)) {
                noteUnanswered(owner);
            }
            throw e;
        }
    }

    private void noteUnanswered(HasMetadata owner) {
        lock.lock();
        try {
            unanswered.add(uid(owner));
        } finally {
            lock.unlock();
        }
    }

    /** Notes the state of an object that the cache must reach: the answer to a write, or what was read past all caches. */
    public void note(HasMetadata owner, HasMetadata written) {
        String version = written.getMetadata().getResourceVersion();
        if (version == null) {
            return;
        }
        lock.lock();
        try {
            byOwner.computeIfAbsent(uid(owner), k -> new HashMap<>())
                    .put(uid(written), new Write(version, clock.instant()));
        } finally {
            lock.unlock();
        }
    }

    <T extends HasMetadata> ChangeHandler<T> ownerHandler() {
        return new ChangeHandler<>() {
            @Override
            public void added(T owner) {}

            @Override
            public void updated(T old, T owner) {
                if (!uid(old).equals(uid(owner))) {
                    forget(old);
                }
            }

            @Override
            public void deleted(T last) {
                forget(last);
            }
        };
    }

    <T extends HasMetadata> ChangeHandler<T> ownedHandler() {
        return new ChangeHandler<>() {
            @Override
            public void added(T object) {}

            @Override
            public void updated(T old, T object) {
                if (!uid(old).equals(uid(object)) || !ownerOf(old).equals(ownerOf(object))) {
                    deleted(old);
                }
            }

            @Override
            public void deleted(T last) {
                ownerOf(last).ifPresent(owner -> gone(owner, uid(last)));
            }
        };
    }

    private static Optional<String> ownerOf(HasMetadata object) {
        return OwnerReferences.controllerOf(object).map(OwnerReference::getUid);
    }

    private static String uid(HasMetadata object) {
        return object.getMetadata().getUid();
    }

    private void gone(String owner, String uid) {
        lock.lock();
        try {
            Map<String, Write> writes = byOwner.get(owner);
            if (writes != null) {
                writes.remove(uid);
                if (writes.isEmpty()) {
                    byOwner.remove(owner);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void forget(HasMetadata owner) {
        lock.lock();
        try {
            byOwner.remove(uid(owner));
            unanswered.remove(uid(owner));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether the cached objects show every write of an owner's objects; drops what has been seen. Of one owner, one thread asks at a time.
     *
     * @param cached what the cache shows of them
     * @param live reads them past all caches; called only after a write that was not answered, and again the next time
     *     when it throws
     */
    public boolean areSeen(
            HasMetadata owner,
            Collection<? extends HasMetadata> cached,
            Supplier<? extends Collection<? extends HasMetadata>> live) {
        if (hasUnanswered(owner)) {
            live.get().forEach(object -> note(owner, object));
            noteAnswered(owner);
        }
        return areSeen(owner, cached);
    }

    private boolean hasUnanswered(HasMetadata owner) {
        lock.lock();
        try {
            return unanswered.contains(uid(owner));
        } finally {
            lock.unlock();
        }
    }

    private void noteAnswered(HasMetadata owner) {
        lock.lock();
        try {
            unanswered.remove(uid(owner));
        } finally {
            lock.unlock();
        }
    }

    private boolean areSeen(HasMetadata owner, Collection<? extends HasMetadata> cached) {
        lock.lock();
        try {
            Map<String, Write> writes = byOwner.get(uid(owner));
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
                byOwner.remove(uid(owner));
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
