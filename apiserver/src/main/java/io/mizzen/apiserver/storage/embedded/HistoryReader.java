// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.CompactedException;
import io.mizzen.apiserver.storage.FutureRevisionException;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.Page;
import io.mizzen.apiserver.storage.StorageEvent;
import io.mizzen.apiserver.storage.embedded.RocksStore.Table;
import io.mizzen.apiserver.storage.embedded.RocksStore.View;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * Reads states and changes, new and old. A state at an old revision is the newest one with the later changes undone: each
 * change knows the revision of the value it replaced, and a compaction keeps that value as long as the change.
 */
final class HistoryReader {
    private static final int VALUES_AT_ONCE = 256;

    private final RocksStore store;
    private final LongSupplier compacted;

    /**
     * @param compacted the oldest revision that can be listed at; raised <em>before</em> anything is deleted, so that a
     *     check after a snapshot was taken tells whether the snapshot is whole
     */
    HistoryReader(RocksStore store, LongSupplier compacted) {
        this.store = store;
        this.compacted = compacted;
    }

    /** The newest value of a key. */
    @Nullable
    Entry get(String key) {
        return store.readSnapshot(view -> {
            byte[] name = view.get(Table.NAMES, Layout.bytes(key));
            if (name == null) {
                return null;
            }
            long revision = Layout.name(name).modRevision();
            return entry(Layout.bytes(key), revision, view.get(Table.REVISIONS, Layout.number(revision)));
        });
    }

    /** See {@link io.mizzen.apiserver.storage.Storage#list}. */
    Page list(String prefix, @Nullable String afterKey, int limit, long revision) {
        return store.readSnapshot(view -> {
            long newest = view.number(Layout.REVISION);
            if (revision > newest) {
                throw new FutureRevisionException(revision, newest);
            }
            long at = revision == 0 ? newest : revision;
            checkCompacted(at);
            byte[] start = Layout.bytes(prefix);
            byte[] from = afterKey == null ? start : Layout.successor(Layout.bytes(afterKey));
            if (Arrays.compareUnsigned(from, start) < 0) {
                from = start;
            }
            Selection selection = new Selection(limit);
            select(view, from, Layout.endOf(start), at < newest ? changesAfter(view, at, start) : null, selection);
            return new Page(
                    values(view, selection.keys, selection.revisions),
                    at,
                    selection.remaining > 0,
                    selection.remaining);
        });
    }

    /** Throws {@link CompactedException} when the state at a revision is gone. */
    void checkCompacted(long revision) {
        if (revision < compacted.getAsLong()) {
            throw new CompactedException(compacted.getAsLong());
        }
    }

    /** For every key changed after a revision: where its value was at that revision, 0 when it did not exist. */
    private static NavigableMap<byte[], Long> changesAfter(View view, long at, byte[] prefix) throws RocksDBException {
        NavigableMap<byte[], Long> before = new TreeMap<>(Arrays::compareUnsigned);
        view.scan(Table.REVISIONS, Layout.number(at + 1), null, (revision, bytes) -> {
            Layout.Change change = Layout.change(Layout.number(revision), bytes);
            if (startsWith(change.key(), prefix)) {
                before.putIfAbsent(change.key(), change.previous());
            }
            return true;
        });
        return before;
    }

    private static void select(
            View view,
            byte[] from,
            byte @Nullable [] to,
            @Nullable NavigableMap<byte[], Long> before,
            Selection selection)
            throws RocksDBException {
        NavigableMap<byte[], Long> undone =
                before == null ? new TreeMap<>(Arrays::compareUnsigned) : before.tailMap(from, true);
        view.scan(Table.NAMES, from, to, (key, value) -> {
            // Keys that were deleted since come between those that are still there.
            while (!undone.isEmpty() && Arrays.compareUnsigned(undone.firstKey(), key) < 0) {
                var gone = undone.pollFirstEntry();
                selection.add(gone.getKey(), gone.getValue());
            }
            if (!undone.isEmpty() && Arrays.equals(undone.firstKey(), key)) {
                selection.add(key, undone.pollFirstEntry().getValue());
            } else {
                selection.add(key, Layout.name(value).modRevision());
            }
            return true;
        });
        undone.forEach(selection::add);
    }

    /** Reads values in the order they were written, in which neighbours share a block on disk; answers in key order. */
    private static List<Entry> values(View view, List<byte[]> keys, List<byte[]> revisions) throws RocksDBException {
        Integer[] order = new Integer[keys.size()];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Arrays.compareUnsigned(revisions.get(a), revisions.get(b)));
        Entry[] entries = new Entry[order.length];
        for (int start = 0; start < order.length; start += VALUES_AT_ONCE) {
            List<Integer> some = Arrays.asList(order).subList(start, Math.min(order.length, start + VALUES_AT_ONCE));
            List<byte[]> changes = view.getAll(
                    Table.REVISIONS, some.stream().map(revisions::get).toList());
            for (int i = 0; i < some.size(); i++) {
                int at = some.get(i);
                entries[at] = entry(keys.get(at), Layout.number(revisions.get(at)), changes.get(i));
            }
        }
        return List.of(entries);
    }

    private static Entry entry(byte[] key, long revision, byte @Nullable [] change) {
        byte[] value = change == null ? null : Layout.value(change);
        if (value == null) {
            throw new IllegalStateException("No value of " + Layout.text(key) + " at revision " + revision);
        }
        return new Entry(Layout.text(key), value, revision);
    }

    /**
     * The next changes after a revision, from disk.
     *
     * @param to the newest revision to report
     * @throws CompactedException when changes after {@code from} are gone
     */
    List<StorageEvent> changes(long from, long to, int max) {
        return store.readSnapshot(view -> {
            checkCompacted(from);
            List<StorageEvent> events = new ArrayList<>();
            view.scan(Table.REVISIONS, Layout.number(from + 1), Layout.number(to + 1), (revision, bytes) -> {
                Layout.Change change = Layout.change(Layout.number(revision), bytes);
                byte[] previous =
                        change.previous() == 0 ? null : view.get(Table.REVISIONS, Layout.number(change.previous()));
                events.add(new StorageEvent(
                        change.revision(),
                        change.name(),
                        change.value(),
                        previous == null ? null : Layout.value(previous)));
                return events.size() < max;
            });
            return events;
        });
    }

    private static boolean startsWith(byte[] key, byte[] prefix) {
        return key.length >= prefix.length && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }

    /** Takes keys in order up to a limit and counts the rest. */
    private static final class Selection {
        private final int limit;
        private final List<byte[]> keys = new ArrayList<>();
        private final List<byte[]> revisions = new ArrayList<>();
        private long remaining;

        Selection(int limit) {
            this.limit = limit;
        }

        void add(byte[] key, long revision) {
            if (revision == 0) {
                return;
            }
            if (limit != 0 && keys.size() == limit) {
                remaining++;
                return;
            }
            keys.add(key);
            revisions.add(Layout.number(revision));
        }
    }
}
