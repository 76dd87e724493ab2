// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.mizzen.apiserver.storage.StorageException;
import io.mizzen.apiserver.storage.etcd.EtcdCalls.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Once a second: connects anew when etcd has not answered for a while; and compacts every interval. Of several API servers
 * one compacts in each interval: whoever wins the compare-and-set of a shared key, as upstream's servers settle it.
 */
final class EtcdUpkeep implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EtcdUpkeep.class);
    private static final long TICK_NANOS = 500_000_000;
    private static final Duration FAILING = Duration.ofSeconds(1);

    private final EtcdOptions options;
    private final EtcdConnection connection;
    private final EtcdCalls calls;
    private final LongConsumer compact;
    private final Thread thread;
    private volatile boolean stopping;
    private boolean complained;
    private long compactAtNanos;
    private long compactVersion;
    private long compactTo;

    EtcdUpkeep(EtcdOptions options, EtcdConnection connection, EtcdCalls calls, LongConsumer compact) {
        this.options = options;
        this.connection = connection;
        this.calls = calls;
        this.compact = compact;
        this.compactAtNanos = System.nanoTime();
        this.thread = Thread.ofPlatform().name("etcd-upkeep").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        while (!stopping) {
            LockSupport.parkNanos(this, TICK_NANOS);
            if (stopping) {
                return;
            }
            try {
                reconnect();
                compactWhenDue();
            } catch (StorageException e) {
                LOG.debug("Upkeep of etcd is put off: {}", e.getMessage());
            } catch (RuntimeException e) {
                LOG.error("Upkeep of etcd failed", e);
            }
        }
    }

    private void reconnect() {
        if (!calls.isFailingFor(FAILING)) {
            complained = false;
            return;
        }
        if (!complained) {
            complained = true;
            LOG.error("etcd at {} does not answer; it is tried every half second", options.endpoints());
        }
        if (!connection.isReachable()) {
            return;
        }
        Client candidate = connection.build();
        boolean answers = false;
        try {
            candidate
                    .getKVClient()
                    .get(key("progress"))
                    .get(options.requestTimeout().toMillis(), TimeUnit.MILLISECONDS);
            answers = true;
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("etcd still does not answer", e);
        } catch (InterruptedException e) {
            stopping = true;
        }
        if (answers) {
            connection.replace(candidate);
            calls.noteSuccess();
            complained = false;
        } else {
            EtcdConnection.closeQuietly(candidate);
        }
    }

    private void compactWhenDue() {
        if (options.compactionInterval().isZero() || compactAtNanos - System.nanoTime() > 0) {
            return;
        }
        compactAtNanos = System.nanoTime() + options.compactionInterval().toNanos();
        ByteSequence name = key("compaction");
        ByteSequence revision = EtcdStorage.sequence(String.valueOf(compactTo));
        TxnResponse response = calls.await(
                Kind.WRITE,
                () -> connection
                        .kv()
                        .txn()
                        .If(new Cmp(name, Cmp.Op.EQUAL, CmpTarget.version(compactVersion)))
                        .Then(Op.put(name, revision, PutOption.DEFAULT))
                        .Else(Op.get(name, GetOption.DEFAULT))
                        .commit());
        long newest = response.getHeader().getRevision();
        if (response.isSucceeded()) {
            compactVersion++;
            if (compactTo > 0) {
                compact.accept(compactTo);
            }
        } else {
            var found = response.getGetResponses().getFirst().getKvs();
            compactVersion = found.isEmpty() ? 0 : found.getFirst().getVersion();
            if (!found.isEmpty()) {
                noteOthersCompaction(found.getFirst().getValue().toString(StandardCharsets.UTF_8));
            }
        }
        compactTo = newest;
    }

    private void noteOthersCompaction(String revision) {
        try {
            calls.noteCompacted(Long.parseLong(revision));
        } catch (NumberFormatException e) {
            LOG.warn("The compaction key in etcd holds {}, which is no revision", revision);
        }
    }

    private ByteSequence key(String name) {
        return EtcdStorage.sequence(options.ownKey(name));
    }

    @Override
    public void close() {
        stopping = true;
        thread.interrupt();
        try {
            if (!thread.join(Duration.ofSeconds(8))) {
                LOG.warn("The etcd upkeep thread did not end within 8 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
