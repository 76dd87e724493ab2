// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.MAPS;
import static io.mizzen.apiserver.TestObjects.PODS;
import static io.mizzen.apiserver.TestObjects.map;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.TestClient.Answer;
import java.io.BufferedReader;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server itself: when it is ready, what it tells of its store and its nodes, and what a restart leaves. */
class ApiServerIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @Test
    void isReadyOnceItHasStarted() throws Exception {
        try (TestClient anybody = server.client("")) {
            assertThat(anybody.get("/readyz").body().asText()).isEqualTo("ok");
            assertThat(anybody.get("/livez?verbose").body().asText()).contains("[+]ping ok", "livez check passed");
        }
    }

    @Test
    void hasEveryObjectAgainAfterARestart(@TempDir Path folder) throws Exception {
        TestKeys keys = new TestKeys(folder);
        Path data = folder.resolve("data");

        try (TestServer first = TestServer.start(keys, data)) {
            first.admin().create(MAPS, map("kept", "1"));
        }

        try (TestServer second = TestServer.start(keys, data)) {
            assertThat(second.admin().get(MAPS + "/kept").body().at("/data/k").asText())
                    .isEqualTo("1");
        }
    }

    @Test
    void watchesGoOnAfterARestartUnlessTheyAreFarBehind(@TempDir Path folder) throws Exception {
        TestKeys keys = new TestKeys(folder);
        Path data = folder.resolve("data");
        String first;
        String last;
        try (TestServer before = TestServer.start(keys, data)) {
            first = version(before.admin().create(MAPS, map("a", "0")));
            last = first;
            for (int i = 1; i <= 520; i++) {
                last = version(before.admin().patch(MAPS + "/a", "merge-patch+json", map("a", Integer.toString(i))));
            }
            before.admin().create(MAPS, map("b", "1"));
        }

        try (TestServer after = TestServer.start(keys, data);
                BufferedReader near = after.admin().watch(MAPS + "?watch=1&resourceVersion=" + last);
                BufferedReader far = after.admin().watch(MAPS + "?watch=1&resourceVersion=" + first)) {
            assertThat(TestClient.next(near).at("/object/metadata/name").asText())
                    .isEqualTo("b");
            ObjectNode event = TestClient.next(far);
            assertThat(event.path("type").asText()).isEqualTo("ERROR");
            assertThat(event.at("/object/code").asInt()).isEqualTo(410);
            assertThat(event.at("/object/reason").asText()).isEqualTo("Expired");
            assertThat(event.at("/object/message").asText()).startsWith("too old resource version: " + first + " (");
        }
    }

    private static String version(Answer answer) {
        return answer.body().at("/metadata/resourceVersion").asText();
    }

    @Test
    void tellsTheHealthOfTheStoreAsAComponent() throws Exception {
        Answer list = admin.get("/api/v1/componentstatuses");

        assertThat(list.body().at("/items/0/metadata/name").asText()).isEqualTo("etcd-0");
        assertThat(list.body().at("/items/0/conditions/0").toString())
                .isEqualTo("{\"type\":\"Healthy\",\"status\":\"True\",\"message\":\"ok\"}");
        assertThat(admin.get("/api/v1/componentstatuses/etcd-0").code()).isEqualTo(200);
        assertThat(admin.get("/api/v1/componentstatuses/scheduler").code()).isEqualTo(404);
    }

    @Test
    void tellsNoUsageWhereNoneIsKnown() throws Exception {
        Answer list = admin.get("/apis/metrics.k8s.io/v1beta1/pods");

        assertThat(list.code()).isEqualTo(200);
        assertThat(list.body().path("kind").asText()).isEqualTo("PodMetricsList");
        assertThat(list.body().path("items")).isEmpty();
        admin.create(PODS, """
                {"metadata":{"name":"quiet"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        assertThat(admin.get("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/quiet")
                        .message())
                .isEqualTo("podmetrics.metrics.k8s.io \"default/quiet\" not found");
        assertThat(admin.post("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods", "{}")
                        .code())
                .isEqualTo(405);
        assertThat(admin.get("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io")
                        .body()
                        .path("status")
                        .toString())
                .contains("\"status\":\"True\"");
    }
}
