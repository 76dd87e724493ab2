// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.DEPLOYMENTS;
import static io.mizzen.apiserver.TestObjects.MAPS;
import static io.mizzen.apiserver.TestObjects.NAMESPACES;
import static io.mizzen.apiserver.TestObjects.deployment;
import static io.mizzen.apiserver.TestObjects.map;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists, their pages and tables, and watches. */
class ListWatchIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @Test
    void pagesThroughOneState() throws Exception {
        String namespace = NAMESPACES + "/kube-public/configmaps";
        for (int i = 0; i < 5; i++) {
            admin.create(namespace, map("page" + i, "1"));
        }
        JsonNode first = admin.get(namespace + "?limit=2").body();
        admin.create(namespace, map("page3b", "late"));

        JsonNode second = admin.get(namespace + "?limit=10&continue="
                        + first.at("/metadata/continue").asText())
                .body();

        assertThat(first.path("items")).hasSize(2);
        assertThat(second.path("items")).hasSize(3);
        assertThat(second.at("/metadata/resourceVersion")).isEqualTo(first.at("/metadata/resourceVersion"));
    }

    @Test
    void showsTables() throws Exception {
        admin.create(DEPLOYMENTS, deployment("tabled"));

        JsonNode table = admin.get(DEPLOYMENTS, "Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
                .body();

        assertThat(table.path("kind").asText()).isEqualTo("Table");
        assertThat(table.at("/columnDefinitions/1/name").asText()).isEqualTo("Ready");
        assertThat(table.at("/rows/0/object/kind").asText()).isEqualTo("PartialObjectMetadata");
    }

    @Test
    void tellsWatchersOfEveryChangeInOrder() throws Exception {
        String from = admin.get(MAPS).body().at("/metadata/resourceVersion").asText();
        try (BufferedReader watch =
                admin.watch(MAPS + "?watch=1&resourceVersion=" + from + "&fieldSelector=metadata.name%3Dwatched")) {
            admin.create(MAPS, map("watched", "1"));
            admin.create(MAPS, map("other", "1"));
            admin.patch(MAPS + "/watched", "merge-patch+json", "{\"data\":{\"k\":\"2\"}}");
            admin.delete(MAPS + "/watched");

            assertThat(TestClient.next(watch).path("type").asText()).isEqualTo("ADDED");
            assertThat(TestClient.next(watch).at("/object/data/k").asText()).isEqualTo("2");
            assertThat(TestClient.next(watch).path("type").asText()).isEqualTo("DELETED");
        }
    }
}
