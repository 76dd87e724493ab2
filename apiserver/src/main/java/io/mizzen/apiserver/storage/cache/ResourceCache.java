// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.cache.CacheWatch.End;
import io.mizzen.apiserver.storage.cache.ListResult.Listed;
import io.mizzen.apiserver.storage.cache.WatchRequest.Start;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One resource: its newest state, its indexes, its history, its watches. One thread at a time changes it (the cache's owner);
 * readers take the immutable state. The lock orders changes against beginning watches.
 */
final class ResourceCache {
    private static final Logger LOG = LoggerFactory.getLogger(ResourceCache.class);
    private static final int INDEX_TRIES = 16;

    /**
     * Everything at a moment.
     *
     * @param objects all objects
     * @param revision the revision of this resource's newest change (or of the listing it began with)
     */
    private record State(SortedBlocks objects, long revision) {}

    /**
     * The objects a list looks at.
     *
     * @param objects them, in key order
     * @param revision the revision of which they are
     * @param blocks the same as a sequence whose rest can be counted, or null
     */
    private record Candidates(
            Iterator<CachedObject> objects,
            long revision,
            @Nullable SortedBlocks blocks) {}

    private final ResourceKey resource;
    private final String prefix;
    private final EntryDecoder decoder;
    private final Interner interner;
    private final WatchCacheOptions options;
    private final LongSupplier cacheRevision;
    private final Map<String, Map<String, SortedBlocks>> indexes = new HashMap<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final WatchBuckets watches = new WatchBuckets();
    private History history;
    private volatile State state;
    /** Odd while state and indexes are being changed, so that a reader of an index knows whether it fits the state. */
    private volatile int version;

    /** What the cache needs to know of a resource. */
    record Definition(ResourceKey resource, String prefix, EntryDecoder decoder, Set<String> indexedFields) {}

    ResourceCache(
            Definition definition,
            Interner interner,
            WatchCacheOptions options,
            LongSupplier cacheRevision,
            List<Entry> entries) {
        this.resource = definition.resource();
        this.prefix = definition.prefix();
        this.decoder = definition.decoder();
        this.interner = interner;
        this.options = options;
        this.cacheRevision = cacheRevision;
        for (String field : definition.indexedFields()) {
            indexes.put(field, new ConcurrentHashMap<>());
        }
        this.history = new History(options.historyBounds(), 0);
        this.state = new State(SortedBlocks.EMPTY, 0);
        reset(entries, cacheRevision.getAsLong());
    }

    ResourceKey resource() {
        return resource;
    }

    String prefix() {
        return prefix;
    }

    int count() {
        return state.objects().size();
    }

    /** How many watches run. */
    int watchCount() {
        lock.lock();
        try {
            return watches.all().size();
        } finally {
            lock.unlock();
        }
    }

    /** Begins anew with a listing; running watches end. */
    void reset(List<Entry> sorted, long revision) {
        List<CachedObject> objects = new ArrayList<>(sorted.size());
        for (Entry entry : sorted) {
            CachedObject object = decode(entry.key(), entry.value(), entry.modRevision());
            if (object != null) {
                objects.add(object);
            }
        }
        lock.lock();
        try {
            version++;
            indexes.values().forEach(Map::clear);
            objects.forEach(object -> reindex(null, object));
            history = new History(options.historyBounds(), revision);
            state = new State(SortedBlocks.of(objects), revision);
            version++;
        } finally {
            lock.unlock();
        }
        endWatches(End.EXPIRED);
    }

    /** All objects as entries again, for when the resource is forgotten or registered anew. */
    List<Entry> entries() {
        List<Entry> entries = new ArrayList<>(state.objects().size());
        state.objects()
                .range("", null)
                .forEachRemaining(object -> entries.add(new Entry(object.key(), object.json(), object.revision())));
        return entries;
    }

    /** Applies one change; called by the owner in order of revision. */
    void apply(long revision, String key, byte @Nullable [] value) {
        CachedObject now = value == null ? null : decode(key, value, revision);
        List<QueuedWatch> tell;
        lock.lock();
        try {
            SortedBlocks objects = state.objects();
            CachedObject before = objects.get(key);
            if (before == null && now == null) {
                return;
            }
            version++;
            reindex(before, now);
            state = new State(now == null ? objects.without(key) : objects.with(now), revision);
            version++;
            Change change = new Change(decoder, revision, options.ticker().getAsLong(), before, now);
            history.add(change);
            tell = watches.offer(change);
        } finally {
            lock.unlock();
        }
        tell.forEach(QueuedWatch::tell);
    }

    private @Nullable CachedObject decode(String key, byte[] value, long revision) {
        try {
            return interner.intern(decoder.decode(key, value, revision));
        } catch (RuntimeException e) {
            LOG.error(
                    "{} at revision {} is no object of {} and is left out: {}", key, revision, resource, e.toString());
            return null;
        }
    }

    private void reindex(@Nullable CachedObject before, @Nullable CachedObject now) {
        indexes.forEach((field, index) -> {
            String old = before == null ? null : before.field(field);
            String next = now == null ? null : now.field(field);
            if (before != null && old != null && !old.equals(next)) {
                SortedBlocks rest = index.getOrDefault(old, SortedBlocks.EMPTY).without(before.key());
                if (rest.size() == 0) {
                    index.remove(old);
                } else {
                    index.put(old, rest);
                }
            }
            if (now != null && next != null) {
                index.put(next, index.getOrDefault(next, SortedBlocks.EMPTY).with(now));
            }
        });
    }

    @Nullable
    CachedObject get(String key) {
        return state.objects().get(key);
    }

    ListResult list(ListRequest request) {
        String from = rangeStart(request.namespace());
        String to = request.namespace() == null ? null : prefix + request.namespace() + "0";
        if (request.afterKey() != null && request.afterKey().compareTo(from) >= 0) {
            from = request.afterKey() + '\0';
        }
        // Read before the state: the state then has everything up to this revision, and exactly that or its own
        // revision.
        long reached = cacheRevision.getAsLong();
        State now = state;
        long newest = Math.max(reached, now.revision());
        long wanted = request.revision();
        if (wanted > newest) {
            return new ListResult.TooNew(wanted, newest);
        }
        if (wanted != 0 && wanted < now.revision()) {
            return listPast(request, from, to);
        }
        Candidates candidates = wanted == 0 ? indexed(request.match(), from, to) : null;
        if (candidates == null) {
            candidates = new Candidates(now.objects().range(from, to), wanted == 0 ? newest : wanted, now.objects());
        }
        return select(request, candidates, to);
    }

    private String rangeStart(@Nullable String namespace) {
        return namespace == null ? prefix : prefix + namespace + "/";
    }

    private @Nullable Candidates indexed(@Nullable FieldMatch match, String from, @Nullable String to) {
        Map<String, SortedBlocks> index = match == null ? null : indexes.get(match.field());
        if (index == null || match == null) {
            return null;
        }
        for (int i = 0; i < INDEX_TRIES; i++) {
            int before = version;
            long reached = cacheRevision.getAsLong();
            State now = state;
            SortedBlocks found = index.getOrDefault(match.value(), SortedBlocks.EMPTY);
            if ((before & 1) == 0 && version == before) {
                return new Candidates(found.range(from, to), Math.max(reached, now.revision()), null);
            }
            Thread.onSpinWait();
        }
        return null;
    }

    private ListResult listPast(ListRequest request, String from, @Nullable String to) {
        NavigableMap<String, Optional<CachedObject>> undone = new TreeMap<>();
        State now;
        lock.lock();
        try {
            if (request.revision() < history.oldest()) {
                return new ListResult.TooOld(request.revision(), history.oldest());
            }
            now = state;
            for (Change change : history.after(request.revision())) {
                undone.putIfAbsent(change.key(), Optional.ofNullable(change.previous()));
            }
        } finally {
            lock.unlock();
        }
        NavigableMap<String, Optional<CachedObject>> inRange =
                to == null ? undone.tailMap(from, true) : undone.subMap(from, true, to, false);
        Iterator<CachedObject> past = new Undone(now.objects().range(from, to), inRange);
        return select(request, new Candidates(past, request.revision(), null), to);
    }

    private static ListResult select(ListRequest request, Candidates candidates, @Nullable String to) {
        boolean everything = request.filter() == ListRequest.EVERYTHING && request.match() == null;
        FieldMatch match = request.match();
        List<CachedObject> items = new ArrayList<>();
        Iterator<CachedObject> objects = candidates.objects();
        while (objects.hasNext()) {
            CachedObject object = objects.next();
            if (!request.filter().test(object)
                    || match != null && !object.field(match.field()).equals(match.value())) {
                continue;
            }
            if (request.limit() == 0 || items.size() < request.limit()) {
                items.add(object);
                continue;
            }
            long remaining = !everything
                    ? -1
                    : candidates.blocks() != null
                            ? candidates.blocks().count(object.key(), to)
                            : 1 + countRest(objects);
            return new Listed(items, candidates.revision(), true, remaining);
        }
        return new Listed(items, candidates.revision(), false, everything ? 0 : -1);
    }

    private static long countRest(Iterator<CachedObject> objects) {
        long count = 0;
        while (objects.hasNext()) {
            objects.next();
            count++;
        }
        return count;
    }

    WatchStart watch(WatchRequest request, CacheListener listener) {
        lock.lock();
        try {
            // Under the lock nothing is between state and queue: what was applied is in the one, the rest comes by the
            // other.
            long revision = Math.max(cacheRevision.getAsLong(), state.revision());
            QueuedWatch.Beginning beginning;
            if (request.start() instanceof Start.After(long after)) {
                if (after < history.oldest()) {
                    return new WatchStart.TooOld(after, history.oldest());
                }
                beginning = new QueuedWatch.Beginning(
                        Math.max(after, revision), Collections.emptyIterator(), history.after(after));
            } else {
                beginning = new QueuedWatch.Beginning(revision, initial(request), List.of());
            }
            QueuedWatch watch = new QueuedWatch(request, beginning, listener, options, this::forget);
            watches.add(watch);
            return new WatchStart.Started(watch);
        } finally {
            lock.unlock();
        }
    }

    private Iterator<CachedObject> initial(WatchRequest request) {
        String from = rangeStart(request.namespace());
        String to = request.namespace() == null ? null : prefix + request.namespace() + "0";
        FieldMatch match = request.match();
        Map<String, SortedBlocks> index = match == null ? null : indexes.get(match.field());
        SortedBlocks objects = index == null || match == null
                ? state.objects()
                : index.getOrDefault(match.value(), SortedBlocks.EMPTY);
        return objects.range(from, to);
    }

    private void forget(QueuedWatch watch) {
        lock.lock();
        try {
            watches.remove(watch);
        } finally {
            lock.unlock();
        }
    }

    /** Bookmarks and timeouts of all watches; called by the timer thread. Returns how many were found cut. */
    int tick(long now) {
        List<QueuedWatch> running;
        lock.lock();
        try {
            running = watches.all();
            watches.removeEnded();
        } finally {
            lock.unlock();
        }
        int cut = 0;
        for (QueuedWatch watch : running) {
            if (watch.end() == End.SLOW) {
                cut++;
                LOG.warn("A watch on {} was too slow and was cut", resource);
            }
            // Read after the watch is known to be registered: all events up to here are in its queue.
            watch.tick(now, cacheRevision.getAsLong());
        }
        return cut;
    }

    void endWatches(End reason) {
        List<QueuedWatch> ended;
        lock.lock();
        try {
            ended = watches.all();
            ended.forEach(watches::remove);
        } finally {
            lock.unlock();
        }
        for (QueuedWatch watch : ended) {
            if (watch.finish(reason)) {
                watch.tell();
            }
        }
    }

    /** The newest state with later changes taken back: both sides are in key order. */
    private static final class Undone implements Iterator<CachedObject> {
        private final Iterator<CachedObject> newest;
        private final NavigableMap<String, Optional<CachedObject>> undone;
        private @Nullable CachedObject ahead;
        private @Nullable CachedObject next;

        Undone(Iterator<CachedObject> newest, NavigableMap<String, Optional<CachedObject>> undone) {
            this.newest = newest;
            this.undone = undone;
            this.ahead = newest.hasNext() ? newest.next() : null;
            step();
        }

        private void step() {
            next = null;
            while (next == null && (ahead != null || !undone.isEmpty())) {
                CachedObject candidate = ahead;
                if (!undone.isEmpty() && (candidate == null || undone.firstKey().compareTo(candidate.key()) <= 0)) {
                    if (candidate != null && undone.firstKey().equals(candidate.key())) {
                        ahead = newest.hasNext() ? newest.next() : null;
                    }
                    next = undone.pollFirstEntry().getValue().orElse(null);
                } else {
                    next = candidate;
                    ahead = newest.hasNext() ? newest.next() : null;
                }
            }
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public CachedObject next() {
            CachedObject current = next;
            if (current == null) {
                throw new java.util.NoSuchElementException();
            }
            step();
            return current;
        }
    }
}
