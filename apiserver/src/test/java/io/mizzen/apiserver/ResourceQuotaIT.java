// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.NAMESPACES;
import static io.mizzen.apiserver.TestObjects.named;
import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Quotas: counted once, and never given twice. */
class ResourceQuotaIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    /** A quota as its controller leaves it after the first count. */
    private static void quota(String namespace, String hard, String used) throws Exception {
        admin.create(NAMESPACES, named(namespace));
        String path = NAMESPACES + "/" + namespace + "/resourcequotas";
        admin.create(path, "{\"metadata\":{\"name\":\"q\"},\"spec\":{\"hard\":" + hard + "}}");
        Answer counted = admin.patch(
                path + "/q/status", "merge-patch+json", "{\"status\":{\"hard\":" + hard + ",\"used\":" + used + "}}");
        assertThat(counted.code()).isEqualTo(200);
    }

    private static String used(String namespace, String name) throws Exception {
        return admin.get(NAMESPACES + "/" + namespace + "/resourcequotas/q")
                .body()
                .at("/status/used")
                .path(name)
                .asText();
    }

    @Test
    void theLastPieceOfAQuotaIsGivenToOneOfManyWhoWantIt() throws Exception {
        quota("race", "{\"count/secrets\":\"7\"}", "{\"count/secrets\":\"0\"}");
        List<Callable<Integer>> writers = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            String secret = named("s" + i);
            writers.add(() -> admin.post(NAMESPACES + "/race/secrets", secret).code());
        }

        List<Integer> codes = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Integer> done : threads.invokeAll(writers, 60, TimeUnit.SECONDS)) {
                codes.add(done.get());
            }
        }

        assertThat(codes).containsOnly(201, 403);
        assertThat(codes.stream().filter(code -> code == 201)).hasSize(7);
        assertThat(used("race", "count/secrets")).isEqualTo("7");
        assertThat(admin.get(NAMESPACES + "/race/secrets").body().path("items")).hasSize(7);
    }

    @Test
    void aWriteThatDoesNotHappenIsNotCharged() throws Exception {
        quota("fair", "{\"configmaps\":\"3\"}", "{\"configmaps\":\"0\"}");
        String maps = NAMESPACES + "/fair/configmaps";
        String map = named("m");

        admin.create(maps, map);
        assertThat(admin.post(maps, map).code()).isEqualTo(409);
        assertThat(admin.post(maps + "?dryRun=All", named("n")).code()).isEqualTo(201);

        assertThat(used("fair", "configmaps")).isEqualTo("1");
    }

    @Test
    void aQuotaThatWasNotCountedYetRefuses() throws Exception {
        admin.create(NAMESPACES, named("young"));
        admin.create(
                NAMESPACES + "/young/resourcequotas",
                "{\"metadata\":{\"name\":\"q\"},\"spec\":{\"hard\":{\"secrets\":\"1\"}}}");

        Answer refused = admin.post(NAMESPACES + "/young/secrets", named("s"));

        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo("secrets \"s\" is forbidden: status unknown for quota: q, resources: secrets");
    }
}
