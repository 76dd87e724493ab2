// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import io.mizzen.apiserver.storage.CompactedException;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.Page;
import io.mizzen.apiserver.storage.StorageEvent;
import io.mizzen.apiserver.storage.StorageException;
import io.mizzen.apiserver.storage.StorageListener;
import io.mizzen.apiserver.storage.Subscription;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the store to the cache: one listing, then one watch, and all of it again when the watch ends because its history is
 * gone. The listing is of a moment ago, so that the changes since then fill the history and clients of the process before
 * resume their watches here.
 */
final class StoreFeed implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreFeed.class);
    private static final long RETRY_NANOS = 500_000_000;
    private static final long IDLE_NANOS = 1_000_000_000;

    /** Where the store's content goes. Calls come one at a time. */
    interface Target {
        /** Everything, as of a revision; whatever was here before is void. */
        void install(List<Entry> entries, long revision);

        /** Changes after what is here. */
        void apply(List<StorageEvent> events);

        /** Nothing else happened up to a revision. */
        void progress(long revision);
    }

    private final Storage storage;
    private final WatchCacheOptions options;
    private final Target target;
    private final Thread thread;
    private volatile boolean stopping;
    private volatile boolean broken;
    private volatile long readyAt = Long.MAX_VALUE;

    StoreFeed(Storage storage, WatchCacheOptions options, Target target) {
        this.storage = storage;
        this.options = options;
        this.target = target;
        this.thread = Thread.ofPlatform().name("cache-feed").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** The revision at which the cache is as new as the store was when the feed began. */
    long readyAt() {
        return readyAt;
    }

    private void run() {
        boolean complained = false;
        while (!stopping) {
            try (Subscription watch = load()) {
                complained = false;
                while (!stopping && !broken) {
                    LockSupport.parkNanos(this, IDLE_NANOS);
                }
            } catch (StorageException e) {
                if (!complained) {
                    complained = true;
                    LOG.warn("The watch cache waits for the store: {}", e.getMessage());
                }
                LockSupport.parkNanos(this, RETRY_NANOS);
            } catch (RuntimeException e) {
                LOG.error("The watch cache could not be filled and tries again", e);
                LockSupport.parkNanos(this, RETRY_NANOS);
            }
        }
    }

    private Subscription load() {
        long current = storage.currentRevision();
        long from = Math.max(Math.max(1, storage.compactedRevision()), current - options.replay());
        Page page;
        try {
            page = storage.list(options.root(), null, 0, from);
        } catch (CompactedException e) {
            page = storage.list(options.root(), null, 0, 0);
        }
        long revision = page.revision();
        // Before the entries are there, so that whoever awaits this revision then finds the cache ready.
        readyAt = Math.max(current, revision);
        target.install(page.entries(), revision);
        broken = false;
        Subscription watch = storage.watch(options.root(), revision, new Listener());
        LOG.info(
                "The watch cache holds {} entries at revision {}",
                page.entries().size(),
                revision);
        return watch;
    }

    @Override
    public void close() {
        stopping = true;
        LockSupport.unpark(thread);
        try {
            if (!thread.join(Duration.ofSeconds(5))) {
                LOG.warn("The cache feed did not end within 5 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Listener implements StorageListener {
        @Override
        public void onEvents(List<StorageEvent> events) {
            if (!stopping) {
                target.apply(events);
            }
        }

        @Override
        public void onProgress(long revision) {
            if (!stopping) {
                target.progress(revision);
            }
        }

        @Override
        public void onClosed(StorageException cause) {
            if (!stopping) {
                LOG.warn("The watch on the store ended, everything is listed anew: {}", cause.getMessage());
            }
            broken = true;
            LockSupport.unpark(thread);
        }
    }
}
