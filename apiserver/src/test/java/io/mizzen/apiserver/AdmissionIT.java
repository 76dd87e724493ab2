// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.DEFAULT;
import static io.mizzen.apiserver.TestObjects.PODS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What admission adds of classes: to an Ingress, to a claim and to a pod. */
class AdmissionIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @Test
    void anIngressWithoutAClassGetsTheDefaultOne() throws Exception {
        String networking = "/apis/networking.k8s.io/v1";
        String rule = "\"spec\":{\"defaultBackend\":{\"service\":{\"name\":\"a\",\"port\":{\"number\":80}}}}}";
        admin.create(
                networking + "/ingressclasses",
                "{\"metadata\":{\"name\":\"front\",\"annotations\":{\"ingressclass.kubernetes.io/is-default-class\":\"true\"}},"
                        + "\"spec\":{\"controller\":\"example.com/front\"}}");
        String ingresses = networking + "/namespaces/default/ingresses";

        Answer silent = admin.post(ingresses, "{\"metadata\":{\"name\":\"silent\"}," + rule);
        Answer old = admin.create(
                ingresses,
                "{\"metadata\":{\"name\":\"old\",\"annotations\":{\"kubernetes.io/ingress.class\":\"back\"}}," + rule);

        assertThat(silent.body().at("/spec/ingressClassName").asText()).isEqualTo("front");
        assertThat(old.body().at("/spec").has("ingressClassName")).isFalse();
    }

    @Test
    void aNewClaimIsPendingProtectedAndOfTheDefaultClass() throws Exception {
        String claims = DEFAULT + "/persistentvolumeclaims";
        JsonNode claim = admin.create(
                        claims,
                        "{\"metadata\":{\"name\":\"data\"},\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],"
                                + "\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}")
                .body();

        assertThat(claim.at("/status/phase").asText()).isEqualTo("Pending");
        assertThat(claim.at("/metadata/finalizers/0").asText()).isEqualTo("kubernetes.io/pvc-protection");
        assertThat(claim.at("/spec/storageClassName").asText()).isEqualTo("local-path");
        assertThat(claim.at("/metadata/managedFields/0/fieldsV1/f:spec").fieldNames())
                .toIterable()
                .as("what admission adds is not its writer's")
                .containsExactlyInAnyOrder("f:accessModes", "f:resources", "f:volumeMode");
        assertThat(admin.get("/apis/storage.k8s.io/v1/storageclasses/local-path")
                        .body()
                        .at("/volumeBindingMode")
                        .asText())
                .isEqualTo("WaitForFirstConsumer");
    }

    @Test
    void aPodTakesOverheadAndSchedulingOfItsRuntimeClass() throws Exception {
        admin.create("/apis/node.k8s.io/v1/runtimeclasses", """
                {"metadata":{"name":"sandboxed"},"handler":"h","overhead":{"podFixed":{"cpu":"10m"}},
                 "scheduling":{"nodeSelector":{"sandbox":"yes"},"tolerations":[{"key":"s","operator":"Exists"}]}}""");
        String pod = """
                {"metadata":{"name":"%s"},"spec":{"runtimeClassName":"%s","containers":[{"name":"c","image":"i"}]}}""";

        Answer made = admin.create(PODS, pod.formatted("boxed", "sandboxed"));

        assertThat(made.body().path("spec").path("overhead").path("cpu").asText())
                .isEqualTo("10m");
        assertThat(made.body().path("spec").path("nodeSelector").path("sandbox").asText())
                .isEqualTo("yes");
        assertThat(made.body().path("spec").path("tolerations").toString()).contains("\"key\":\"s\"");
        assertThat(admin.post(PODS, pod.formatted("lost", "nowhere")).message())
                .isEqualTo("pods \"lost\" is forbidden: pod rejected: RuntimeClass \"nowhere\" not found");
    }
}
