// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One change of one object with the at most three events that watchers may see of it, each made once. Which one a watcher
 * sees depends on whether the object passed its selector before and passes it now.
 */
final class Change {
    private final EntryDecoder decoder;
    private final long revision;
    private final long atNanos;
    private final @Nullable CachedObject previous;
    private final @Nullable CachedObject current;
    private volatile @Nullable CacheEvent added;
    private volatile @Nullable CacheEvent modified;
    private volatile @Nullable CacheEvent deleted;

    /**
     * @param previous the object before, null when it is new
     * @param current the object now, null when it was deleted; not both null
     */
    Change(
            EntryDecoder decoder,
            long revision,
            long atNanos,
            @Nullable CachedObject previous,
            @Nullable CachedObject current) {
        if (previous == null && current == null) {
            throw new IllegalArgumentException("A change has something before or after it");
        }
        this.decoder = decoder;
        this.revision = revision;
        this.atNanos = atNanos;
        this.previous = previous;
        this.current = current;
    }

    long revision() {
        return revision;
    }

    long atNanos() {
        return atNanos;
    }

    @Nullable
    CachedObject previous() {
        return previous;
    }

    @Nullable
    CachedObject current() {
        return current;
    }

    String key() {
        CachedObject either = current != null ? current : previous;
        return either == null ? "" : either.key();
    }

    /** What the history must hold because of this change, in bytes. */
    long weight() {
        return 200L + (previous == null ? 0 : previous.json().length) + (current == null ? 0 : current.json().length);
    }

    /** What a watcher with this filter sees, or null for nothing. */
    @Nullable
    CacheEvent seenThrough(Predicate<CachedObject> filter) {
        boolean before = previous != null && filter.test(previous);
        boolean now = current != null && filter.test(current);
        if (now && current != null) {
            return before ? modified(current) : added(current);
        }
        return before && previous != null ? deleted(previous) : null;
    }

    private CacheEvent added(CachedObject object) {
        CacheEvent event = added;
        if (event == null) {
            event = CacheEvent.of(CacheEvent.Type.ADDED, object);
            added = event;
        }
        return event;
    }

    private CacheEvent modified(CachedObject object) {
        CacheEvent event = modified;
        if (event == null) {
            event = CacheEvent.of(CacheEvent.Type.MODIFIED, object);
            modified = event;
        }
        return event;
    }

    /** As upstream's: the object as it was last seen, with the revision of the change that took it away. */
    private CacheEvent deleted(CachedObject object) {
        CacheEvent event = deleted;
        if (event == null) {
            event = CacheEvent.of(CacheEvent.Type.DELETED, decoder.decode(object.key(), object.json(), revision));
            deleted = event;
        }
        return event;
    }
}
