// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.cache;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.Expectations;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import java.math.BigInteger;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * A cache that shows its reader's own writes at once: what was written stands in for the cached object until the cache has
 * caught up (versions are compared as numbers, KEP-5504), at most five minutes. Thread-safe.
 */
public final class NewestView<T extends HasMetadata> {
    private record Written<T>(T object, Instant at) {}

    private final Informer<T> informer;
    private final InstantSource clock;
    private final Map<ObjectKey, Written<T>> written = new ConcurrentHashMap<>();

    /** Looks into this cache. */
    public NewestView(Informer<T> informer, InstantSource clock) {
        this.informer = informer;
        this.clock = clock;
    }

    /** The newest state known. */
    public Optional<T> find(ObjectKey key) {
        Optional<T> cached = informer.find(key);
        Written<T> own = written.get(key);
        if (own == null) {
            return cached;
        }
        boolean isOld = own.at().isBefore(clock.instant().minus(Expectations.LIFETIME));
        if (isOld || cached.isPresent() && isAtLeast(cached.get(), own.object())) {
            written.remove(key, own);
            return cached;
        }
        return Optional.of(own.object());
    }

    /** All objects in their newest states. */
    public List<T> list() {
        List<T> all = new ArrayList<>();
        for (T cached : informer.list()) {
            find(ObjectKey.of(cached)).ifPresent(all::add);
        }
        for (ObjectKey key : written.keySet()) {
            if (informer.find(key).isEmpty()) {
                find(key).ifPresent(all::add);
            }
        }
        return all;
    }

    /** Notes the answer to a write. */
    public void note(T object) {
        written.put(ObjectKey.of(object), new Written<>(object, clock.instant()));
    }

    /** Forgets an object that was seen to be deleted. */
    public void gone(T last) {
        written.computeIfPresent(
                ObjectKey.of(last),
                (key, own) -> own.object()
                                .getMetadata()
                                .getUid()
                                .equals(last.getMetadata().getUid())
                        ? null
                        : own);
    }

    /** Passes every change on, and forgets what was deleted. */
    public ChangeHandler<T> handler(Consumer<T> action) {
        return new ChangeHandler<>() {
            @Override
            public void added(T object) {
                action.accept(object);
            }

            @Override
            public void updated(T old, T object) {
                action.accept(object);
            }

            @Override
            public void deleted(T last) {
                gone(last);
                action.accept(last);
            }
        };
    }

    private static boolean isAtLeast(HasMetadata cached, HasMetadata own) {
        String version = String.valueOf(cached.getMetadata().getResourceVersion());
        String wanted = String.valueOf(own.getMetadata().getResourceVersion());
        return version.matches("[0-9]+") && wanted.matches("[0-9]+")
                ? new BigInteger(version).compareTo(new BigInteger(wanted)) >= 0
                : version.equals(wanted);
    }
}
