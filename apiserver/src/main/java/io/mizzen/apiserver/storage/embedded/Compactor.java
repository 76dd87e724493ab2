// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.FutureRevisionException;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.embedded.RocksStore.Table;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.rocksdb.RocksDBException;

/**
 * Deletes history. The new limit is written and made known before anything is deleted; what a crash leaves undone is done at
 * the next compaction, because {@code cleaned} says how far the deleting came.
 */
final class Compactor {
    private static final int DELETIONS_AT_ONCE = 1000;

    private final RocksStore store;
    private final LongSupplier newest;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile long compacted;

    Compactor(RocksStore store, LongSupplier newest) {
        this.store = store;
        this.newest = newest;
        this.compacted = store.read(view -> view.number(Layout.COMPACTED));
    }

    /** The oldest revision that can be listed at. */
    long compacted() {
        return compacted;
    }

    void compact(long revision) {
        if (revision > newest.getAsLong()) {
            throw new FutureRevisionException(revision, newest.getAsLong());
        }
        lock.lock();
        try {
            if (revision <= compacted) {
                return;
            }
            store.commitLazily(new Batch().put(Table.META, Layout.COMPACTED, Layout.number(revision)));
            compacted = revision;
            clean(store.read(view -> view.number(Layout.CLEANED)), revision);
        } catch (RocksDBException e) {
            throw new StorageUnavailableException("Compaction to " + revision + " failed: " + e.getMessage(), false, e);
        } finally {
            lock.unlock();
        }
    }

    /** Deletes what the changes in (from, to] superseded, and deletions themselves. */
    private void clean(long from, long to) throws RocksDBException {
        long done = from;
        while (done < to) {
            long start = done + 1;
            Batch batch = new Batch();
            long[] last = {to};
            store.readSnapshot(view -> {
                view.scan(Table.REVISIONS, Layout.number(start), Layout.number(to + 1), (revision, bytes) -> {
                    Layout.Change change = Layout.change(Layout.number(revision), bytes);
                    if (change.previous() != 0) {
                        batch.delete(Table.REVISIONS, Layout.number(change.previous()));
                    }
                    if (change.value() == null) {
                        batch.delete(Table.REVISIONS, revision);
                    }
                    if (batch.items().size() >= DELETIONS_AT_ONCE) {
                        last[0] = change.revision();
                        return false;
                    }
                    return true;
                });
                return null;
            });
            done = last[0];
            store.commitLazily(batch.put(Table.META, Layout.CLEANED, Layout.number(done)));
        }
    }
}
