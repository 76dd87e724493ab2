// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.StorageEvent;
import io.mizzen.apiserver.storage.StorageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@link ObjectCache} over a {@link Storage}. Filled in the background: {@link #isReady} tells when.
 *
 * <p>Threads: {@code cache-feed} lists, the store's delivery thread applies changes, {@code cache-timer} sends bookmarks and
 * ends watches whose time is over.
 */
public final class WatchCache implements ObjectCache {
    private static final Logger LOG = LoggerFactory.getLogger(WatchCache.class);
    private static final long TICK_NANOS = 250_000_000;
    /** How long a reader waits before the store is asked to tell its progress (upstream asks every 100 ms). */
    private static final long PROGRESS_NANOS = 50_000_000;

    private final Storage storage;
    private final WatchCacheOptions options;
    private final MeterRegistry registry;
    private final RevisionWaiters revisions = new RevisionWaiters();
    private final Interner interner = new Interner();
    private final Map<ResourceKey, ResourceCache> byResource = new ConcurrentHashMap<>();
    private final Map<String, ResourceCache> byPrefix = new ConcurrentHashMap<>();
    private final Map<ResourceKey, List<Meter>> meters = new ConcurrentHashMap<>();
    private final Counter received;
    private final Counter cut;
    private final StoreFeed feed;
    private final Thread timer;
    private volatile boolean closed;

    /** Orders the feed's changes against registrations; guards {@code raw} and the order of the two maps. */
    private final ReentrantLock apply = new ReentrantLock();

    private final NavigableMap<String, Entry> raw = new TreeMap<>();

    private WatchCache(Storage storage, WatchCacheOptions options, MeterRegistry registry) {
        this.storage = storage;
        this.options = options;
        this.registry = registry;
        this.received = Counter.builder("apiserver.watch.cache.events.received")
                .description("Changes that came from the store.")
                .register(registry);
        this.cut = Counter.builder("apiserver.terminated.watchers")
                .description("Watches that were cut because they were too slow.")
                .register(registry);
        this.feed = new StoreFeed(storage, options, new Applier());
        this.timer = Thread.ofPlatform().name("cache-timer").daemon().unstarted(this::runTimer);
    }

    /** Makes a cache and begins to fill it. Resources may be registered before or after it is full. */
    public static WatchCache start(Storage storage, WatchCacheOptions options, MeterRegistry registry) {
        WatchCache cache = prepare(storage, options, registry);
        cache.start();
        return cache;
    }

    /**
     * Makes a cache that stays empty until {@link #start()}. Resources registered before have the replayed history, so that
     * their watches resume across a restart; later ones begin with the state they find.
     */
    public static WatchCache prepare(Storage storage, WatchCacheOptions options, MeterRegistry registry) {
        return new WatchCache(storage, options, registry);
    }

    /** Begins to fill the cache; call once. */
    public void start() {
        feed.start();
        timer.start();
    }

    @Override
    public void register(ResourceKey resource, String prefix, EntryDecoder decoder, Set<String> indexedFields) {
        if (!prefix.startsWith(options.root()) || !prefix.endsWith("/")) {
            throw new IllegalArgumentException(
                    "Prefix " + prefix + " does not lie under " + options.root() + " or does not end in a slash");
        }
        apply.lock();
        try {
            ResourceCache other = byPrefix.get(prefix);
            if (other != null && !other.resource().equals(resource)) {
                throw new IllegalArgumentException("Prefix " + prefix + " belongs to " + other.resource());
            }
            ResourceCache old = byResource.get(resource);
            if (old != null) {
                forget(old, CacheWatch.End.EXPIRED);
            }
            NavigableMap<String, Entry> mine = raw.subMap(prefix, true, endOf(prefix), false);
            ResourceCache cache = new ResourceCache(
                    new ResourceCache.Definition(resource, prefix, decoder, Set.copyOf(indexedFields)),
                    interner,
                    options,
                    revisions::reached,
                    List.copyOf(mine.values()));
            mine.clear();
            byPrefix.put(prefix, cache);
            byResource.put(resource, cache);
            meters.put(resource, metersOf(cache));
        } finally {
            apply.unlock();
        }
    }

    private List<Meter> metersOf(ResourceCache cache) {
        Tags tags = Tags.of(
                "group", cache.resource().group(), "resource", cache.resource().resource());
        return List.of(
                Gauge.builder("apiserver.resource.objects", cache, ResourceCache::count)
                        .description("Stored objects by resource.")
                        .tags(tags)
                        .register(registry),
                Gauge.builder("apiserver.registered.watchers", cache, ResourceCache::watchCount)
                        .description("Running watches by resource.")
                        .tags(tags)
                        .register(registry));
    }

    @Override
    public void unregister(ResourceKey resource) {
        apply.lock();
        try {
            ResourceCache old = byResource.get(resource);
            if (old != null) {
                forget(old, CacheWatch.End.UNREGISTERED);
            }
        } finally {
            apply.unlock();
        }
    }

    private void forget(ResourceCache cache, CacheWatch.End reason) {
        byResource.remove(cache.resource());
        byPrefix.remove(cache.prefix());
        List<Meter> gone = meters.remove(cache.resource());
        if (gone != null) {
            gone.forEach(registry::remove);
        }
        cache.entries().forEach(entry -> raw.put(entry.key(), entry));
        cache.endWatches(reason);
    }

    @Override
    public boolean isRegistered(ResourceKey resource) {
        return byResource.containsKey(resource);
    }

    @Override
    public long revision() {
        return revisions.reached();
    }

    @Override
    public boolean isReady() {
        return revisions.reached() >= feed.readyAt();
    }

    @Override
    public AwaitResult awaitRevision(long revision, Duration timeout) throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        while (!revisions.await(revision, Math.min(PROGRESS_NANOS, end - System.nanoTime()))) {
            if (end - System.nanoTime() <= 0) {
                return behind(revision);
            }
            if (isReady()) {
                storage.requestProgress();
            }
        }
        return new AwaitResult.Reached(revisions.reached());
    }

    private AwaitResult behind(long revision) {
        try {
            long current = storage.currentRevision();
            if (current < revision) {
                return new AwaitResult.TooLarge(revision, current);
            }
        } catch (StorageException e) {
            LOG.debug("Cannot tell whether revision {} exists: {}", revision, e.getMessage());
        }
        return new AwaitResult.Behind(revision, revisions.reached());
    }

    @Override
    public AwaitResult awaitCurrent(Duration timeout) throws InterruptedException {
        return awaitRevision(storage.currentRevision(), timeout);
    }

    @Override
    public @Nullable CachedObject get(ResourceKey resource, String key) {
        return cache(resource).get(key);
    }

    @Override
    public ListResult list(ListRequest request) {
        return cache(request.resource()).list(request);
    }

    @Override
    public int count(ResourceKey resource) {
        ResourceCache cache = byResource.get(resource);
        return cache == null ? 0 : cache.count();
    }

    @Override
    public WatchStart watch(WatchRequest request, CacheListener listener) {
        return cache(request.resource()).watch(request, listener);
    }

    private ResourceCache cache(ResourceKey resource) {
        ResourceCache cache = byResource.get(resource);
        if (cache == null) {
            throw new IllegalArgumentException("Resource " + resource + " is not registered");
        }
        return cache;
    }

    private void runTimer() {
        while (!closed) {
            LockSupport.parkNanos(this, TICK_NANOS);
            long now = options.ticker().getAsLong();
            for (ResourceCache cache : byResource.values()) {
                try {
                    cut.increment(cache.tick(now));
                } catch (RuntimeException e) {
                    LOG.error("Bookmarks of {} failed", cache.resource(), e);
                }
            }
        }
    }

    /** The resource whose prefix a key starts with, the longest if there are several. */
    private @Nullable ResourceCache owner(String key) {
        ResourceCache found = null;
        for (int slash = key.indexOf('/', options.root().length()); slash >= 0; slash = key.indexOf('/', slash + 1)) {
            ResourceCache candidate = byPrefix.get(key.substring(0, slash + 1));
            if (candidate != null) {
                found = candidate;
            }
        }
        return found;
    }

    private static String endOf(String prefix) {
        return prefix.substring(0, prefix.length() - 1) + (char) (prefix.charAt(prefix.length() - 1) + 1);
    }

    @Override
    public void close() {
        closed = true;
        feed.close();
        LockSupport.unpark(timer);
        try {
            if (!timer.join(Duration.ofSeconds(5))) {
                LOG.warn("The cache timer did not end within 5 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        byResource.values().forEach(cache -> cache.endWatches(CacheWatch.End.CLOSED));
        meters.values().forEach(gone -> gone.forEach(registry::remove));
        meters.clear();
    }

    private final class Applier implements StoreFeed.Target {
        @Override
        public void install(List<Entry> entries, long revision) {
            apply.lock();
            try {
                raw.clear();
                Map<ResourceCache, List<Entry>> sorted = new HashMap<>();
                for (Entry entry : entries) {
                    ResourceCache owner = owner(entry.key());
                    if (owner == null) {
                        raw.put(entry.key(), entry);
                    } else {
                        sorted.computeIfAbsent(owner, cache -> new ArrayList<>())
                                .add(entry);
                    }
                }
                for (ResourceCache cache : byResource.values()) {
                    cache.reset(sorted.getOrDefault(cache, List.of()), revision);
                }
                revisions.reach(revision);
            } finally {
                apply.unlock();
            }
        }

        @Override
        public void apply(List<StorageEvent> events) {
            apply.lock();
            try {
                for (StorageEvent event : events) {
                    if (event.revision() > revisions.reached()) {
                        applyOne(event);
                        revisions.reach(event.revision());
                    }
                }
                received.increment(events.size());
            } finally {
                apply.unlock();
            }
        }

        private void applyOne(StorageEvent event) {
            byte[] value = event.value();
            ResourceCache owner = owner(event.key());
            if (owner != null) {
                owner.apply(event.revision(), event.key(), value);
            } else if (value == null) {
                raw.remove(event.key());
            } else {
                raw.put(event.key(), new Entry(event.key(), value, event.revision()));
            }
        }

        @Override
        public void progress(long revision) {
            if (revision > revisions.reached()) {
                revisions.reach(revision);
            }
        }
    }
}
