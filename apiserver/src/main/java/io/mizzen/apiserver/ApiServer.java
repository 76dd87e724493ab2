// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.apiserver.bootstrap.Bootstrap;
import io.mizzen.apiserver.bootstrap.ServerLeases;
import io.mizzen.apiserver.customresource.CustomResources;
import io.mizzen.apiserver.endpoint.ApiEndpoints;
import io.mizzen.apiserver.endpoint.Health;
import io.mizzen.apiserver.endpoint.Pages;
import io.mizzen.apiserver.http.HttpFrontend;
import io.mizzen.apiserver.metrics.MetricsScraper;
import io.mizzen.apiserver.proxy.Forwarder;
import io.mizzen.apiserver.registry.BuiltInResources;
import io.mizzen.apiserver.registry.ClaimRepair;
import io.mizzen.apiserver.registry.ResourceRegistry;
import io.mizzen.apiserver.registry.ServiceAllocator;
import io.mizzen.apiserver.registry.Strategies;
import io.mizzen.apiserver.storage.MeasuredStorage;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.cache.WatchCache;
import io.mizzen.apiserver.storage.cache.WatchCacheOptions;
import io.mizzen.apiserver.storage.embedded.EmbeddedOptions;
import io.mizzen.apiserver.storage.embedded.EmbeddedStorage;
import io.mizzen.apiserver.storage.etcd.EtcdOptions;
import io.mizzen.apiserver.storage.etcd.EtcdStorage;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.URI;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running API server: storage, watch cache, the engine for all kinds and the HTTPS door, wired in one place.
 *
 * <p>{@link #start} returns when the first objects are written and requests are answered. {@link #close} ends everything
 * that was started, in reverse order.
 */
public final class ApiServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);
    private static final Duration CACHE_START = Duration.ofSeconds(60);

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final Health health = new Health();
    private int port;

    private ApiServer() {}

    /**
     * Starts an API server.
     *
     * @throws Exception with one clear line when an address is taken, a folder is locked or a file is unusable
     */
    public static ApiServer start(ApiServerOptions options, MeterRegistry metrics) throws Exception {
        ApiServer server = new ApiServer();
        try {
            server.run(options, metrics);
            return server;
        } catch (Exception failed) {
            server.close();
            throw failed;
        }
    }

    private void run(ApiServerOptions options, MeterRegistry metrics) throws Exception {
        InstantSource clock = InstantSource.system();
        RandomGenerator random = new SecureRandom();
        Vertx vertx = vertx();
        Storage storage = own(new MeasuredStorage(openStorage(options), metrics));
        ServiceAllocator allocator = new ServiceAllocator(storage, options.serviceCidr(), random, clock);
        ResourceRegistry resources = new ResourceRegistry();
        BuiltInResources.serve(Catalog.builtIn(), resources, new Strategies(allocator, options.eventTtl()));
        WatchCache cache = own(WatchCache.prepare(storage, WatchCacheOptions.usual(), metrics));
        BuiltInResources.cache(resources, cache);
        cache.start();
        ApiServerOptions.Tls tls = options.tls();
        Forwarder forwarder = own(
                new Forwarder(vertx, tls.kubeletClientCertificate(), tls.kubeletClientKey(), tls.kubeletAuthority()));
        MetricsScraper scraper = MetricsScraper.prepare(cache, forwarder, clock);
        ApiEndpoints endpoints =
                ApiEndpoints.of(options, storage, cache, resources, forwarder, scraper, metrics, clock, random);
        awaitCache(cache);
        health.add("etcd", () -> storage.currentRevision() >= 0);
        health.add("watch-cache", cache::isReady);
        Pages pages = new Pages(
                endpoints.pipeline(),
                resources,
                health,
                metrics,
                options.advertiseAddress(),
                Files.readAllBytes(tls.clientAuthority()));
        HttpFrontend frontend = own(HttpFrontend.listen(
                vertx,
                options.bindAddress(),
                options.httpsPort(),
                tls.servingCertificate(),
                tls.servingKey(),
                pages.handlers(),
                endpoints.pipeline()::handleResource));
        port = frontend.port();
        Bootstrap.Service service = new Bootstrap.Service(port, allocator.firstAddress());
        Bootstrap bootstrap = new Bootstrap(endpoints.store(), resources, storage, clock, service);
        bootstrap.run(options.serviceCidr());
        ClaimRepair repair = new ClaimRepair(storage, allocator, resources);
        own(ServerLeases.start(storage, bootstrap, repair, options.advertiseAddress(), port));
        own(CustomResources.start(cache, endpoints.store(), endpoints.deletion(), resources, clock));
        own(scraper).start();
        health.started();
        LOG.info("the API server listens on https://{}:{}", options.bindAddress(), port);
    }

    private Vertx vertx() {
        Vertx vertx = Vertx.vertx(
                new VertxOptions().setEventLoopPoolSize(2).setWorkerPoolSize(2).setInternalBlockingPoolSize(4));
        parts.push(() -> vertx.close().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS));
        return vertx;
    }

    private static Storage openStorage(ApiServerOptions options) {
        ApiServerOptions.Etcd etcd = options.etcd();
        if (etcd != null) {
            EtcdOptions where =
                    EtcdOptions.of(etcd.endpoints().stream().map(URI::create).toList());
            return EtcdStorage.connect(where.withTls(etcd.authority(), etcd.certificate(), etcd.key()));
        }
        return EmbeddedStorage.open(EmbeddedOptions.in(options.dataDir()));
    }

    private <T extends AutoCloseable> T own(T part) {
        parts.push(part);
        return part;
    }

    private static void awaitCache(WatchCache cache) throws InterruptedException {
        cache.awaitCurrent(CACHE_START);
        if (!cache.isReady()) {
            throw new IllegalStateException("the watch cache was not filled within " + CACHE_START.toSeconds() + " s");
        }
    }

    /** The port that is listened on. */
    public int port() {
        return port;
    }

    @Override
    public void close() {
        health.stopping();
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception failed) {
                LOG.warn("a part of the API server did not close cleanly: {}", failed.toString());
            }
        }
    }
}
