// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.DEFAULT;
import static io.mizzen.apiserver.TestObjects.DEPLOYMENTS;
import static io.mizzen.apiserver.TestObjects.PODS;
import static io.mizzen.apiserver.TestObjects.deployment;
import static io.mizzen.apiserver.TestObjects.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What single built-in kinds do beyond what is true of every object. */
class BuiltInKindIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @Test
    void bindsAPodOnce() throws Exception {
        admin.create(PODS, pod("bound"));
        String binding = "{\"target\":{\"kind\":\"Node\",\"name\":\"n1\"}}";

        Answer first = admin.post(PODS + "/bound/binding", binding);
        Answer second = admin.post(PODS + "/bound/binding", binding);
        JsonNode bound = admin.get(PODS + "/bound").body();

        assertThat(first.code()).isEqualTo(201);
        assertThat(second.code()).isEqualTo(409);
        assertThat(bound.at("/spec/nodeName").asText()).isEqualTo("n1");
        assertThat(bound.at("/status/conditions/0/type").asText()).isEqualTo("PodScheduled");
    }

    @Test
    void mergesTheTextsOfASecretIntoItsData() throws Exception {
        JsonNode secret = admin.create(
                        DEFAULT + "/secrets", "{\"metadata\":{\"name\":\"s\"},\"stringData\":{\"k\":\"v\"}}")
                .body();

        assertThat(secret.at("/data/k").asText()).isEqualTo("dg==");
        assertThat(secret.has("stringData")).isFalse();
        assertThat(secret.path("type").asText()).isEqualTo("Opaque");
    }

    @Test
    void scalesThroughTheSubresource() throws Exception {
        admin.create(DEPLOYMENTS, deployment("scaled"));
        JsonNode scale = admin.get(DEPLOYMENTS + "/scaled/scale").body();

        JsonNode changed = admin.patch(DEPLOYMENTS + "/scaled/scale", "merge-patch+json", "{\"spec\":{\"replicas\":4}}")
                .body();

        assertThat(scale.at("/spec/replicas").asInt()).isEqualTo(2);
        assertThat(scale.at("/status/selector").asText()).isEqualTo("app=a");
        assertThat(changed.at("/spec/replicas").asInt()).isEqualTo(4);
        assertThat(admin.get(DEPLOYMENTS + "/scaled")
                        .body()
                        .at("/spec/replicas")
                        .asInt())
                .isEqualTo(4);
    }

    @Test
    void claimsServiceAddressesAndPortsOnce() throws Exception {
        String services = DEFAULT + "/services";
        JsonNode first = admin.create(
                        services,
                        "{\"metadata\":{\"name\":\"one\"},\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":80}]}}")
                .body();
        String address = first.at("/spec/clusterIP").asText();
        int nodePort = first.at("/spec/ports/0/nodePort").asInt();
        String second = "{\"metadata\":{\"name\":\"two\"},\"spec\":{\"clusterIP\":\"" + address
                + "\",\"ports\":[{\"port\":80}]}}";

        Answer refused = admin.post(services, second);
        admin.delete(services + "/one");
        Answer accepted = admin.post(services, second);

        assertThat(address).startsWith("10.43.");
        assertThat(nodePort).isBetween(30000, 32767);
        assertThat(first.at("/spec/ports/0/targetPort").asInt()).isEqualTo(80);
        assertThat(refused.code()).isEqualTo(422);
        assertThat(refused.message()).contains("provided IP is already allocated");
        assertThat(accepted.code()).isEqualTo(201);
    }

    @Test
    void claimsAHealthCheckPortForAsLongAsTrafficStaysLocal() throws Exception {
        String services = DEFAULT + "/services";
        String spec = "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"type\":\"LoadBalancer\","
                + "\"externalTrafficPolicy\":\"%s\"%s,\"ports\":[{\"port\":80}]}}";
        int port = admin.create(services, spec.formatted("lb", "Local", ""))
                .body()
                .at("/spec/healthCheckNodePort")
                .asInt();
        String same = ",\"healthCheckNodePort\":" + port;

        Answer taken = admin.post(services, spec.formatted("lb2", "Local", same));
        Answer needless = admin.post(services, spec.formatted("lb2", "Cluster", same));
        Answer open =
                admin.patch(services + "/lb", "merge-patch+json", "{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}");
        Answer free = admin.post(services, spec.formatted("lb2", "Local", same));

        assertThat(port).isBetween(30000, 32767);
        assertThat(taken.message()).contains("provided port is already allocated");
        assertThat(needless.code()).isEqualTo(422);
        assertThat(open.code()).as(open.message()).isEqualTo(200);
        assertThat(open.body().at("/spec/healthCheckNodePort").isMissingNode()).isTrue();
        assertThat(free.code()).as(free.message()).isEqualTo(201);
        admin.delete(services + "/lb");
        admin.delete(services + "/lb2");
    }

    @Test
    void whatAVolumeIsMadeOfStays() throws Exception {
        String path = "/api/v1/persistentvolumes";
        admin.create(path, """
                {"metadata":{"name":"fixed"},"spec":{"capacity":{"storage":"1Gi"},
                 "accessModes":["ReadWriteOnce"],"hostPath":{"path":"/a"}}}""");

        Answer moved = admin.patch(path + "/fixed", "merge-patch+json", "{\"spec\":{\"hostPath\":{\"path\":\"/b\"}}}");
        Answer grown =
                admin.patch(path + "/fixed", "merge-patch+json", "{\"spec\":{\"capacity\":{\"storage\":\"2Gi\"}}}");

        assertThat(moved.code()).isEqualTo(422);
        assertThat(moved.message())
                .contains("spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is"
                        + " immutable after creation");
        assertThat(grown.code()).isEqualTo(200);
    }

    @Test
    void makesAgainWhatTheClusterCannotDoWithout() throws Exception {
        String service = "/api/v1/namespaces/default/services/kubernetes";
        Answer before = admin.get(service);

        assertThat(admin.delete(service).code()).isEqualTo(200);

        await().atMost(Duration.ofSeconds(10)).until(() -> admin.get(service).code() == 200);
        assertThat(admin.get(service).body().at("/spec/clusterIP"))
                .isEqualTo(before.body().at("/spec/clusterIP"));
        assertThat(admin.get(service).body().at("/metadata/uid"))
                .isNotEqualTo(before.body().at("/metadata/uid"));
    }

    @Test
    void keepsTheBothFieldsOfANodesPodRangeTogether() throws Exception {
        String nodes = "/api/v1/nodes";
        Answer node = admin.post(nodes, "{\"metadata\":{\"name\":\"ranged\"},\"spec\":{\"podCIDR\":\"10.9.1.0/24\"}}");
        assertThat(node.body().at("/spec/podCIDRs").toString()).isEqualTo("[\"10.9.1.0/24\"]");

        Answer moved = admin.patch(nodes + "/ranged", "merge-patch+json", "{\"spec\":{\"podCIDR\":\"10.9.2.0/24\"}}");

        assertThat(moved.code()).isEqualTo(422);
        assertThat(moved.message())
                .endsWith("spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid");
        assertThat(admin.delete(nodes + "/ranged").code()).isEqualTo(200);
    }
}
