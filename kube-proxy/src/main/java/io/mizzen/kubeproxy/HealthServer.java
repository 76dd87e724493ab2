// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Answers {@code /healthz}, {@code /livez} and {@code /metrics}. Its threads are virtual, {@code kube-proxy-http-N}. */
final class HealthServer implements AutoCloseable {
    /**
     * The state of the proxy.
     *
     * @param isHealthy whether rules are applied in time
     * @param json the answer's body
     */
    record Health(boolean isHealthy, String json) {}

    private final List<HttpServer> servers = new ArrayList<>();
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("kube-proxy-http-", 0).factory());

    HealthServer(
            @Nullable InetSocketAddress health,
            @Nullable InetSocketAddress metrics,
            Supplier<Health> state,
            MeterRegistry registry)
            throws IOException {
        if (health != null) {
            HttpServer server = listen(health);
            for (String path : List.of("/healthz", "/livez")) {
                server.createContext(path, exchange -> answerHealth(exchange, state.get()));
            }
            server.start();
        }
        if (metrics != null) {
            HttpServer server = listen(metrics);
            server.createContext("/healthz", exchange -> answer(exchange, 200, "text/plain", "ok"));
            server.createContext(
                    "/metrics",
                    exchange -> answer(
                            exchange,
                            200,
                            "text/plain; version=0.0.4; charset=utf-8",
                            registry instanceof PrometheusMeterRegistry prometheus ? prometheus.scrape() : ""));
            server.createContext("/proxyMode", exchange -> answer(exchange, 200, "text/plain", "nftables"));
            server.start();
        }
    }

    @Override
    public void close() {
        servers.forEach(server -> server.stop(0));
        threads.shutdownNow();
    }

    private HttpServer listen(InetSocketAddress address) throws IOException {
        HttpServer server;
        try {
            server = HttpServer.create(address, 16);
        } catch (IOException taken) {
            close();
            throw new IOException("cannot listen on " + address + ": " + taken.getMessage(), taken);
        }
        server.setExecutor(threads);
        servers.add(server);
        return server;
    }

    private static void answerHealth(HttpExchange exchange, Health health) throws IOException {
        answer(exchange, health.isHealthy() ? 200 : 503, "application/json", health.json());
    }

    private static void answer(HttpExchange exchange, int code, String type, String body) throws IOException {
        try (exchange) {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
            exchange.sendResponseHeaders(code, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }
}
