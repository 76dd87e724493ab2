// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.PODS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Logs on their way from a kubelet to who reads them. */
@Timeout(60)
class LogRelayIT {
    @AutoClose
    private static TestServer server;

    @AutoClose
    private static TestKubelet kubelet;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        kubelet = new TestKubelet(server.tls("O=system:nodes, CN=system:node:n1"));
        admin = server.admin();
        admin.create("/api/v1/nodes", """
                {"metadata":{"name":"n1"},"status":{"addresses":[{"type":"InternalIP","address":"127.0.0.1"}],
                 "daemonEndpoints":{"kubeletEndpoint":{"Port":%d}}}}""".formatted(kubelet.port()));
        for (String pod : List.of("whole", "half", "endless", "long")) {
            admin.create(PODS, """
                    {"metadata":{"name":"%s"},"spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"}]}}""".formatted(pod));
        }
    }

    private static String log(String pod) {
        return PODS + "/" + pod + "/log";
    }

    @Test
    void halfALogDoesNotPassForAWholeOne() throws Exception {
        assertThat(admin.get(log("whole")).body().asText()).isEqualTo("hello\n");

        for (int i = 0; i < 20; i++) {
            assertThatThrownBy(() -> admin.get(log("half"))).isInstanceOf(IOException.class);
        }
    }

    /** The kubelet's connection may break before the answer has found its reader: nobody waits for the rest then. */
    @Test
    void aBrokenLogKeepsNobodyWaiting() throws Exception {
        List<Callable<IOException>> reads =
                Collections.nCopies(150, () -> catchThrowableOfType(IOException.class, () -> admin.get(log("half"))));
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<IOException> broken : threads.invokeAll(reads)) {
                assertThat(broken.get()).isNotNull().isNotInstanceOf(HttpTimeoutException.class);
            }
        }
    }

    /** The kubelet is done, and its connection closed, long before the readers are. */
    @Test
    void manyReadALongLogToItsEnd() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + server.port() + log("long")))
                .build();
        List<Callable<Integer>> reads = Collections.nCopies(30, () -> {
            try (HttpClient client = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .sslContext(server.tls("O=system:masters, CN=admin"))
                    .build()) {
                return client.send(request, BodyHandlers.ofByteArray()).body().length;
            }
        });

        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Integer> length : threads.invokeAll(reads)) {
                assertThat(length.get()).isEqualTo(TestKubelet.LONG);
            }
        }
    }

    @Test
    void whoGoesAwayCutsOffHisOwnLogAlone() throws Exception {
        AtomicBoolean isOver = new AtomicBoolean();
        List<Thread> leaving = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            leaving.add(Thread.ofVirtual().name("leaves-" + i).start(() -> comeAndGo(isOver)));
        }
        try {
            for (int i = 0; i < 60; i++) {
                assertThat(admin.get(log("whole")).body().asText())
                        .as("attempt " + i)
                        .isEqualTo("hello\n");
            }
        } finally {
            isOver.set(true);
            for (Thread each : leaving) {
                each.join(Duration.ofSeconds(10));
            }
        }
    }

    private static void comeAndGo(AtomicBoolean isOver) {
        while (!isOver.get()) {
            try (TestClient client = server.client("O=system:masters, CN=admin")) {
                client.watch(log("whole"));
            } catch (Exception gone) {
                // He has gone before the answer, which is as good.
                continue;
            }
        }
    }

    @Test
    void manyFollowTheLogsOfOneNode() throws Exception {
        List<BufferedReader> readers = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                readers.add(admin.watch(log("endless") + "?follow=true"));
                assertThat(readers.getLast().readLine()).isEqualTo("hello");
            }
            assertThat(admin.get(log("whole")).body().asText()).isEqualTo("hello\n");
        } finally {
            for (BufferedReader reader : readers) {
                reader.close();
            }
        }
    }
}
