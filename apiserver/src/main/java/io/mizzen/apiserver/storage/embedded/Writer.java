// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.Storage.WriteResult;
import io.mizzen.apiserver.storage.StorageException;
import io.mizzen.apiserver.storage.StorageReadOnlyException;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.embedded.RocksStore.Table;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes. It takes all commands that wait, decides them in order, commits them with one sync, tells the
 * watchers, and answers. While it syncs, the next group gathers: the slower the disk, the larger the groups.
 */
final class Writer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Writer.class);
    private static final int QUEUE = 8192;
    private static final int GROUP = 1024;
    private static final int GROUP_BYTES = 4 << 20;
    private static final long TIMEOUT_SECONDS = 30;

    private final RocksStore store;
    private final EventWindow window;
    private final SpaceGuard space;
    private final InstantSource clock;
    private final Runnable afterCommit;
    private final BlockingQueue<WriteCommand> queue = new ArrayBlockingQueue<>(QUEUE);
    private final Thread thread;
    private volatile boolean stopping;
    /** Why writes are refused after a failed commit; the upkeep thread clears it by reopening the database. */
    private volatile @Nullable String failure;

    Writer(RocksStore store, EventWindow window, SpaceGuard space, InstantSource clock, Runnable afterCommit) {
        this.store = store;
        this.window = window;
        this.space = space;
        this.clock = clock;
        this.afterCommit = afterCommit;
        this.thread = Thread.ofPlatform().name("storage-writer").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Hands a command over; its result may be a failure. */
    void submit(WriteCommand command) {
        StorageUnavailableException refusal = null;
        try {
            if (stopping) {
                refusal = new StorageUnavailableException("The store is closed", false, null);
            } else if (!queue.offer(command, TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                refusal = new StorageUnavailableException("The store has too many writes waiting", false, null);
            } else if (stopping && !thread.isAlive() && queue.remove(command)) {
                refusal = new StorageUnavailableException("The store is closed", false, null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            refusal = new StorageUnavailableException("Interrupted before a write", false, e);
        }
        if (refusal != null) {
            command.result().completeExceptionally(refusal);
        }
    }

    /** Hands a command over and waits for its result. */
    WriteResult write(WriteCommand command) {
        submit(command);
        try {
            return command.result().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StorageException failed) {
                throw copy(failed);
            }
            throw new StorageUnavailableException("A write failed: " + e.getCause(), true, e.getCause());
        } catch (TimeoutException e) {
            throw new StorageUnavailableException(
                    "A write was not done within " + TIMEOUT_SECONDS + " s: the disk is too slow", true, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StorageUnavailableException("Interrupted while waiting for a write", true, e);
        }
    }

    /** One failure of a group reaches many callers: each gets an exception with its own stack. */
    private static StorageException copy(StorageException failed) {
        return switch (failed) {
            case StorageReadOnlyException e -> new StorageReadOnlyException(String.valueOf(e.getMessage()), e);
            case StorageUnavailableException e ->
                new StorageUnavailableException(String.valueOf(e.getMessage()), e.outcomeUnknown(), e);
            default -> failed;
        };
    }

    /** Whether a commit failed and the database must be reopened before the next. */
    boolean hasFailed() {
        return failure != null;
    }

    /** Takes writes again, after the database was reopened. */
    void recovered() {
        failure = null;
    }

    private void run() {
        List<WriteCommand> group = new ArrayList<>(GROUP);
        while (true) {
            try {
                WriteCommand first = queue.poll(200, TimeUnit.MILLISECONDS);
                if (first != null) {
                    gather(first, group);
                    commit(group);
                } else if (stopping) {
                    return;
                }
            } catch (InterruptedException e) {
                LOG.debug("The storage writer is asked to end");
            } catch (Exception e) {
                LOG.error("The group of {} writes failed", group.size(), e);
                fail(group, new StorageUnavailableException("The write failed: " + e, true, e));
            } finally {
                group.clear();
            }
        }
    }

    private void gather(WriteCommand first, List<WriteCommand> group) {
        group.add(first);
        int bytes = first.size();
        while (group.size() < GROUP && bytes < GROUP_BYTES) {
            WriteCommand next = queue.poll();
            if (next == null) {
                return;
            }
            group.add(next);
            bytes += next.size();
        }
    }

    private void commit(List<WriteCommand> commands) throws RocksDBException {
        long bytes = 0;
        for (WriteCommand command : commands) {
            bytes += command.size();
        }
        String refusal = failure != null ? failure : space.refusal(bytes);
        if (refusal != null) {
            fail(commands, new StorageReadOnlyException(refusal, null));
            return;
        }
        List<WriteResult> results = new ArrayList<>(commands.size());
        WriteGroup group = store.read(view -> {
            WriteGroup decided = new WriteGroup(
                    state(view), window.revision(), clock.instant().getEpochSecond());
            for (WriteCommand command : commands) {
                results.add(decided.add(command));
            }
            return decided;
        });
        Batch batch = group.batch();
        if (!batch.isEmpty()) {
            try {
                store.commit(batch);
            } catch (RocksDBException e) {
                failure =
                        "The disk of the store failed (" + e.getMessage() + "): the store is read-only until it works";
                LOG.error("{}", failure);
                fail(commands, new StorageUnavailableException("The commit failed: " + e.getMessage(), true, e));
                return;
            }
            window.append(group.events(), group.revision());
            afterCommit.run();
        }
        for (int i = 0; i < results.size(); i++) {
            commands.get(i).result().complete(results.get(i));
        }
    }

    private static WriteGroup.State state(RocksStore.View view) {
        return new WriteGroup.State() {
            @Override
            public Layout.@Nullable Name name(byte[] key) throws RocksDBException {
                byte[] bytes = view.get(Table.NAMES, key);
                return bytes == null ? null : Layout.name(bytes);
            }

            @Override
            public byte @Nullable [] value(long revision) throws RocksDBException {
                byte[] bytes = view.get(Table.REVISIONS, Layout.number(revision));
                return bytes == null ? null : Layout.value(bytes);
            }
        };
    }

    private static void fail(List<WriteCommand> commands, StorageException cause) {
        for (WriteCommand command : commands) {
            command.result().completeExceptionally(cause);
        }
    }

    /** Finishes what waits and ends the thread. */
    @Override
    public void close() {
        stopping = true;
        thread.interrupt();
        try {
            if (!thread.join(Duration.ofSeconds(8))) {
                LOG.warn("The storage writer did not end within 8 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        List<WriteCommand> late = new ArrayList<>();
        queue.drainTo(late);
        fail(late, new StorageUnavailableException("The store is closed", false, null));
    }
}
