// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static io.mizzen.apiserver.TestObjects.DEFAULT;
import static io.mizzen.apiserver.TestObjects.MAPS;
import static io.mizzen.apiserver.TestObjects.NAMESPACES;
import static io.mizzen.apiserver.TestObjects.PODS;
import static io.mizzen.apiserver.TestObjects.map;
import static io.mizzen.apiserver.TestObjects.pod;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in, as whom, and what roles allow. */
class AccessIT {
    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @Test
    void letsNobodyInWithoutCredentials() throws Exception {
        try (TestClient anybody = server.client("")) {
            Answer answer = anybody.get(MAPS);

            assertThat(answer.code()).isEqualTo(403);
            assertThat(answer.message())
                    .isEqualTo("configmaps is forbidden: User \"system:anonymous\" cannot list resource \"configmaps\" "
                            + "in API group \"\" in the namespace \"default\"");
            assertThat(anybody.get(MAPS, "Authorization", "Bearer nonsense").code())
                    .isEqualTo(401);
        }
    }

    @Test
    void refusesCertificatesOfAnotherAuthority(@TempDir Path elsewhere) throws Exception {
        try (TestClient mallory = server.client("O=system:masters, CN=admin", new TestKeys(elsewhere))) {
            Answer answer = mallory.get(MAPS);

            assertThat(answer.code()).isEqualTo(401);
            assertThat(answer.reason()).isEqualTo("Unauthorized");
        }
    }

    @Test
    void tellsACertificateByItsDigest() throws Exception {
        Answer self = admin.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}");

        assertThat(self.body()
                        .at("/status/userInfo/extra/authentication.kubernetes.io~1credential-id/0")
                        .asText())
                .matches("X509SHA256=[0-9a-f]{64}");
    }

    @Test
    void mountsAServiceAccountTokenThatWorks() throws Exception {
        JsonNode pod = admin.create(PODS, pod("withtoken")).body();
        Answer token = admin.create(DEFAULT + "/serviceaccounts/default/token", "{\"spec\":{}}");

        assertThat(pod.at("/spec/serviceAccountName").asText()).isEqualTo("default");
        assertThat(pod.at("/spec/volumes/0/projected/sources/0/serviceAccountToken/path")
                        .asText())
                .isEqualTo("token");
        try (TestClient anybody = server.client("")) {
            Answer self = anybody.send(
                    "POST",
                    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                    "application/json",
                    "{}".getBytes(),
                    "Authorization",
                    "Bearer " + token.body().at("/status/token").asText());
            assertThat(self.body().at("/status/userInfo/username").asText())
                    .isEqualTo("system:serviceaccount:default:default");
        }
    }

    @Test
    void actsAsSomebodyElseWhenAllowed() throws Exception {
        Answer answer = admin.get(MAPS, "Impersonate-User", "nobody");

        assertThat(answer.code()).isEqualTo(403);
        assertThat(answer.message()).contains("User \"nobody\" cannot list resource");
    }

    @Test
    void givesRightsByRoles() throws Exception {
        admin.create("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", """
                {"metadata":{"name":"viewers"},"roleRef":{"kind":"ClusterRole","name":"view"},
                 "subjects":[{"kind":"User","name":"vera"}]}""");

        try (TestClient vera = server.client("CN=vera")) {
            assertThat(vera.get(MAPS).code()).isEqualTo(200);
            assertThat(vera.post(MAPS, map("no", "1")).code()).isEqualTo(403);
            assertThat(vera.get(NAMESPACES + "/kube-system/configmaps").code()).isEqualTo(403);
        }
    }
}
