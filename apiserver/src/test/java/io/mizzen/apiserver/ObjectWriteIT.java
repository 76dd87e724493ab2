// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.DEPLOYMENTS;
import static io.mizzen.apiserver.TestObjects.MAPS;
import static io.mizzen.apiserver.TestObjects.deployment;
import static io.mizzen.apiserver.TestObjects.map;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What creating, updating, patching and applying do to any object. */
class ObjectWriteIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @Test
    void fillsDefaultsAndMetadata() throws Exception {
        JsonNode created = admin.create(DEPLOYMENTS, deployment("defaults")).body();

        assertThat(created.at("/spec/strategy/rollingUpdate/maxSurge").asText()).isEqualTo("25%");
        assertThat(created.at("/spec/template/spec/containers/0/imagePullPolicy")
                        .asText())
                .isEqualTo("Always");
        assertThat(created.at("/spec/template/spec/dnsPolicy").asText()).isEqualTo("ClusterFirst");
        assertThat(created.at("/metadata/generation").asInt()).isEqualTo(1);
        assertThat(created.at("/metadata/uid").asText()).hasSize(36);
        assertThat(created.has("status")).isFalse();
    }

    @Test
    void generatesNames() throws Exception {
        JsonNode created =
                admin.create(MAPS, "{\"metadata\":{\"generateName\":\"gen-\"}}").body();

        assertThat(created.at("/metadata/name").asText()).matches("gen-[bcdfghjklmnpqrstvwxz2456789]{5}");
    }

    @Test
    void countsGenerationsOfSpecChangesOnly() throws Exception {
        admin.create(DEPLOYMENTS, deployment("generations"));
        String path = DEPLOYMENTS + "/generations";

        Answer labelled = admin.patch(path, "merge-patch+json", "{\"metadata\":{\"labels\":{\"x\":\"y\"}}}");
        Answer scaled = admin.patch(path, "merge-patch+json", "{\"spec\":{\"replicas\":0}}");
        Answer status = admin.patch(
                path + "/status", "merge-patch+json", "{\"status\":{\"replicas\":7},\"spec\":{\"replicas\":9}}");

        assertThat(labelled.body().at("/metadata/generation").asInt()).isEqualTo(1);
        assertThat(scaled.body().at("/metadata/generation").asInt()).isEqualTo(2);
        assertThat(status.body().at("/spec/replicas").asInt(-1)).isZero();
        assertThat(status.body().at("/status/replicas").asInt()).isEqualTo(7);
    }

    @Test
    void rejectsUpdateWithStaleResourceVersion() throws Exception {
        ObjectNode first = (ObjectNode) admin.create(MAPS, map("stale", "1")).body();
        assertThat(admin.patch(MAPS + "/stale", "merge-patch+json", "{\"data\":{\"k\":\"2\"}}")
                        .code())
                .isEqualTo(200);

        Answer conflict = admin.put(MAPS + "/stale", first);

        assertThat(conflict.code()).isEqualTo(409);
        assertThat(conflict.reason()).isEqualTo("Conflict");
        assertThat(conflict.message())
                .isEqualTo("Operation cannot be fulfilled on configmaps \"stale\": the object has been modified; "
                        + "please apply your changes to the latest version and try again");
    }

    @Test
    void writesNothingWhenNothingChanges() throws Exception {
        JsonNode created = admin.create(MAPS, map("same", "1")).body();

        JsonNode patched = admin.patch(MAPS + "/same", "merge-patch+json", "{\"data\":{\"k\":\"1\"}}")
                .body();

        assertThat(patched.at("/metadata/resourceVersion")).isEqualTo(created.at("/metadata/resourceVersion"));
    }

    @Test
    void keepsADryRunOutOfStorage() throws Exception {
        assertThat(admin.post(MAPS + "?dryRun=All", map("dry", "1")).code()).isEqualTo(201);
        assertThat(admin.get(MAPS + "/dry").code()).isEqualTo(404);
    }

    @Test
    void showsTheAddressThatAServiceWouldGetAndKeepsNone() throws Exception {
        String path = "/api/v1/namespaces/default/services";
        String addresses = "/apis/networking.k8s.io/v1/ipaddresses";
        String dry = "{\"metadata\":{\"name\":\"dry\"},\"spec\":{%s\"ports\":[{\"port\":80}]}}";
        JsonNode before = admin.get(addresses).body().path("items");

        Answer shown = admin.post(path + "?dryRun=All", dry.formatted(""));
        Answer refused = admin.post(path + "?dryRun=All", dry.formatted("\"ipFamilies\":[\"IPv6\"],"));

        assertThat(shown.code()).isEqualTo(201);
        assertThat(shown.body().at("/spec/clusterIP").asText()).isNotEmpty();
        assertThat(refused.code()).isEqualTo(422);
        assertThat(admin.get(path + "/dry").code()).isEqualTo(404);
        assertThat(admin.get(addresses).body().path("items")).isEqualTo(before);
    }

    @Test
    void ownsFieldsByServerSideApply() throws Exception {
        String path = DEPLOYMENTS + "/applied?fieldManager=";
        Answer created = admin.patch(path + "one", "apply-patch+yaml", deployment("applied"));
        String other = deployment("applied").replace("\"replicas\":2", "\"replicas\":5");

        Answer conflict = admin.patch(path + "two", "apply-patch+yaml", other);
        Answer forced = admin.patch(path + "two&force=true", "apply-patch+yaml", other);

        assertThat(created.code()).isEqualTo(201);
        assertThat(conflict.code()).isEqualTo(409);
        assertThat(conflict.message()).isEqualTo("Apply failed with 1 conflict: conflict with \"one\": .spec.replicas");
        assertThat(forced.body().at("/spec/replicas").asInt()).isEqualTo(5);
        assertThat(forced.body().at("/metadata/managedFields")).hasSize(2);
    }

    @Test
    void appliesNothingThatNobodyCouldOwn() throws Exception {
        String unknown = deployment("loose").replace("\"replicas\":2", "\"replicsa\":2");

        for (String validation : List.of("Strict", "Warn", "Ignore")) {
            Answer refused = admin.patch(
                    DEPLOYMENTS + "/loose?fieldManager=one&fieldValidation=" + validation, "apply-patch+yaml", unknown);

            assertThat(refused.code()).as(validation).isEqualTo(500);
            assertThat(refused.message())
                    .startsWith("failed to create typed patch object (")
                    .endsWith("loose; apps/v1, Kind=Deployment): .spec.replicsa: field not declared in schema");
        }
    }
    /** Whoever names no state of the object does not hear of the others: neither when changing nor when creating. */
    @Test
    void letsNoWriterThatNamesNoStateLoseARace() throws Exception {
        admin.create(MAPS, map("crowded", "0"));
        int writers = 16;
        int rounds = 60;
        List<Callable<List<Integer>>> tasks = new ArrayList<>();
        for (int writer = 0; writer < writers; writer++) {
            String key = "k" + writer;
            tasks.add(() -> crowd(key, rounds));
        }

        Set<Integer> codes = new TreeSet<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<List<Integer>> answers : threads.invokeAll(tasks, 60, TimeUnit.SECONDS)) {
                codes.addAll(answers.get());
            }
        }

        assertThat(codes).containsExactly(200, 201);
        JsonNode crowded = admin.get(MAPS + "/crowded").body().path("data");
        JsonNode last = admin.get(MAPS + "/applied-" + (rounds - 1)).body().path("data");
        for (int writer = 0; writer < writers; writer++) {
            assertThat(crowded.path("k" + writer).asText()).isEqualTo("v" + (rounds - 1));
            assertThat(last.path("k" + writer).asText()).isEqualTo("v" + (rounds - 1));
        }
    }

    /** Patches one object all share and applies to one more in each round; the codes of the answers. */
    private static List<Integer> crowd(String key, int rounds) throws Exception {
        List<Integer> codes = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            String data = "\"data\":{\"" + key + "\":\"v" + round + "\"}";
            String name = "applied-" + round;
            codes.add(admin.patch(MAPS + "/crowded", "merge-patch+json", "{" + data + "}")
                    .code());
            codes.add(admin.patch(
                            MAPS + "/" + name + "?fieldManager=" + key,
                            "apply-patch+yaml",
                            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" + name + "\"},"
                                    + data + "}")
                    .code());
        }
        return codes;
    }
}
