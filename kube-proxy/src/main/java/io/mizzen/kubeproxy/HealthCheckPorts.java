// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.mizzen.kubeproxy.service.ServiceHealth;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers at the {@code healthCheckNodePort} of each Service whether this node has ready endpoints of it: 200 or 503, as load
 * balancers outside expect with {@code externalTrafficPolicy: Local}. Owned by the proxy's thread; requests run on virtual
 * threads {@code kube-proxy-healthcheck-N}.
 */
final class HealthCheckPorts implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HealthCheckPorts.class);
    private static final int BACKLOG = 16;

    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("kube-proxy-healthcheck-", 0).factory());
    private final Map<Integer, HttpServer> servers = new HashMap<>();
    private final Map<Integer, ServiceHealth> health = new ConcurrentHashMap<>();

    /** Opens and closes ports so that exactly these are served; one that is taken is tried again at the next call. */
    void serve(Map<Integer, ServiceHealth> wanted) {
        health.keySet().retainAll(wanted.keySet());
        health.putAll(wanted);
        servers.entrySet().removeIf(entry -> {
            boolean isGone = !wanted.containsKey(entry.getKey());
            if (isGone) {
                entry.getValue().stop(0);
            }
            return isGone;
        });
        for (int port : wanted.keySet()) {
            if (!servers.containsKey(port)) {
                open(port);
            }
        }
    }

    private void open(int port) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(port), BACKLOG);
            server.setExecutor(threads);
            server.createContext("/", exchange -> answer(exchange, health.get(port)));
            server.start();
            servers.put(port, server);
        } catch (IOException taken) {
            log.warn("Health check port {} of {} cannot be served: {}", port, health.get(port), taken.getMessage());
        }
    }

    private static void answer(HttpExchange exchange, @Nullable ServiceHealth health) throws IOException {
        try (exchange) {
            int count = health == null ? 0 : health.localEndpoints();
            byte[] body = health == null ? new byte[0] : health.json().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
            exchange.getResponseHeaders().set("X-Load-Balancing-Endpoint-Weight", String.valueOf(count));
            exchange.sendResponseHeaders(count > 0 ? 200 : 503, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        servers.values().forEach(server -> server.stop(0));
        servers.clear();
        threads.shutdownNow();
    }
}
