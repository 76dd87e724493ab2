// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.TxnOption;
import io.mizzen.apiserver.storage.CompactedException;
import io.mizzen.apiserver.storage.FutureRevisionException;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.StorageListener;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.Subscription;
import io.mizzen.apiserver.storage.etcd.EtcdCalls.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store in an etcd cluster. An outage makes calls fail with {@link StorageUnavailableException} within the request
 * timeout (at once where connections are refused); when etcd is back, calls and watches go on by themselves.
 */
public final class EtcdStorage implements Storage {
    private static final Logger LOG = LoggerFactory.getLogger(EtcdStorage.class);
    private static final int PAGE = 1000;

    private final EtcdOptions options;
    private final EtcdConnection connection;
    private final EtcdCalls calls;
    private final EtcdWatches watches;
    private final EtcdUpkeep upkeep;
    private final LeasePool leases;
    private final SharedCall<Long> newest;
    private final String progressKey;
    private final AtomicBoolean askingProgress = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();

    private EtcdStorage(EtcdOptions options) {
        this.options = options;
        this.progressKey = options.ownKey("progress");
        this.connection = new EtcdConnection(options);
        this.calls = new EtcdCalls(options);
        this.watches = new EtcdWatches(connection, calls, options.root(), progressKey);
        this.leases = new LeasePool(this::grant, System::nanoTime);
        this.newest = new SharedCall<>(() -> connection
                .kv()
                .get(
                        sequence(progressKey),
                        GetOption.builder().withCountOnly(true).build())
                .thenApply(response -> response.getHeader().getRevision()));
        this.upkeep = new EtcdUpkeep(options, connection, calls, this::compact);
    }

    /**
     * Begins to use a cluster, which need not answer yet.
     *
     * @throws StorageUnavailableException when the TLS files cannot be used
     */
    public static EtcdStorage connect(EtcdOptions options) {
        EtcdStorage storage = new EtcdStorage(options);
        storage.watches.start();
        storage.upkeep.start();
        LOG.info("Using etcd at {}", options.endpoints());
        return storage;
    }

    private long grant(long ttlSeconds) {
        return calls.await(Kind.READ, () -> connection.lease().grant(ttlSeconds))
                .getID();
    }

    @Override
    public @Nullable Entry get(String key) {
        GetResponse response = calls.await(Kind.READ, () -> connection.kv().get(sequence(key)));
        return response.getKvs().isEmpty() ? null : entry(response.getKvs().getFirst());
    }

    @Override
    public Page list(String prefix, @Nullable String afterKey, int limit, long revision) {
        if (limit < 0 || revision < 0) {
            throw new IllegalArgumentException("limit and revision are not negative");
        }
        List<Entry> entries = new ArrayList<>();
        byte[] from = startOf(prefix, afterKey);
        long at = revision;
        while (true) {
            int wanted = limit == 0 ? PAGE : Math.min(PAGE, limit - entries.size());
            GetResponse response = range(from, endOf(prefix), wanted, at);
            at = at == 0 ? response.getHeader().getRevision() : at;
            response.getKvs().forEach(kv -> entries.add(entry(kv)));
            long remaining = response.getCount() - response.getKvs().size();
            if (!response.isMore() || response.getKvs().isEmpty() || entries.size() == limit) {
                return new Page(entries, at, remaining > 0, Math.max(0, remaining));
            }
            from = successor(response.getKvs().getLast().getKey().getBytes());
        }
    }

    private GetResponse range(byte[] from, byte[] to, int limit, long revision) {
        GetOption option = GetOption.builder()
                .withRange(ByteSequence.from(to))
                .withLimit(limit)
                .withRevision(revision)
                .build();
        try {
            return calls.await(Kind.READ, () -> connection.kv().get(ByteSequence.from(from), option));
        } catch (FutureRevisionException e) {
            throw new FutureRevisionException(revision, currentRevision());
        }
    }

    private static byte[] startOf(String prefix, @Nullable String afterKey) {
        byte[] start = bytes(prefix);
        if (afterKey == null) {
            return start;
        }
        byte[] after = successor(bytes(afterKey));
        return Arrays.compareUnsigned(after, start) < 0 ? start : after;
    }

    @Override
    public long currentRevision() {
        return calls.await(Kind.READ, newest::join);
    }

    @Override
    public WriteResult create(String key, byte[] value, long ttlSeconds) {
        return put(key, value, 0, ttlSeconds);
    }

    @Override
    public WriteResult update(String key, byte[] value, long expectedModRevision, long ttlSeconds) {
        requireRevision(expectedModRevision);
        return put(key, value, expectedModRevision, ttlSeconds);
    }

    private WriteResult put(String key, byte[] value, long expected, long ttlSeconds) {
        if (key.isEmpty() || ttlSeconds < 0) {
            throw new IllegalArgumentException("A key is not empty and a time to live not negative");
        }
        if (ttlSeconds == 0) {
            return write(key, expected, putOp(key, value, 0));
        }
        try {
            return write(key, expected, putOp(key, value, leases.lease(ttlSeconds)));
        } catch (StorageUnavailableException e) {
            if (!String.valueOf(e.getMessage()).contains(EtcdCalls.LEASE_NOT_FOUND)) {
                throw e;
            }
            // The shared lease ended early; etcd did nothing, so once more with a new one is safe.
            leases.clear();
            return write(key, expected, putOp(key, value, leases.lease(ttlSeconds)));
        }
    }

    private static Op putOp(String key, byte[] value, long lease) {
        PutOption option = lease == 0
                ? PutOption.DEFAULT
                : PutOption.builder().withLeaseId(lease).build();
        return Op.put(sequence(key), ByteSequence.from(value), option);
    }

    @Override
    public WriteResult delete(String key, long expectedModRevision) {
        requireRevision(expectedModRevision);
        return write(key, expectedModRevision, Op.delete(sequence(key), DeleteOption.DEFAULT));
    }

    private static void requireRevision(long expected) {
        if (expected <= 0) {
            throw new IllegalArgumentException("A guarded write needs the revision it expects");
        }
    }

    private WriteResult write(String key, long expected, Op op) {
        ByteSequence name = sequence(key);
        TxnResponse response = calls.await(
                Kind.WRITE,
                () -> connection
                        .kv()
                        .txn(TxnOption.DEFAULT)
                        .If(new Cmp(name, Cmp.Op.EQUAL, CmpTarget.modRevision(expected)))
                        .Then(op)
                        .Else(Op.get(name, GetOption.DEFAULT))
                        .commit());
        if (response.isSucceeded()) {
            return new WriteResult.Written(response.getHeader().getRevision());
        }
        List<KeyValue> found = response.getGetResponses().getFirst().getKvs();
        return new WriteResult.Conflict(found.isEmpty() ? null : entry(found.getFirst()));
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StorageListener listener) {
        return watches.add(prefix, afterRevision, listener);
    }

    @Override
    public void requestProgress() {
        if (closed.get() || !askingProgress.compareAndSet(false, true)) {
            return;
        }
        try {
            connection
                    .kv()
                    .put(sequence(progressKey), ByteSequence.EMPTY)
                    .orTimeout(options.requestTimeout().toMillis(), TimeUnit.MILLISECONDS)
                    .whenComplete((done, failure) -> askingProgress.set(false))
                    .exceptionally(failure -> {
                        LOG.debug("Progress could not be asked for", failure);
                        return null;
                    });
        } catch (RuntimeException e) {
            askingProgress.set(false);
            LOG.debug("Progress could not be asked for", e);
        }
    }

    @Override
    public void compact(long revision) {
        if (revision <= calls.compacted()) {
            return;
        }
        try {
            calls.await(Kind.READ, () -> connection.kv().compact(revision));
            calls.noteCompacted(revision);
        } catch (CompactedException e) {
            LOG.debug("Revision {} was compacted before", revision);
        } catch (FutureRevisionException e) {
            throw new FutureRevisionException(revision, currentRevision());
        }
    }

    @Override
    public long compactedRevision() {
        return calls.compacted();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            upkeep.close();
            watches.close();
            connection.close();
            LOG.info("Left etcd at {}", options.endpoints());
        }
    }

    private static Entry entry(KeyValue kv) {
        return new Entry(
                kv.getKey().toString(StandardCharsets.UTF_8), kv.getValue().getBytes(), kv.getModRevision());
    }

    static ByteSequence sequence(String text) {
        return ByteSequence.from(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] successor(byte[] key) {
        return Arrays.copyOf(key, key.length + 1);
    }

    /** The first key after all that start with a prefix; etcd takes a single zero byte for "to the end". */
    static byte[] endOf(String prefix) {
        byte[] end = bytes(prefix);
        for (int i = end.length - 1; i >= 0; i--) {
            if (end[i] != (byte) 0xff) {
                end[i]++;
                return Arrays.copyOf(end, i + 1);
            }
        }
        return new byte[] {0};
    }
}
