// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.TestClient.Answer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signing requests and bootstrap tokens over HTTPS: who may ask, decide and sign. */
class SigningRequestIT {
    private static final String REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
    private static final String ROLES = "/apis/rbac.authorization.k8s.io/v1/";

    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
        admin.create(ROLES + "clusterroles", """
                {"metadata":{"name":"deciders"},"rules":[{"apiGroups":["certificates.k8s.io"],
                 "resources":["certificatesigningrequests","certificatesigningrequests/approval",
                 "certificatesigningrequests/status"],"verbs":["*"]}]}""");
        admin.create(ROLES + "clusterrolebindings", """
                {"metadata":{"name":"deciders"},
                 "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"deciders"},
                 "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"devs"}]}""");
    }

    private static String request(String name, String subject, String usages) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair pair = generator.generateKeyPair();
        byte[] der = new JcaPKCS10CertificationRequestBuilder(new X500Name(subject), pair.getPublic())
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()))
                .getEncoded();
        String pem = "-----BEGIN CERTIFICATE REQUEST-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END CERTIFICATE REQUEST-----\n";
        return """
                {"metadata":{"name":"%s"},"spec":{"signerName":"kubernetes.io/kube-apiserver-client","username":"root",
                 "usages":%s,"request":"%s"}}""".formatted(name, usages, Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)));
    }

    private static ObjectNode withCondition(Answer answer, String type) {
        ObjectNode object = answer.body().deepCopy();
        object.withObject("/status")
                .withArray("conditions")
                .addObject()
                .put("type", type)
                .put("status", "True")
                .put("reason", "Test");
        return object;
    }

    @Test
    void theServerSaysWhoAsksAndTheSpecificationNeverChanges() throws Exception {
        try (TestClient jane = server.client("O=devs, CN=jane")) {
            Answer made = jane.create(REQUESTS, request("asks", "CN=jane", "[\"client auth\"]"));
            assertThat(made.body().at("/spec/username").asText()).isEqualTo("jane");
            assertThat(made.body().at("/spec/groups").toString()).contains("devs", "system:authenticated");

            Answer patched = admin.patch(REQUESTS + "/asks", "merge-patch+json", "{\"spec\":{\"username\":\"root\"}}");
            assertThat(patched.body().at("/spec/username").asText()).isEqualTo("jane");
        }
    }

    @Test
    void decidingAndSigningTakeARightOnTheSigner() throws Exception {
        try (TestClient jane = server.client("O=devs, CN=jane")) {
            Answer made = jane.create(REQUESTS, request("decide", "CN=jane", "[\"client auth\"]"));
            Answer refused = jane.put(REQUESTS + "/decide/approval", withCondition(made, "Approved"));
            assertThat(refused.code()).isEqualTo(403);
            assertThat(refused.message())
                    .contains("user not permitted to approve requests with signerName"
                            + " \"kubernetes.io/kube-apiserver-client\"");

            Answer approved = admin.put(REQUESTS + "/decide/approval", withCondition(made, "Approved"));
            assertThat(approved.code()).as(approved.message()).isEqualTo(200);
            assertThat(approved.body().at("/status/conditions/0/lastUpdateTime").asText())
                    .isNotEmpty();

            Answer failed = jane.put(REQUESTS + "/decide/status", withCondition(approved, "Failed"));
            assertThat(failed.code()).isEqualTo(403);
            assertThat(failed.message()).contains("user not permitted to sign requests");
        }
    }

    @Test
    void aDecisionIsNotTakenBackNorDoubled() throws Exception {
        Answer made = admin.create(REQUESTS, request("final", "CN=jane", "[\"client auth\"]"));
        Answer denied = admin.put(REQUESTS + "/final/approval", withCondition(made, "Denied"));

        Answer both = admin.put(REQUESTS + "/final/approval", withCondition(denied, "Approved"));
        assertThat(both.code()).isEqualTo(422);
        assertThat(both.message()).contains("Approved and Denied conditions are mutually exclusive");

        ObjectNode without = denied.body().deepCopy();
        without.withObject("/status").remove("conditions");
        Answer removed = admin.put(REQUESTS + "/final/approval", without);
        assertThat(removed.code()).isEqualTo(422);
        assertThat(removed.message()).contains("updates may not remove a condition of type \"Denied\"");
    }

    @Test
    void theStatusCannotDecide() throws Exception {
        Answer made = admin.create(REQUESTS, request("status", "CN=jane", "[\"client auth\"]"));

        Answer changed = admin.put(REQUESTS + "/status/status", withCondition(made, "Approved"));

        assertThat(changed.code()).as(changed.message()).isEqualTo(200);
        assertThat(changed.body().at("/status/conditions").isMissingNode()).isTrue();
    }

    @Test
    void refusesMastersAndWhatIsNoRequest() throws Exception {
        Answer masters = admin.post(REQUESTS, request("masters", "CN=eve, O=system:masters", "[\"client auth\"]"));
        assertThat(masters.code()).isEqualTo(403);
        assertThat(masters.message()).contains("signer with system:masters group is not allowed");

        Answer malformed = admin.post(
                REQUESTS,
                "{\"metadata\":{\"name\":\"bad\"},\"spec\":{\"signerName\":\"no-domain\",\"usages\":[\"wrong\"],"
                        + "\"expirationSeconds\":599,\"request\":\"aGVsbG8=\"}}");
        assertThat(malformed.code()).isEqualTo(422);
        assertThat(malformed.message())
                .contains(
                        "spec.request",
                        "spec.usages[0]",
                        "spec.signerName",
                        "may not specify a duration less than 600");
    }

    @Test
    void aBootstrapTokenMayAskAndNothingElse() throws Exception {
        admin.create("/api/v1/namespaces/kube-system/secrets", """
                {"metadata":{"name":"bootstrap-token-abcdef"},"type":"bootstrap.kubernetes.io/token","stringData":
                 {"token-id":"abcdef","token-secret":"0123456789abcdef","usage-bootstrap-authentication":"true"}}""");
        byte[] body = request("joins", "CN=x", "[\"client auth\"]").getBytes(StandardCharsets.UTF_8);
        try (TestClient anybody = server.client("")) {
            Answer made = anybody.send(
                    "POST", REQUESTS, "application/json", body, "Authorization", "Bearer abcdef.0123456789abcdef");
            assertThat(made.code()).as(made.message()).isEqualTo(201);
            assertThat(made.body().at("/spec/username").asText()).isEqualTo("system:bootstrap:abcdef");

            assertThat(anybody.get("/api/v1/nodes", "Authorization", "Bearer abcdef.0123456789abcdef")
                            .code())
                    .isEqualTo(403);
            assertThat(anybody.get("/api/v1/nodes", "Authorization", "Bearer abcdef.0123456789abcdee")
                            .code())
                    .isEqualTo(401);
        }
    }

    @Test
    void anybodyMayReadTheAuthority() throws Exception {
        try (TestClient anybody = server.client("")) {
            assertThat(anybody.get("/cacerts").body().asText()).startsWith("-----BEGIN CERTIFICATE-----");
        }
    }
}
