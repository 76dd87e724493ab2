// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Every object of the store in memory, fed by one watch on {@code /registry/}, so that "the cache has revision X" is one
 * number for the whole process. Started by {@code WatchCache.start}.
 *
 * <p>Reads work on immutable snapshots and never wait for writers or for each other. A consistent read is
 * {@link #awaitCurrent} followed by {@link #get} or {@link #list} (KEP-2340).
 *
 * <p>All methods are safe for any thread.
 */
public interface ObjectCache extends AutoCloseable {

    /**
     * Makes a resource known: entries under its prefix are decoded, those already here at once. May be called at any time
     * (custom resources). Registering a resource again replaces its decoder and decodes anew; its watches end with
     * {@link CacheWatch.End#EXPIRED}.
     *
     * @param prefix the storage prefix of its keys with a slash at the end, for example {@code /registry/pods/}; for a
     *     namespaced resource the namespace follows, so that a namespace is one range of keys
     * @param indexedFields the selectable fields to keep an index for, for example {@code spec.nodeName}
     * @throws IllegalArgumentException when another resource has this prefix
     */
    void register(ResourceKey resource, String prefix, EntryDecoder decoder, Set<String> indexedFields);

    /** As above without an index. */
    default void register(ResourceKey resource, String prefix, EntryDecoder decoder) {
        register(resource, prefix, decoder, Set.of());
    }

    /** Forgets a resource; its watches end with {@link CacheWatch.End#UNREGISTERED}. Its entries are kept raw. */
    void unregister(ResourceKey resource);

    /** Whether a resource is registered. */
    boolean isRegistered(ResourceKey resource);

    /** The newest revision of which everything is here. */
    long revision();

    /**
     * Whether the first listing of the store is done and its watch runs; {@code /readyz} asks.
     */
    boolean isReady();

    /**
     * Waits until {@link #revision} is at least {@code revision}.
     *
     * @param timeout upstream waits 3 s for a client's resourceVersion
     */
    AwaitResult awaitRevision(long revision, Duration timeout) throws InterruptedException;

    /**
     * Asks the store for its newest revision and waits for that: afterwards reads here see every write answered before.
     *
     * @throws io.mizzen.apiserver.storage.StorageUnavailableException when the store does not answer
     */
    AwaitResult awaitCurrent(Duration timeout) throws InterruptedException;

    /**
     * An object by its storage key.
     *
     * @return null when it does not exist
     * @throws IllegalArgumentException when the resource is not registered
     */
    @Nullable
    CachedObject get(ResourceKey resource, String key);

    /**
     * Lists objects in key order.
     *
     * @throws IllegalArgumentException when the resource is not registered
     */
    ListResult list(ListRequest request);

    /** How many objects a resource has; 0 when it is not registered. */
    int count(ResourceKey resource);

    /**
     * Begins a watch.
     *
     * @param listener told when there is something to drain
     * @throws IllegalArgumentException when the resource is not registered
     */
    WatchStart watch(WatchRequest request, CacheListener listener);

    /** Ends all watches and the watch on the store; does not close the store. */
    @Override
    void close();
}
