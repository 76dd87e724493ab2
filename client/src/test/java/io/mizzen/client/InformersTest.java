// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Informers against a small HTTP server that speaks list and watch. */
class InformersTest {

    private static final String END = "";

    private final BlockingQueue<String> frames = new LinkedBlockingQueue<>(100);
    private final List<String> watches = new CopyOnWriteArrayList<>();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private volatile String list = list("10", configMap("a", "1"), configMap("b", "2"));
    private HttpServer server;
    private ExecutorService threads;
    private KubernetesClient client;

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        threads = Executors.newVirtualThreadPerTaskExecutor();
        server.setExecutor(threads);
        server.createContext("/", this::serve);
        server.start();
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                .build();
        client = KubeClients.connect(config, "test");
    }

    @AfterEach
    void stopServer() {
        client.close();
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void readsTheListAndFollowsTheWatch() throws Exception {
        try (Informers informers = new Informers(client, "test", registry)) {
            Informer<ConfigMap> maps = informers.of(ConfigMap.class);
            List<String> told = new CopyOnWriteArrayList<>();
            maps.onChange(recorder(told));
            informers.startAndSync(Duration.ofSeconds(20));

            assertThat(maps.list()).hasSize(2);
            frames.add(frame("ADDED", configMap("c", "11")));
            frames.add(frame("MODIFIED", configMap("a", "12")));
            frames.add(frame("DELETED", configMap("b", "13")));
            frames.add("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"20\"}}}");

            await().until(() -> told.size() == 5);
            assertThat(told).containsExactly("+a@1", "+b@2", "+c@11", "a@1>12", "-b@13");
            assertThat(maps.find(new ObjectKey("default", "b"))).isEmpty();
            assertThat(informers.of(ConfigMap.class)).isSameAs(maps);
        }
    }

    @Test
    void resumesAnEndedWatchFromTheLastRevisionSeen() throws Exception {
        try (Informers informers = new Informers(client, "test", registry)) {
            Informer<ConfigMap> maps = informers.of(ConfigMap.class);
            informers.startAndSync(Duration.ofSeconds(20));
            frames.add("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"42\"}}}");
            frames.add(END);
            frames.add(frame("ADDED", configMap("late", "43")));

            await().until(() -> maps.find(new ObjectKey("default", "late")).isPresent());
            assertThat(watches).hasSize(2);
            assertThat(watches.get(0)).contains("resourceVersion=10&").as("first watch");
            assertThat(watches.get(1)).contains("resourceVersion=42&").as("second watch");
        }
    }

    @Test
    void listsAnewWhenItsRevisionIsGoneAndTellsTheDifference() throws Exception {
        try (Informers informers = new Informers(client, "test", registry)) {
            Informer<ConfigMap> maps = informers.of(ConfigMap.class);
            List<String> told = new CopyOnWriteArrayList<>();
            maps.onChange(recorder(told));
            informers.startAndSync(Duration.ofSeconds(20));
            list = list("99", configMap("b", "50"), configMap("n", "60"));
            frames.add("{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}");

            await().until(() -> told.size() == 5);
            assertThat(told).containsExactly("+a@1", "+b@2", "b@2>50", "+n@60", "-a@1");
        }
    }

    @Test
    void throwsTheServersOwnMessageOnRefusal() {
        ApiClient api = new HttpApiClient(client);

        assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(
                        KubernetesClientException.class,
                        () -> api.delete(ConfigMap.class, new ObjectKey("default", "a"), DeleteRequest.ofUid("other"))))
                .hasMessage("the UID in the precondition does not match")
                .matches(ApiErrors::isConflict);
        assertThat(api.find(ConfigMap.class, new ObjectKey("default", "nope"))).isEmpty();
    }

    private static ChangeHandler<ConfigMap> recorder(List<String> told) {
        return new ChangeHandler<>() {
            @Override
            public void added(ConfigMap object) {
                told.add("+" + name(object));
            }

            @Override
            public void updated(ConfigMap old, ConfigMap object) {
                told.add(name(old) + ">" + object.getMetadata().getResourceVersion());
            }

            @Override
            public void deleted(ConfigMap last) {
                told.add("-" + name(last));
            }

            private String name(ConfigMap map) {
                return map.getMetadata().getName() + "@" + map.getMetadata().getResourceVersion();
            }
        };
    }

    private void serve(HttpExchange exchange) throws IOException {
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        if (exchange.getRequestMethod().equals("DELETE")) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            boolean withUid = body.contains("\"preconditions\":{\"uid\":\"other\"}");
            answer(
                    exchange,
                    withUid ? 409 : 200,
                    status(409, "Conflict", "the UID in the precondition does not match"));
        } else if (query.contains("watch=true")) {
            watches.add(query + "&");
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().flush();
            pump(exchange);
        } else if (exchange.getRequestURI().getPath().endsWith("/nope")) {
            answer(exchange, 404, status(404, "NotFound", "configmaps \"nope\" not found"));
        } else {
            answer(exchange, 200, list);
        }
    }

    private void pump(HttpExchange exchange) throws IOException {
        try (exchange) {
            for (String frame = frames.poll(20, TimeUnit.SECONDS);
                    frame != null && !frame.equals(END);
                    frame = frames.poll(20, TimeUnit.SECONDS)) {
                exchange.getResponseBody().write((frame + "\n").getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange exchange, int code, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(code, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static String status(int code, String reason, String message) {
        return "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":" + code + ",\"reason\":\""
                + reason + "\",\"message\":\"" + message.replace("\"", "\\\"") + "\"}";
    }

    private static String configMap(String name, String version) {
        return "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"namespace\":\"default\",\"name\":\""
                + name + "\",\"resourceVersion\":\"" + version + "\"}}";
    }

    private static String list(String version, String... items) {
        return "{\"kind\":\"ConfigMapList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"" + version
                + "\"},\"items\":[" + String.join(",", items) + "]}";
    }

    private static String frame(String type, String object) {
        return "{\"type\":\"" + type + "\",\"object\":" + object + "}";
    }
}
