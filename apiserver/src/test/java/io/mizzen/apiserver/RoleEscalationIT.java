// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jane may write every role and binding and read pods; whichever way she tries, she gives on no more than that. */
class RoleEscalationIT {
    private static final String RBAC = "/apis/rbac.authorization.k8s.io/v1";
    private static final String ROLES = RBAC + "/clusterroles";
    private static final String BINDINGS = RBAC + "/clusterrolebindings";
    private static final String PODS = "{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],\"verbs\":[\"get\"]}";
    private static final String SECRETS = "{\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],\"verbs\":[\"get\"]}";
    private static final String GATHERS = "{\"clusterRoleSelectors\":[{\"matchLabels\":{\"a\":\"b\"}}]}";

    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @AutoClose
    private static TestClient jane;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
        jane = server.client("CN=jane");
        admin.create(ROLES, role("janes", PODS + """
                ,{"apiGroups":["rbac.authorization.k8s.io"],"resources":["*"],"verbs":["create","get","update","patch"]}"""));
        admin.create(BINDINGS, binding("janes", "janes"));
        admin.create(ROLES, role("secrets", SECRETS));
        admin.create(ROLES, role("small", PODS));
        admin.create(ROLES, "{\"metadata\":{\"name\":\"gathering\"},\"aggregationRule\":" + GATHERS + ",\"rules\":[]}");
    }

    private static String role(String name, String rules) {
        return "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"ClusterRole\",\"metadata\":{\"name\":\""
                + name + "\"},\"rules\":[" + rules + "]}";
    }

    private static String binding(String name, String role) {
        return """
                {"metadata":{"name":"%s"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"%s"},
                "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"jane"}]}""".formatted(name, role);
    }

    private static Answer put(TestClient client, String path, String role) throws Exception {
        return client.put(path, new ObjectMapper().readTree(role));
    }

    private static void made(Answer answer) {
        assertThat(answer.code()).as(answer.message()).isIn(200, 201);
    }

    private static void refused(Answer answer, String why) {
        assertThat(answer.code()).as(answer.message()).isEqualTo(403);
        assertThat(answer.message()).contains(why);
    }

    @Test
    void whatSheHoldsSheMayGiveInEveryWay() throws Exception {
        made(jane.post(ROLES, role("given", PODS)));
        made(put(jane, ROLES + "/given", role("given", PODS)));
        made(jane.patch(ROLES + "/applied?fieldManager=jane", "apply-patch+yaml", role("applied", PODS)));
        made(jane.post(BINDINGS, binding("given", "small")));
    }

    @Test
    void whatSheLacksSheMayGiveInNone() throws Exception {
        String lacks = "not currently held:\n{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\"]}";
        refused(jane.post(ROLES, role("taken", SECRETS)), lacks);
        refused(jane.post(ROLES + "?dryRun=All", role("taken", SECRETS)), lacks);
        refused(jane.patch(ROLES + "/taken?fieldManager=jane", "apply-patch+yaml", role("taken", SECRETS)), lacks);
        refused(put(jane, ROLES + "/small", role("small", SECRETS)), lacks);
        refused(jane.patch(ROLES + "/small", "merge-patch+json", "{\"rules\":[" + SECRETS + "]}"), lacks);
        refused(
                jane.patch(
                        ROLES + "/small",
                        "json-patch+json",
                        "[{\"op\":\"add\",\"path\":\"/rules/-\",\"value\":" + SECRETS + "}]"),
                lacks);
        refused(jane.post(BINDINGS, binding("taken", "secrets")), lacks);
        assertThat(jane.post(BINDINGS, binding("taken", "none")).code()).isEqualTo(404);
        assertThat(admin.get(ROLES + "/small").body().at("/rules/0/resources/0").asText())
                .isEqualTo("pods");
    }

    @Test
    void aRoleThatGathersOthersIsForAdmins() throws Exception {
        String why = "must have cluster-admin privileges to use the aggregationRule";
        refused(jane.patch(ROLES + "/small", "merge-patch+json", "{\"aggregationRule\":" + GATHERS + "}"), why);
        refused(jane.patch(ROLES + "/gathering", "merge-patch+json", "{\"aggregationRule\":null}"), why);
    }

    @Test
    void theCollectorMayLetGoOfWhatItDoesNotHold() throws Exception {
        made(jane.patch(
                ROLES + "/secrets", "merge-patch+json", "{\"metadata\":{\"finalizers\":[\"example.com/hold\"]}}"));
        made(jane.patch(ROLES + "/secrets", "merge-patch+json", "{\"metadata\":{\"finalizers\":null}}"));
        refused(
                jane.patch(ROLES + "/secrets", "merge-patch+json", "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}"),
                "not currently held");
    }

    @Test
    void aRightThatWasTakenAwayAMomentAgoIsNotGivenOn() throws Exception {
        for (int round = 0; round < 20; round++) {
            made(put(admin, ROLES + "/changing", role("changing", PODS)));
            made(put(admin, ROLES + "/changing", role("changing", SECRETS)));
            refused(jane.post(BINDINGS, binding("changing", "changing")), "not currently held");
        }
    }
}
