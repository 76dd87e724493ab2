// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.DEFAULT;
import static io.mizzen.apiserver.TestObjects.MAPS;
import static io.mizzen.apiserver.TestObjects.NAMESPACES;
import static io.mizzen.apiserver.TestObjects.PODS;
import static io.mizzen.apiserver.TestObjects.map;
import static io.mizzen.apiserver.TestObjects.named;
import static io.mizzen.apiserver.TestObjects.pod;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes at once, and what waits for finalizers, a grace period or its namespace. */
class ObjectDeletionIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @Test
    void keepsObjectsWithFinalizersUntilTheyAreGone() throws Exception {
        admin.create(MAPS, "{\"metadata\":{\"name\":\"final\",\"finalizers\":[\"example.com/wait\"]}}");

        Answer deleted = admin.delete(MAPS + "/final");

        assertThat(deleted.body().at("/metadata/deletionTimestamp").isTextual()).isTrue();
        assertThat(admin.get(MAPS + "/final").code()).isEqualTo(200);
        assertThat(admin.patch(MAPS + "/final", "merge-patch+json", "{\"metadata\":{\"finalizers\":null}}")
                        .code())
                .isEqualTo(200);
        assertThat(admin.get(MAPS + "/final").code()).isEqualTo(404);
    }

    @Test
    void deletesCollectionsBySelector() throws Exception {
        admin.create(MAPS, "{\"metadata\":{\"name\":\"c1\",\"labels\":{\"gone\":\"yes\"}}}");
        admin.create(MAPS, named("c2"));

        admin.delete(MAPS + "?labelSelector=gone%3Dyes");

        assertThat(admin.get(MAPS + "/c1").code()).isEqualTo(404);
        assertThat(admin.get(MAPS + "/c2").code()).isEqualTo(200);
    }

    @Test
    void givesABoundPodItsGraceAndAnUnboundOneNone() throws Exception {
        admin.create(PODS, pod("free"));
        admin.create(PODS, pod("running"));
        admin.create(PODS + "/running/binding", "{\"target\":{\"kind\":\"Node\",\"name\":\"n1\"}}");

        assertThat(admin.delete(PODS + "/free").code()).isEqualTo(200);
        JsonNode marked = admin.delete(PODS + "/running").body();

        assertThat(admin.get(PODS + "/free").code()).isEqualTo(404);
        assertThat(marked.at("/metadata/deletionGracePeriodSeconds").asInt()).isEqualTo(30);
        assertThat(admin.send("DELETE", PODS + "/running", "application/json", "{\"gracePeriodSeconds\":0}".getBytes())
                        .code())
                .isEqualTo(200);
        assertThat(admin.get(PODS + "/running").code()).isEqualTo(404);
    }

    @Test
    void letsNothingIntoATerminatingNamespace() throws Exception {
        admin.create(NAMESPACES, named("going"));
        admin.delete(NAMESPACES + "/going");

        Answer refused = admin.post(NAMESPACES + "/going/configmaps", map("late", "1"));

        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo("configmaps \"late\" is forbidden: unable to create new content in namespace going "
                        + "because it is being terminated");
        assertThat(admin.delete(DEFAULT).code()).isEqualTo(403);
    }
}
