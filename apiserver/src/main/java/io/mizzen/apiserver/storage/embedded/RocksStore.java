// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.StorageUnavailableException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.Checkpoint;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/**
 * The database in its folder, opened so that it stays small: about 8 MiB of block cache and 16 MiB of write buffers. The
 * only class that calls RocksDB's native code on the database. A read-write lock keeps a close or reopen away from calls
 * under way, because native code on a closed database would take the whole process down.
 */
final class RocksStore implements AutoCloseable {

    /** A column family. The order is the order on disk's first creation and must not change. */
    enum Table {
        META("default"),
        NAMES("names"),
        REVISIONS("revisions"),
        EXPIRIES("expiries");

        private final byte[] name;

        Table(String name) {
            this.name = name.getBytes(StandardCharsets.US_ASCII);
        }
    }

    /** Work with the database under the lock. */
    @FunctionalInterface
    interface Work<T extends @Nullable Object> {
        T on(View view) throws RocksDBException;
    }

    /** Looks at one pair of a scan; false ends it. */
    @FunctionalInterface
    interface Visitor {
        boolean visit(byte[] key, byte[] value) throws RocksDBException;
    }

    private static final long BLOCK_CACHE_BYTES = 8L << 20;
    private static final long WRITE_BUFFER_BYTES = 16L << 20;
    private static final long WAL_BYTES = 32L << 20;

    private final Path folder;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final WriteOptions lazy = new WriteOptions().setSync(false);
    private @Nullable Database database;

    /** Opens the folder, which the caller has locked. */
    RocksStore(Path folder) {
        this.folder = folder;
        this.database = Database.open(folder);
    }

    /** Reads the newest state. */
    <T extends @Nullable Object> T read(Work<T> work) {
        lock.readLock().lock();
        try (ReadOptions options = new ReadOptions()) {
            return work.on(new View(open(), options, null));
        } catch (RocksDBException e) {
            throw failed("read", e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Reads one unchanging state. */
    <T extends @Nullable Object> T readSnapshot(Work<T> work) {
        lock.readLock().lock();
        try {
            Database db = open();
            Snapshot snapshot = db.rocks.getSnapshot();
            try (ReadOptions options = new ReadOptions().setSnapshot(snapshot)) {
                return work.on(new View(db, options, snapshot));
            } finally {
                db.rocks.releaseSnapshot(snapshot);
                snapshot.close();
            }
        } catch (RocksDBException e) {
            throw failed("read", e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Reads the newest state, fills a batch, and commits it with a sync: durable when this returns. */
    void commit(Batch batch) throws RocksDBException {
        write(batch, synced);
    }

    /** Commits without a sync: a later commit's sync, or the operating system, makes it durable. */
    void commitLazily(Batch batch) throws RocksDBException {
        write(batch, lazy);
    }

    private void write(Batch batch, WriteOptions options) throws RocksDBException {
        lock.readLock().lock();
        try {
            Database db = open();
            try (WriteBatch out = new WriteBatch()) {
                for (Batch.Item item : batch.items()) {
                    ColumnFamilyHandle table = db.table(item.table());
                    byte[] value = item.value();
                    if (value == null) {
                        out.delete(table, item.key());
                    } else {
                        out.put(table, item.key(), value);
                    }
                }
                db.rocks.write(options, out);
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Makes a consistent copy that can be opened as a data folder; hard links where the file system allows. */
    void checkpoint(Path target) {
        lock.readLock().lock();
        try (Checkpoint checkpoint = Checkpoint.create(open().rocks)) {
            checkpoint.createCheckpoint(target.toString());
        } catch (RocksDBException e) {
            throw failed("backup to " + target, e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Closes and opens the database: the way out of a failed write, after which RocksDB refuses all others. */
    void reopen() {
        lock.writeLock().lock();
        try {
            if (database != null) {
                database.close();
                database = null;
            }
            database = Database.open(folder);
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (database != null) {
                database.close();
                database = null;
            }
            synced.close();
            lazy.close();
        } finally {
            lock.writeLock().unlock();
        }
    }

    private Database open() {
        Database db = database;
        if (db == null) {
            throw new StorageUnavailableException("The store in " + folder + " is closed", false, null);
        }
        return db;
    }

    private StorageUnavailableException failed(String what, RocksDBException e) {
        return new StorageUnavailableException(
                "The store in " + folder + " failed to " + what + ": " + e.getMessage(), false, e);
    }

    /** Reads of one state; valid only inside its {@link Work}. */
    static final class View {
        private final Database db;
        private final ReadOptions options;
        private final @Nullable Snapshot snapshot;

        private View(Database db, ReadOptions options, @Nullable Snapshot snapshot) {
            this.db = db;
            this.options = options;
            this.snapshot = snapshot;
        }

        byte @Nullable [] get(Table table, byte[] key) throws RocksDBException {
            return db.rocks.get(db.table(table), options, key);
        }

        long number(byte[] metaKey) throws RocksDBException {
            byte[] bytes = get(Table.META, metaKey);
            return bytes == null ? 0 : Layout.number(bytes);
        }

        /** The values of several keys of one table, in their order; an element is null where the key is missing. */
        List<byte[]> getAll(Table table, List<byte[]> keys) throws RocksDBException {
            ColumnFamilyHandle handle = db.table(table);
            List<ColumnFamilyHandle> handles = new ArrayList<>(keys.size());
            for (int i = 0; i < keys.size(); i++) {
                handles.add(handle);
            }
            return db.rocks.multiGetAsList(options, handles, keys);
        }

        /** Visits pairs in key order from {@code from} (inclusive) to {@code to} (exclusive, null: to the end). */
        void scan(Table table, byte[] from, byte @Nullable [] to, Visitor visitor) throws RocksDBException {
            try (Slice end = to == null ? null : new Slice(to);
                    ReadOptions scan = new ReadOptions().setFillCache(false)) {
                if (end != null) {
                    scan.setIterateUpperBound(end);
                }
                if (snapshot != null) {
                    scan.setSnapshot(snapshot);
                }
                try (RocksIterator iterator = db.rocks.newIterator(db.table(table), scan)) {
                    iterator.seek(from);
                    while (iterator.isValid() && visitor.visit(iterator.key(), iterator.value())) {
                        iterator.next();
                    }
                    iterator.status();
                }
            }
        }
    }

    /** One opened database with the native objects that live as long as it. */
    private static final class Database {
        private final RocksDB rocks;
        private final List<ColumnFamilyHandle> handles;
        private final List<AutoCloseable> owned;

        private Database(RocksDB rocks, List<ColumnFamilyHandle> handles, List<AutoCloseable> owned) {
            this.rocks = rocks;
            this.handles = handles;
            this.owned = owned;
        }

        ColumnFamilyHandle table(Table table) {
            return handles.get(table.ordinal());
        }

        static Database open(Path folder) {
            List<AutoCloseable> owned = new ArrayList<>();
            Cache cache = own(owned, new LRUCache(BLOCK_CACHE_BYTES));
            WriteBufferManager buffers = own(owned, new WriteBufferManager(WRITE_BUFFER_BYTES, cache));
            DBOptions options = own(owned, new DBOptions())
                    .setCreateIfMissing(true)
                    .setCreateMissingColumnFamilies(true)
                    // A record torn by a crash can only be the last: anything damaged before it must be told, not
                    // dropped.
                    .setWalRecoveryMode(WALRecoveryMode.TolerateCorruptedTailRecords)
                    .setWriteBufferManager(buffers)
                    .setMaxTotalWalSize(WAL_BYTES)
                    .setMaxBackgroundJobs(2)
                    .setMaxOpenFiles(128)
                    .setMaxFileOpeningThreads(1)
                    .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                    .setMaxLogFileSize(1L << 20)
                    .setKeepLogFileNum(2)
                    .setMaxManifestFileSize(4L << 20)
                    .setStatsDumpPeriodSec(0)
                    .setStatsPersistPeriodSec(0);
            List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
            BloomFilter bloom = own(owned, new BloomFilter(10));
            for (Table table : Table.values()) {
                descriptors.add(new ColumnFamilyDescriptor(table.name, own(owned, family(cache, bloom))));
            }
            List<ColumnFamilyHandle> handles = new ArrayList<>();
            try {
                RocksDB rocks = RocksDB.open(options, folder.resolve("db").toString(), descriptors, handles);
                return new Database(rocks, List.copyOf(handles), owned);
            } catch (RocksDBException e) {
                closeAll(owned);
                throw new StorageUnavailableException(
                        "The store in " + folder + " cannot be opened: " + e.getMessage()
                                + " (a damaged store is replaced by a backup of the folder)",
                        false,
                        e);
            }
        }

        private static ColumnFamilyOptions family(Cache cache, BloomFilter bloom) {
            BlockBasedTableConfig tables = new BlockBasedTableConfig()
                    .setBlockCache(cache)
                    .setFilterPolicy(bloom)
                    .setCacheIndexAndFilterBlocks(true)
                    .setBlockSize(8 * 1024);
            return new ColumnFamilyOptions()
                    .setTableFormatConfig(tables)
                    .setCompressionType(CompressionType.LZ4_COMPRESSION)
                    .setWriteBufferSize(8L << 20)
                    .setArenaBlockSize(256 * 1024)
                    .setMaxWriteBufferNumber(2)
                    .setTargetFileSizeBase(16L << 20)
                    .setMaxBytesForLevelBase(64L << 20);
        }

        private static <T extends AutoCloseable> T own(List<AutoCloseable> owned, T object) {
            owned.add(object);
            return object;
        }

        private static void closeAll(List<AutoCloseable> objects) {
            for (int i = objects.size() - 1; i >= 0; i--) {
                try {
                    objects.get(i).close();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        void close() {
            handles.forEach(ColumnFamilyHandle::close);
            rocks.close();
            closeAll(owned);
        }
    }
}
