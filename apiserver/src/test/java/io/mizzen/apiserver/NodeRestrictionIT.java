// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.DEFAULT;
import static io.mizzen.apiserver.TestObjects.PODS;
import static io.mizzen.apiserver.TestObjects.named;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What kubelets may write. */
class NodeRestrictionIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @Test
    void aKubeletWritesOnlyWhatIsItsOwn() throws Exception {
        try (TestClient kubelet = server.client("O=system:nodes, CN=system:node:n1")) {
            ObjectNode node = kubelet.create(
                            "/api/v1/nodes", "{\"metadata\":{\"name\":\"n1\",\"labels\":{\"mine\":\"1\"}}}")
                    .body()
                    .deepCopy();

            assertThat(kubelet.post("/api/v1/nodes", named("n2")).message())
                    .isEqualTo("nodes \"n2\" is forbidden: node \"n1\" is not allowed to modify node \"n2\"");
            node.withObject("/metadata/labels").put("node-restriction.kubernetes.io/team", "a");
            assertThat(kubelet.put("/api/v1/nodes/n1", node).message())
                    .isEqualTo("nodes \"n1\" is forbidden: is not allowed to modify labels:"
                            + " node-restriction.kubernetes.io/team");
            String leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
            assertThat(kubelet.post(leases, named("n1")).code()).isEqualTo(201);
            assertThat(kubelet.post(leases, named("n2")).message())
                    .isEqualTo("leases.coordination.k8s.io \"n2\" is forbidden: can only access node lease with the"
                            + " same name as the requesting node");
        }
    }

    @Test
    void aKubeletReportsOnlyOfPodsThatAreBoundToIt() throws Exception {
        String pod = """
                {"metadata":{"name":"away"},"spec":{"nodeName":"other","containers":[{"name":"c","image":"i"}]}}""";
        admin.create(PODS, pod);
        try (TestClient kubelet = server.client("O=system:nodes, CN=system:node:n1")) {
            Answer refused =
                    kubelet.patch(PODS + "/away/status", "merge-patch+json", "{\"status\":{\"phase\":\"Running\"}}");

            assertThat(refused.message())
                    .isEqualTo("pods \"away\" is forbidden: node \"n1\" can only update pod status for pods with"
                            + " spec.nodeName set to itself");
        }
    }

    @Test
    void aMirrorPodNamesNothingAndGivesItsNodeNoRights() throws Exception {
        admin.create(DEFAULT + "/secrets", named("treasure"));
        try (TestClient kubelet = server.client("O=system:nodes, CN=system:node:n3")) {
            String uid = kubelet.create("/api/v1/nodes", named("n3"))
                    .body()
                    .at("/metadata/uid")
                    .asText();
            String owner = "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"n3\",\"controller\":true,\"uid\":\""
                    + uid + "\"}";
            String pod = """
                    {"metadata":{"name":"%s","annotations":{"kubernetes.io/config.mirror":"h"},"ownerReferences":[%s]},
                     "spec":{"nodeName":"n3"%s,"containers":[{"name":"c","image":"i"%s}]}}""";

            kubelet.create(PODS, pod.formatted("m", owner, "", ""));
            assertThat(kubelet.post(
                                    PODS,
                                    pod.formatted("p", owner, ",\"imagePullSecrets\":[{\"name\":\"treasure\"}]", ""))
                            .message())
                    .isEqualTo("pods \"p\" is forbidden: node \"n3\" can not create pods that reference secrets");
            assertThat(kubelet.post(
                                    PODS,
                                    pod.formatted("e", owner, "", ",\"envFrom\":[{\"configMapRef\":{\"name\":\"x\"}}]"))
                            .message())
                    .isEqualTo("pods \"e\" is forbidden: node \"n3\" can not create pods that reference configmaps");
            assertThat(kubelet.post(PODS, pod.formatted("o", "", "", "")).message())
                    .isEqualTo("pods \"o\" is forbidden: node \"n3\" can only create pods with an owner reference set"
                            + " to itself");
            // What an admin made so counts no more for the node than what it makes itself.
            admin.create(PODS, pod.formatted("a", owner, ",\"imagePullSecrets\":[{\"name\":\"treasure\"}]", ""));
            assertThat(kubelet.get(DEFAULT + "/secrets/treasure").code()).isEqualTo(403);
        }
    }

    @Test
    void theKeeperOfALocalVolumeTakesItsFinalizerOffAndNothingElse() throws Exception {
        String path = "/api/v1/persistentvolumes";
        admin.create(path, """
                {"metadata":{"name":"kept","finalizers":["mizzen.io/local-path","example.com/other"],
                  "annotations":{"pv.kubernetes.io/provisioned-by":"mizzen.io/local-path","mizzen.io/local-path-node":"n4"}},
                 "spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"local":{"path":"/data"},
                  "nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[
                   {"key":"kubernetes.io/hostname","operator":"In","values":["n4"]}]}]}}}}""");
        try (TestClient kubelet = server.client("O=system:nodes, CN=system:node:n4")) {
            String refusal = "persistentvolumes \"kept\" is forbidden: node \"n4\" can only take the finalizer"
                    + " mizzen.io/local-path off a volume";
            for (String patch : List.of(
                    "{\"spec\":{\"claimRef\":{\"namespace\":\"x\",\"name\":\"y\"}}}",
                    "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}",
                    "{\"metadata\":{\"finalizers\":[\"mizzen.io/local-path\"]}}")) {
                assertThat(kubelet.patch(path + "/kept", "merge-patch+json", patch)
                                .message())
                        .as(patch)
                        .isEqualTo(refusal);
            }
            assertThat(kubelet.patch(
                                    path + "/kept",
                                    "merge-patch+json",
                                    "{\"metadata\":{\"finalizers\":[\"example.com/other\",\"kubernetes.io/pv-protection\"]}}")
                            .code())
                    .isEqualTo(200);
        }
    }
}
