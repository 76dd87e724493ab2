// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/**
 * Objects of one kind by key, with indexes. One writer changes it, any thread reads. The index over namespaces is always
 * there.
 */
public final class ObjectCache<T extends HasMetadata> implements Lister<T> {

    private static final String NAMESPACE = "namespace";

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

    @GuardedBy("lock")
    private final Map<ObjectKey, T> objects = new HashMap<>();

    @GuardedBy("lock")
    private final Map<String, Index<T>> indexes = new HashMap<>();

    private static final class Index<T> {
        final Function<T, ? extends Collection<String>> values;
        final Map<String, Map<ObjectKey, T>> buckets = new HashMap<>();

        Index(Function<T, ? extends Collection<String>> values) {
            this.values = values;
        }

        void add(ObjectKey key, T object) {
            for (String value : values.apply(object)) {
                buckets.computeIfAbsent(value, v -> new LinkedHashMap<>()).put(key, object);
            }
        }

        void remove(ObjectKey key, T object) {
            for (String value : values.apply(object)) {
                Map<ObjectKey, T> bucket = buckets.get(value);
                if (bucket != null) {
                    bucket.remove(key);
                    if (bucket.isEmpty()) {
                        buckets.remove(value);
                    }
                }
            }
        }
    }

    /** An empty cache. */
    public ObjectCache() {
        indexes.put(
                NAMESPACE, new Index<>(object -> List.of(ObjectKey.of(object).namespace())));
    }

    /** Adds an index, filing the objects that are there already; a second index of a name is ignored. */
    public void addIndex(String name, Function<T, ? extends Collection<String>> values) {
        lock.writeLock().lock();
        try {
            if (!indexes.containsKey(name)) {
                Index<T> index = new Index<>(values);
                objects.forEach(index::add);
                indexes.put(name, index);
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Stores an object and returns the one it replaces. */
    @CanIgnoreReturnValue
    public Optional<T> put(T object) {
        ObjectKey key = ObjectKey.of(object);
        lock.writeLock().lock();
        try {
            T old = objects.put(key, object);
            for (Index<T> index : indexes.values()) {
                if (old != null) {
                    index.remove(key, old);
                }
                index.add(key, object);
            }
            return Optional.ofNullable(old);
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Removes an object and returns it. */
    @CanIgnoreReturnValue
    public Optional<T> remove(ObjectKey key) {
        lock.writeLock().lock();
        try {
            T old = objects.remove(key);
            if (old != null) {
                indexes.values().forEach(index -> index.remove(key, old));
            }
            return Optional.ofNullable(old);
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** The keys of all objects, as a copy. */
    public Set<ObjectKey> keys() {
        lock.readLock().lock();
        try {
            return Set.copyOf(objects.keySet());
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public Optional<T> find(ObjectKey key) {
        lock.readLock().lock();
        try {
            return Optional.ofNullable(objects.get(key));
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public List<T> list() {
        lock.readLock().lock();
        try {
            return new ArrayList<>(objects.values());
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public List<T> inNamespace(String namespace) {
        return byIndex(NAMESPACE, namespace);
    }

    @Override
    public List<T> byIndex(String name, String value) {
        lock.readLock().lock();
        try {
            Index<T> index = indexes.get(name);
            if (index == null) {
                throw new IllegalArgumentException("there is no index " + name);
            }
            Map<ObjectKey, T> bucket = index.buckets.get(value);
            return bucket == null ? List.of() : new ArrayList<>(bucket.values());
        } finally {
            lock.readLock().unlock();
        }
    }
}
