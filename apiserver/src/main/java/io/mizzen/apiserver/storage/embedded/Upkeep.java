// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.Storage.WriteResult;
import io.mizzen.apiserver.storage.StorageException;
import io.mizzen.apiserver.storage.embedded.RocksStore.Table;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the store does by itself, once a second: deletes keys whose time to live ended (through the writer, guarded by their
 * revision, so that a renewed key stays), compacts history, and reopens the database after a failed commit.
 */
final class Upkeep implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
    private static final long TICK_NANOS = 1_000_000_000;
    private static final int EXPIRIES_AT_ONCE = 1000;

    private final RocksStore store;
    private final Writer writer;
    private final EventWindow window;
    private final Compactor compactor;
    private final EmbeddedOptions options;
    private final Consumer<WriteCommand> submit;
    private final Thread thread;
    private volatile boolean stopping;
    private long sweptTo;
    private long compactNext;
    private Instant compactAt;

    Upkeep(
            RocksStore store,
            Writer writer,
            EventWindow window,
            Compactor compactor,
            EmbeddedOptions options,
            Consumer<WriteCommand> submit) {
        this.store = store;
        this.writer = writer;
        this.window = window;
        this.compactor = compactor;
        this.options = options;
        this.submit = submit;
        this.compactNext = compactor.compacted();
        this.compactAt = options.clock().instant().plus(options.compactionInterval());
        this.thread = Thread.ofPlatform().name("storage-upkeep").daemon().unstarted(this::run);
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
                recover();
                expire();
                compact();
            } catch (StorageException e) {
                LOG.warn("Upkeep of the store is put off: {}", e.getMessage());
            } catch (RuntimeException e) {
                LOG.error("Upkeep of the store failed", e);
            }
        }
    }

    private void recover() {
        if (!writer.hasFailed()) {
            return;
        }
        store.reopen();
        window.reset(Math.max(window.revision(), store.read(view -> view.number(Layout.REVISION))));
        writer.recovered();
        LOG.info(
                "The store in {} was reopened at revision {} and takes writes again",
                options.folder(),
                window.revision());
    }

    private void expire() {
        long now = options.clock().instant().getEpochSecond();
        List<WriteCommand> commands = store.readSnapshot(view -> {
            List<WriteCommand> due = new ArrayList<>();
            view.scan(Table.EXPIRIES, Layout.number(Math.min(sweptTo, now)), Layout.number(now + 1), (expiry, key) -> {
                long modRevision = Layout.name(expiry).expiry();
                due.add(WriteCommand.of(Layout.text(key), null, modRevision, 0));
                return due.size() < EXPIRIES_AT_ONCE;
            });
            return due;
        });
        if (commands.size() < EXPIRIES_AT_ONCE) {
            // Nothing is left before this second, so that the next sweep need not walk over what it deleted.
            sweptTo = now;
        }
        if (commands.isEmpty()) {
            return;
        }
        commands.forEach(submit);
        CompletableFuture<?>[] results =
                commands.stream().map(WriteCommand::result).toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(results).handle((all, failed) -> null).join();
        LOG.debug(
                "{} keys ended their time to live",
                commands.stream()
                        .filter(command -> !command.result().isCompletedExceptionally()
                                && command.result().join() instanceof WriteResult.Written)
                        .count());
    }

    private void compact() {
        Instant now = options.clock().instant();
        long newest = window.revision();
        if (!now.isBefore(compactAt)) {
            compactAt = now.plus(options.compactionInterval());
            compactor.compact(compactNext);
            compactNext = newest;
        }
        // Twice the limit before acting, so that a busy store does not compact every second.
        if (newest - compactor.compacted() > 2 * options.historyLimit()) {
            compactor.compact(newest - options.historyLimit());
        }
    }

    @Override
    public void close() {
        stopping = true;
        LockSupport.unpark(thread);
        try {
            if (!thread.join(Duration.ofSeconds(5))) {
                LOG.warn("The storage upkeep thread did not end within 5 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
