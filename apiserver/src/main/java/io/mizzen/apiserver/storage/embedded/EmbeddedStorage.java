// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.StorageListener;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.Subscription;
import io.mizzen.apiserver.storage.embedded.RocksStore.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store in a data folder of this machine, for one process at a time. It survives the process's death at any instant:
 * what was answered is on disk. A nearly full disk makes it read-only until there is space; a failed disk too, until the
 * database can be opened again. Both say so in {@link io.mizzen.apiserver.storage.StorageReadOnlyException}.
 */
public final class EmbeddedStorage implements Storage {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedStorage.class);
    private static final int WINDOW_EVENTS = 4096;
    private static final long WINDOW_BYTES = 8L << 20;

    private final EmbeddedOptions options;
    private final FolderLock folder;
    private final RocksStore store;
    private final EventWindow window;
    private final Compactor compactor;
    private final HistoryReader history;
    private final Watchers watchers;
    private final Writer writer;
    private final Upkeep upkeep;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedStorage(EmbeddedOptions options, FolderLock folder, RocksStore store) throws IOException {
        this.options = options;
        this.folder = folder;
        this.store = store;
        this.window = new EventWindow(firstRevision(store, options.folder()), WINDOW_EVENTS, WINDOW_BYTES);
        this.compactor = new Compactor(store, window::revision);
        this.history = new HistoryReader(store, compactor::compacted);
        this.watchers = new Watchers(window, history);
        this.writer = new Writer(
                store,
                window,
                new SpaceGuard(options.folder(), options.reserveBytes()),
                options.clock(),
                watchers::wake);
        this.upkeep = new Upkeep(store, writer, window, compactor, options, writer::submit);
    }

    /**
     * Opens the folder, or makes it.
     *
     * @throws StorageUnavailableException with one line that says what to do: the folder is in use (by which process), not
     *     writable, or damaged
     */
    public static EmbeddedStorage open(EmbeddedOptions options) {
        FolderLock folder = FolderLock.take(options.folder());
        RocksStore store = null;
        try {
            NativeLibrary.load(options.nativeFolder());
            store = new RocksStore(options.folder());
            EmbeddedStorage storage = new EmbeddedStorage(options, folder, store);
            storage.start();
            return storage;
        } catch (IOException e) {
            store.close();
            folder.close();
            throw new StorageUnavailableException(
                    "The disk of data folder " + options.folder() + " does not answer: " + e.getMessage(), false, e);
        } catch (RuntimeException e) {
            if (store != null) {
                store.close();
            }
            folder.close();
            throw e;
        }
    }

    /** A new store begins at revision 1, as etcd does, so that 0 is never a revision. */
    private static long firstRevision(RocksStore store, Path folder) {
        long format = store.read(view -> view.number(Layout.FORMAT_KEY));
        if (format > Layout.FORMAT) {
            throw new StorageUnavailableException(
                    "Data folder " + folder + " was written by a newer version (format " + format + ", this one knows "
                            + Layout.FORMAT + ")",
                    false,
                    null);
        }
        if (format == 0) {
            try {
                store.commit(new Batch()
                        .put(Table.META, Layout.FORMAT_KEY, Layout.number(Layout.FORMAT))
                        .put(Table.META, Layout.REVISION, Layout.number(1)));
            } catch (RocksDBException e) {
                throw new StorageUnavailableException(
                        "Data folder " + folder + " cannot be written: " + e.getMessage(), false, e);
            }
        }
        return store.read(view -> view.number(Layout.REVISION));
    }

    private void start() {
        watchers.start();
        writer.start();
        upkeep.start();
        LOG.info("Embedded store in {} open at revision {}", options.folder(), window.revision());
    }

    @Override
    public @Nullable Entry get(String key) {
        Entry entry = history.get(key);
        if (entry != null) {
            awaitPublished(entry.modRevision());
        }
        return entry;
    }

    @Override
    public Page list(String prefix, @Nullable String afterKey, int limit, long revision) {
        if (limit < 0 || revision < 0) {
            throw new IllegalArgumentException("limit and revision are not negative");
        }
        Page page = history.list(prefix, afterKey, limit, revision);
        awaitPublished(page.revision());
        return page;
    }

    /** A reader may see a commit an instant before its revision is announced; nobody may then be told an older one. */
    private void awaitPublished(long revision) {
        while (window.revision() < revision && !closed.get()) {
            Thread.onSpinWait();
        }
    }

    @Override
    public long currentRevision() {
        if (closed.get()) {
            throw new StorageUnavailableException("The store in " + options.folder() + " is closed", false, null);
        }
        return window.revision();
    }

    @Override
    public WriteResult create(String key, byte[] value, long ttlSeconds) {
        return write(key, Objects.requireNonNull(value), 0, ttlSeconds);
    }

    @Override
    public WriteResult update(String key, byte[] value, long expectedModRevision, long ttlSeconds) {
        requireRevision(expectedModRevision);
        return write(key, Objects.requireNonNull(value), expectedModRevision, ttlSeconds);
    }

    @Override
    public WriteResult delete(String key, long expectedModRevision) {
        requireRevision(expectedModRevision);
        return write(key, null, expectedModRevision, 0);
    }

    private static void requireRevision(long expected) {
        if (expected <= 0) {
            throw new IllegalArgumentException("A guarded write needs the revision it expects");
        }
    }

    private WriteResult write(String key, byte @Nullable [] value, long expected, long ttlSeconds) {
        if (key.isEmpty() || ttlSeconds < 0) {
            throw new IllegalArgumentException("A key is not empty and a time to live not negative");
        }
        return writer.write(WriteCommand.of(key, value, expected, ttlSeconds));
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StorageListener listener) {
        return watchers.add(prefix, afterRevision, listener);
    }

    @Override
    public void requestProgress() {
        watchers.requestProgress();
    }

    @Override
    public void compact(long revision) {
        compactor.compact(revision);
    }

    @Override
    public long compactedRevision() {
        return compactor.compacted();
    }

    /**
     * Makes a consistent copy of the store while it runs. The copy is a data folder: open it to restore.
     *
     * @param target a folder that does not exist yet; on the same file system the copy costs next to nothing
     */
    public void backup(Path target) {
        try {
            Files.createDirectories(target);
        } catch (IOException e) {
            throw new StorageUnavailableException("Backup folder " + target + " cannot be made: " + e, false, e);
        }
        store.checkpoint(target.toAbsolutePath().resolve("db"));
        LOG.info("Embedded store in {} backed up to {}", options.folder(), target);
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        upkeep.close();
        writer.close();
        watchers.close();
        store.close();
        folder.close();
        LOG.info("Embedded store in {} closed", options.folder());
    }
}
