// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kinds that users define. */
class CustomResourceIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @Test
    void servesKindsThatUsersDefine() throws Exception {
        String definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        admin.create(definitions, """
                {"metadata":{"name":"boats.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
                 "names":{"plural":"boats","kind":"Boat","shortNames":["bo"]},
                 "versions":[{"name":"v1","served":true,"storage":true,
                  "subresources":{"status":{},"scale":{"specReplicasPath":".spec.masts","statusReplicasPath":".status.masts"}},
                  "schema":{"openAPIV3Schema":{"type":"object","properties":{
                    "spec":{"type":"object","required":["length"],"properties":{
                      "length":{"type":"integer","minimum":1},"masts":{"type":"integer","default":2}}},
                    "status":{"type":"object","properties":{"masts":{"type":"integer"}}}}}}}]}}""");
        String boats = "/apis/example.com/v1/namespaces/default/boats";
        await().atMost(Duration.ofSeconds(10)).until(() -> admin.get(boats).code() == 200);

        Answer good = admin.post(boats, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"length\":7,\"colour\":\"red\"}}");
        Answer bad = admin.post(boats, "{\"metadata\":{\"name\":\"b\"},\"spec\":{\"length\":0}}");
        Answer scaled = admin.patch(boats + "/a/scale", "merge-patch+json", "{\"spec\":{\"replicas\":3}}");
        Answer applied = admin.patch(
                boats + "/c?fieldManager=me",
                "apply-patch+yaml",
                "apiVersion: example.com/v1\nkind: Boat\nmetadata: {name: c}\nspec: {length: 3}\n");

        assertThat(good.body().at("/spec").toString()).isEqualTo("{\"length\":7,\"masts\":2}");
        assertThat(bad.code()).isEqualTo(422);
        assertThat(bad.message()).contains("spec.length: Invalid value: 0", "greater than or equal to 1");
        assertThat(scaled.body().at("/spec/replicas").asInt()).isEqualTo(3);
        for (String strategic : List.of(boats + "/a", boats + "/a/scale")) {
            assertThat(admin.patch(strategic, "strategic-merge-patch+json", "{\"spec\":{}}")
                            .message())
                    .endsWith(
                            "accepted media types include: application/json-patch+json, application/merge-patch+json, "
                                    + "application/apply-patch+yaml");
        }
        assertThat(admin.get(boats + "?fieldSelector=spec.length%3D7").message())
                .isEqualTo("field label not supported: spec.length");
        assertThat(applied.code()).isEqualTo(201);
        assertThat(admin.get("/apis/example.com/v1")
                        .body()
                        .at("/resources/0/name")
                        .asText())
                .isEqualTo("boats");

        admin.delete(definitions + "/boats.example.com");

        await().atMost(Duration.ofSeconds(10)).until(() -> admin.get(boats).code() == 404);
        assertThat(admin.get(definitions + "/boats.example.com").code()).isEqualTo(404);
    }
}
