// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** The node's HTTPS server before real containers: logs, streams, statistics, and who is let in. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class KubeletServerIT {
    private final MemoryControlPlane control = new MemoryControlPlane();
    private ContainerdFixture containerd;
    private TestPki pki;
    private Kubelet kubelet;
    private HttpClient http;

    @BeforeAll
    void start() throws Exception {
        containerd = new ContainerdFixture(212);
        pki = new TestPki(containerd.dir().resolve("pki"));
        kubelet = Kubelet.start(
                containerd.options("node-a").withServer(pki.serverOptions()),
                control.ports(),
                new SimpleMeterRegistry());
        http = HttpClient.newBuilder()
                .sslContext(pki.context("master"))
                .version(HttpClient.Version.HTTP_1_1)
                .build();
        control.create(PodLifeIT.pod(
                        "web",
                        "echo one; echo two; echo three; mkdir -p /tmp/www; echo hello > /tmp/www/index.html; httpd -f -p 8080 -h /tmp/www")
                .build());
        await().atMost(Duration.ofSeconds(30))
                .until(() -> control.condition("web", "Ready").equals("True"));
    }

    @AfterAll
    void stop() throws Exception {
        http.close();
        kubelet.close();
        containerd.close();
    }

    private URI uri(String path) {
        return URI.create("https://127.0.0.1:" + kubelet.serverPort() + path);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void servesLogsWithTheOptionsOfKubectl() throws Exception {
        await().untilAsserted(() ->
                assertThat(get("/containerLogs/default/web/main").body()).isEqualTo("one\ntwo\nthree\n"));
        assertThat(get("/containerLogs/default/web/main?tailLines=1").body()).isEqualTo("three\n");
        assertThat(get("/containerLogs/default/web/main?limitBytes=5").body()).isEqualTo("one\nt");
        assertThat(get("/containerLogs/default/web/main?timestamps=true&tailLines=1")
                        .body())
                .matches("20\\S+Z three\n|20\\S+ three\n");
        assertThat(get("/containerLogs/default/web/main?sinceTime=2100-01-01T00:00:00Z")
                        .body())
                .isEmpty();
        assertThat(get("/containerLogs/default/web/main?previous=true").statusCode())
                .isEqualTo(400);
        assertThat(get("/containerLogs/default/web/main?previous=true").body())
                .isEqualTo("previous terminated container \"main\" in pod \"web\" not found");
        assertThat(get("/containerLogs/default/web/other").body())
                .isEqualTo("container \"other\" not found in pod \"web\"\n");
    }

    @Test
    void followsALogUntilItsContainerEnds() throws Exception {
        control.create(PodLifeIT.pod("counting", "for i in 1 2 3; do echo line $i; sleep 1; done")
                .editSpec()
                .withRestartPolicy("Never")
                .endSpec()
                .build());
        await().atMost(Duration.ofSeconds(20))
                .until(() -> control.container("counting", "main").getState().getRunning() != null);

        HttpResponse<String> all = get("/containerLogs/default/counting/main?follow=true");

        assertThat(all.body()).isEqualTo("line 1\nline 2\nline 3\n");
        control.deleteNow("counting");
    }

    @Test
    void runsACommandOverAWebSocket() throws Exception {
        Map<Integer, StringBuilder> channels = new ConcurrentHashMap<>();
        CountDownLatch closed = new CountDownLatch(1);
        WebSocket.Listener listener = new WebSocket.Listener() {
            @Override
            public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
                if (data.hasRemaining()) {
                    int channel = data.get();
                    channels.computeIfAbsent(channel, c -> new StringBuilder())
                            .append(StandardCharsets.UTF_8.decode(data));
                }
                socket.request(1);
                return null;
            }

            @Override
            public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
                closed.countDown();
                return null;
            }

            @Override
            public void onError(WebSocket socket, Throwable error) {
                closed.countDown();
            }
        };

        http.newWebSocketBuilder()
                .subprotocols("v4.channel.k8s.io")
                .buildAsync(
                        URI.create(
                                "wss://127.0.0.1:" + kubelet.serverPort()
                                        + "/exec/default/web/main?command=sh&command=-c&command=echo+out%3B+echo+err+%3E%262%3B+exit+7&output=1&error=1"),
                        listener)
                .get(20, TimeUnit.SECONDS);

        assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(channels.get(1).toString()).isEqualTo("out\n");
        assertThat(channels.get(2).toString()).isEqualTo("err\n");
        assertThat(channels.get(3).toString()).contains("NonZeroExitCode").contains("\"7\"");
    }

    @Test
    void takesSpdyUpgradesThatComeAsPost() throws Exception {
        String answer = upgrade("POST", "/exec/default/web/main?command=cat&input=1&output=1", "v4.channel.k8s.io");

        assertThat(answer)
                .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
                .containsIgnoringCase("upgrade: SPDY/3.1\r\n")
                .containsIgnoringCase("x-stream-protocol-version: v4.channel.k8s.io\r\n");
        assertThat(upgrade("POST", "/portForward/default/web", "portforward.k8s.io"))
                .startsWith("HTTP/1.1 101");
        assertThat(upgrade("POST", "/exec/default/web/absent?command=cat&output=1", "v4.channel.k8s.io"))
                .startsWith("HTTP/1.1 500")
                .contains("container not found (\"absent\")");
    }

    private String upgrade(String method, String path, String protocol) throws Exception {
        try (SSLSocket socket =
                (SSLSocket) pki.context("master").getSocketFactory().createSocket("127.0.0.1", kubelet.serverPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write((method + " " + path
                                    + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
                                    + "X-Stream-Protocol-Version: " + protocol + "\r\nContent-Length: 0\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            byte[] buffer = new byte[4096];
            StringBuilder out = new StringBuilder();
            while (!out.toString().contains("\r\n\r\n")
                    || !out.toString().contains("101") && !out.toString().contains("absent")) {
                int n = socket.getInputStream().read(buffer);
                if (n < 0) {
                    break;
                }
                out.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
            }
            return out.toString();
        }
    }

    @Test
    void letsNobodyInWithoutTheRightCertificate() throws Exception {
        try (HttpClient anonymous =
                        HttpClient.newBuilder().sslContext(pki.context("")).build();
                HttpClient nobody = HttpClient.newBuilder()
                        .sslContext(pki.context("nobody"))
                        .build()) {
            HttpRequest request = HttpRequest.newBuilder(uri("/pods")).build();
            assertThat(anonymous
                            .send(request, HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(401);
            HttpResponse<String> refused = nobody.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body())
                    .startsWith("Forbidden (user=nobody, verb=get, resource=nodes, subresource(s)=[pods, proxy])");
        }
        assertThat(get("/healthz").body()).isEqualTo("ok");
        assertThat(get("/run/default/web/main").statusCode()).isEqualTo(404);
    }

    @Test
    void tellsWhatPodsUse() throws Exception {
        JsonNode summary = new ObjectMapper().readTree(get("/stats/summary").body());
        JsonNode web = summary.path("pods")
                .valueStream()
                .filter(p -> p.path("podRef").path("name").asText().equals("web"))
                .findFirst()
                .orElseThrow();

        assertThat(summary.path("node").path("memory").path("workingSetBytes").asLong())
                .isPositive();
        assertThat(web.path("containers")
                        .get(0)
                        .path("memory")
                        .path("workingSetBytes")
                        .asLong())
                .isPositive();
        assertThat(web.path("cpu").path("usageCoreNanoSeconds").asLong()).isPositive();
        assertThat(get("/metrics/resource").body())
                .contains("node_memory_working_set_bytes ")
                .contains("container_cpu_usage_seconds_total{container=\"main\",namespace=\"default\",pod=\"web\"} ");
        assertThat(get("/pods").body()).contains("\"name\":\"web\"");
    }
}
