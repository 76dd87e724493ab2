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
import java.util.function.Consumer;
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

    /** What is known of one owner's objects. */
    private static final class Account {
        final Map<String, Write> awaited = new HashMap<>();
        /** What was seen to go while requests are out: a late answer does not bring it back. */
        final Set<String> gone = new HashSet<>();

        int requests;
        boolean hasUnanswered;

        boolean isEmpty() {
            return awaited.isEmpty() && requests == 0 && !hasUnanswered;
        }
    }

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Account> byOwner = new HashMap<>();

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
        return request(owner, () -> attempt(owner, write), written -> note(owner, written));
    }

    /**
     * Sends a write and notes only if there was no answer: for deletions, which {@link Expectations} wait for.
     *
     * @return the answer
     */
    public <T> T attempt(HasMetadata owner, Supplier<T> write) {
        try {
            return write.get();
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isRefused(e)) {
                update(owner, account -> account.hasUnanswered = true);
            }
            throw e;
        }
    }

    /**
     * Whether the cached objects show every write of an owner's objects; drops what has been seen. Of one owner, one thread asks at
     * a time.
     *
     * @param cached what the cache shows of them
     * @param live reads them past all caches; called only after a write that was not answered, and again the next time when it throws
     */
    public boolean areSeen(
            HasMetadata owner,
            Collection<? extends HasMetadata> cached,
            Supplier<? extends Collection<? extends HasMetadata>> live) {
        if (hasUnanswered(owner)) {
            request(owner, live, found -> {
                found.forEach(object -> note(owner, object));
                update(owner, account -> account.hasUnanswered = false);
            });
        }
        return areSeen(owner, cached);
    }

    private boolean areSeen(HasMetadata owner, Collection<? extends HasMetadata> cached) {
        Map<String, String> versions = cached.stream()
                .collect(Collectors.toMap(
                        OwnWrites::uid,
                        object -> String.valueOf(object.getMetadata().getResourceVersion()),
                        (a, b) -> b));
        Instant expired = clock.instant().minus(Expectations.LIFETIME);
        lock.lock();
        try {
            Account account = byOwner.get(uid(owner));
            if (account == null) {
                return true;
            }
            account.awaited
                    .entrySet()
                    .removeIf(entry -> entry.getValue().at().isBefore(expired)
                            || (versions.containsKey(entry.getKey())
                                    && atLeast(
                                            versions.get(entry.getKey()),
                                            entry.getValue().version())));
            boolean areSeen = account.awaited.isEmpty();
            dropIfEmpty(uid(owner), account);
            return areSeen;
        } finally {
            lock.unlock();
        }
    }

    /** Sends a request and takes its answer, knowing what was seen to go meanwhile. */
    private <T> T request(HasMetadata owner, Supplier<T> request, Consumer<T> answered) {
        update(owner, account -> account.requests++);
        try {
            T answer = request.get();
            answered.accept(answer);
            return answer;
        } finally {
            update(owner, account -> {
                // None is out if the owner was seen to go meanwhile.
                account.requests = Math.max(0, account.requests - 1);
                if (account.requests == 0) {
                    account.gone.clear();
                }
            });
        }
    }

    private void note(HasMetadata owner, HasMetadata object) {
        String version = object.getMetadata().getResourceVersion();
        update(owner, account -> {
            if (version != null && !account.gone.contains(uid(object))) {
                account.awaited.put(uid(object), new Write(version, clock.instant()));
            }
        });
    }

    private boolean hasUnanswered(HasMetadata owner) {
        lock.lock();
        try {
            Account account = byOwner.get(uid(owner));
            return account != null && account.hasUnanswered;
        } finally {
            lock.unlock();
        }
    }

    private void update(HasMetadata owner, Consumer<Account> change) {
        lock.lock();
        try {
            Account account = byOwner.computeIfAbsent(uid(owner), uid -> new Account());
            change.accept(account);
            dropIfEmpty(uid(owner), account);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void dropIfEmpty(String owner, Account account) {
        if (account.isEmpty()) {
            byOwner.remove(owner);
        }
    }

    <T extends HasMetadata> ChangeHandler<T> ownerHandler() {
        return new ChangeHandler<>() {
            @Override
            public void added(T owner) {}

            @Override
            public void updated(T old, T owner) {
                if (!uid(old).equals(uid(owner))) {
                    deleted(old);
                }
            }

            @Override
            public void deleted(T last) {
                lock.lock();
                try {
                    byOwner.remove(uid(last));
                } finally {
                    lock.unlock();
                }
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

    private void gone(String owner, String uid) {
        lock.lock();
        try {
            Account account = byOwner.get(owner);
            if (account == null) {
                return;
            }
            account.awaited.remove(uid);
            if (account.requests > 0) {
                account.gone.add(uid);
            }
            dropIfEmpty(owner, account);
        } finally {
            lock.unlock();
        }
    }

    private static Optional<String> ownerOf(HasMetadata object) {
        return OwnerReferences.controllerOf(object).map(OwnerReference::getUid);
    }

    private static String uid(HasMetadata object) {
        return object.getMetadata().getUid();
    }

    private static boolean atLeast(String version, String wanted) {
        if (version.matches("[0-9]+") && wanted.matches("[0-9]+")) {
            return new BigInteger(version).compareTo(new BigInteger(wanted)) >= 0;
        }
        return version.equals(wanted);
    }
}
