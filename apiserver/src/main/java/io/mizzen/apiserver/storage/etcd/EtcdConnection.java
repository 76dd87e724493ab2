// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Lease;
import io.etcd.jetcd.Watch;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.netty.handler.ssl.SslContextBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jetcd client in use. After an outage it is replaced by a new one, because the channel of the old one may wait minutes
 * before it tries again (gRPC's connection back-off is not within reach).
 */
final class EtcdConnection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EtcdConnection.class);
    private static final int CONNECT_MILLIS = 1000;
    private static final int MAX_MESSAGE_BYTES = 256 << 20;

    private final EtcdOptions options;
    private final ExecutorService executor;
    private volatile Client client;
    private volatile int generation;

    EtcdConnection(EtcdOptions options) {
        this.options = options;
        this.executor = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("etcd-call-", 0).factory());
        try {
            this.client = build();
        } catch (RuntimeException e) {
            executor.shutdownNow();
            throw e;
        }
    }

    KV kv() {
        return client.getKVClient();
    }

    Lease lease() {
        return client.getLeaseClient();
    }

    Watch watch() {
        return client.getWatchClient();
    }

    /** Grows by one with every new client. */
    int generation() {
        return generation;
    }

    /**
     * A client beside the one in use, to try whether etcd answers. It has an event loop of its own, because closing a client
     * closes its event loop.
     */
    Client build() {
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setUseDaemonThread(true)
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1));
        ClientBuilder builder = Client.builder()
                .endpoints(options.endpoints())
                .vertx(vertx)
                .executorService(executor)
                .waitForReady(false)
                .retryMaxAttempts(1)
                .connectTimeout(Duration.ofSeconds(3))
                .keepaliveTime(Duration.ofSeconds(10))
                .keepaliveTimeout(Duration.ofSeconds(5))
                .keepaliveWithoutCalls(false)
                .maxInboundMessageSize(MAX_MESSAGE_BYTES);
        if (options.isTls()) {
            try {
                builder.sslContext(this::configureTls);
            } catch (SSLException | IllegalArgumentException e) {
                vertx.close().onFailure(failure -> LOG.debug("An event loop did not close", failure));
                throw new StorageUnavailableException(
                        "The TLS files for etcd cannot be used: " + e.getMessage(), false, e);
            }
        }
        return builder.build();
    }

    private void configureTls(SslContextBuilder tls) {
        Path ca = options.caFile();
        if (ca != null) {
            tls.trustManager(readable(ca, "--etcd-cafile"));
        }
        Path cert = options.certFile();
        Path key = options.keyFile();
        if (cert != null && key != null) {
            tls.keyManager(readable(cert, "--etcd-certfile"), readable(key, "--etcd-keyfile"));
        }
    }

    private static File readable(Path file, String flag) {
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException(flag + " " + file + " cannot be read");
        }
        return file.toFile();
    }

    /** Uses a new client from now on and closes the old one. */
    void replace(Client newClient) {
        Client old = client;
        client = newClient;
        generation++;
        closeQuietly(old);
        LOG.info("Connected to etcd anew");
    }

    static void closeQuietly(@Nullable Client client) {
        if (client != null) {
            try {
                client.close();
            } catch (RuntimeException e) {
                LOG.debug("Closing an etcd client failed", e);
            }
        }
    }

    /** Whether any endpoint takes connections: cheaper to ask than by a client. */
    boolean isReachable() {
        for (URI endpoint : options.endpoints()) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(endpoint.getHost(), endpoint.getPort()), CONNECT_MILLIS);
                return true;
            } catch (IOException e) {
                LOG.trace("{} takes no connection", endpoint, e);
            }
        }
        return false;
    }

    @Override
    public void close() {
        closeQuietly(client);
        executor.shutdown();
    }
}
