// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.metrics;

import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.proxy.Forwarder;
import io.mizzen.apiserver.proxy.Target;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks every kubelet every 15 seconds what its node and pods use, as metrics-server does by default; at most
 * {@value #AT_ONCE} at a time, each for at most {@value #TIMEOUT_SECONDS} seconds and {@value #MOST_BYTES} bytes. The thread
 * {@code apiserver-metrics} owns the book. A kubelet that does not answer is left out until it does.
 */
public final class MetricsScraper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MetricsScraper.class);
    private static final Duration RESOLUTION = Duration.ofSeconds(15);
    private static final ResourceKey NODES = new ResourceKey("", "nodes");
    private static final int AT_ONCE = 16;
    private static final int TIMEOUT_SECONDS = 10;
    private static final int MOST_BYTES = 8 << 20;

    private final ObjectCache cache;
    private final Forwarder forwarder;
    private final InstantSource clock;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;
    private volatile UsageBook book = UsageBook.EMPTY;

    private MetricsScraper(ObjectCache cache, Forwarder forwarder, InstantSource clock) {
        this.cache = cache;
        this.forwarder = forwarder;
        this.clock = clock;
        this.thread = Thread.ofVirtual().name("apiserver-metrics").unstarted(this::run);
    }

    /** Makes a scraper; it does nothing before {@link #start}. */
    public static MetricsScraper prepare(ObjectCache cache, Forwarder forwarder, InstantSource clock) {
        return new MetricsScraper(cache, forwarder, clock);
    }

    /** Begins to scrape; call once, when the cache is filled. */
    public void start() {
        thread.start();
    }

    /** The newest usages. */
    public UsageBook book() {
        return book;
    }

    private void run() {
        try {
            do {
                try {
                    scrape();
                } catch (RuntimeException failed) {
                    LOG.warn("A round of usages failed, the next is in {} s", RESOLUTION.toSeconds(), failed);
                }
            } while (!stop.await(RESOLUTION.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private void scrape() throws InterruptedException {
        if (!(cache.list(ListRequest.all(NODES)) instanceof ListResult.Listed listed)) {
            return;
        }
        Map<String, NodeScrape> round = new ConcurrentHashMap<>();
        Semaphore seats = new Semaphore(AT_ONCE);
        List<CachedObject> nodes = listed.items();
        for (CachedObject node : nodes) {
            seats.acquire();
            Thread.ofVirtual().name("apiserver-metrics-" + node.name()).start(() -> {
                try {
                    ask(node, round);
                } finally {
                    seats.release();
                }
            });
        }
        // All seats are free again when every kubelet has answered or was given up.
        seats.acquire(AT_ONCE);
        book = book.next(round);
    }

    private void ask(CachedObject node, Map<String, NodeScrape> round) {
        try {
            Target target = Target.ofKubelet(ObjectCodec.parse(node.json()), "/metrics/resource");
            byte[] text = forwarder.fetch(target, TIMEOUT_SECONDS, MOST_BYTES);
            round.put(node.name(), NodeScrape.parse(new String(text, StandardCharsets.UTF_8), clock.instant()));
        } catch (StatusException | IllegalArgumentException failed) {
            LOG.debug("node {} tells no usage: {}", node.name(), failed.getMessage());
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws InterruptedException {
        stop.countDown();
        thread.interrupt();
        if (!thread.join(Duration.ofSeconds(1))) {
            LOG.warn("the thread {} did not end in time", thread.getName());
        }
    }
}
