// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mizzen.apiserver.TestClient.Answer;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A whole API server over HTTPS on the embedded store. */
class ApiServerIT {
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String PODS = "/api/v1/namespaces/default/pods";
    private static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";

    @TempDir
    private static Path folder;

    private static TestKeys keys;
    private static ApiServer server;
    private static TestClient admin;

    @BeforeAll
    static void start() throws Exception {
        keys = new TestKeys(folder);
        server = ApiServer.start(
                keys.options(folder.resolve("data")), new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
        admin = client("O=system:masters, CN=admin");
        assertThat(admin.post("/api/v1/namespaces/default/serviceaccounts", "{\"metadata\":{\"name\":\"default\"}}")
                        .code())
                .isEqualTo(201);
    }

    private static TestClient client(String subject) throws Exception {
        return new TestClient(keys.client(subject), server.port());
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.close();
    }

    private static String map(String name, String value) {
        return "{\"metadata\":{\"name\":\"" + name + "\"},\"data\":{\"k\":\"" + value + "\"}}";
    }

    private static String deployment(String name) {
        return """
                {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"%s"},"spec":{"replicas":2,
                 "selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},
                 "spec":{"containers":[{"name":"c","image":"busybox"}]}}}}""".formatted(name);
    }

    private static String pod(String name) {
        return """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s"},
                 "spec":{"containers":[{"name":"c","image":"busybox:1"}]}}""".formatted(name);
    }

    @Test
    void isReadyOnceItHasStarted() throws Exception {
        try (TestClient anybody = client("")) {
            assertThat(anybody.get("/readyz").body().asText()).isEqualTo("ok");
            assertThat(anybody.get("/livez?verbose").body().asText()).contains("[+]ping ok", "livez check passed");
        }
    }

    @Test
    void letsNobodyInWithoutCredentials() throws Exception {
        try (TestClient anybody = client("")) {
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
        TestKeys foreign = new TestKeys(elsewhere);
        var tls = keys.client("O=system:masters, CN=admin", foreign);
        try (TestClient mallory = new TestClient(tls, server.port())) {
            Answer answer = mallory.get(MAPS);

            assertThat(answer.code()).isEqualTo(401);
            assertThat(answer.reason()).isEqualTo("Unauthorized");
        }
    }

    @Test
    void givesRightsByRoles() throws Exception {
        Answer role = admin.post("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", """
                {"metadata":{"name":"viewers"},"roleRef":{"kind":"ClusterRole","name":"view"},
                 "subjects":[{"kind":"User","name":"vera"}]}""");
        assertThat(role.code()).isEqualTo(201);

        try (TestClient vera = client("CN=vera")) {
            assertThat(vera.get(MAPS).code()).isEqualTo(200);
            assertThat(vera.post(MAPS, map("no", "1")).code()).isEqualTo(403);
            assertThat(vera.get("/api/v1/namespaces/kube-system/configmaps").code())
                    .isEqualTo(403);
        }
    }

    @Test
    void fillsDefaultsAndMetadata() throws Exception {
        JsonNode created = admin.post(DEPLOYMENTS, deployment("defaults")).body();

        assertThat(created.at("/spec/strategy/rollingUpdate/maxSurge").asText()).isEqualTo("25%");
        assertThat(created.at("/spec/template/spec/containers/0/imagePullPolicy")
                        .asText())
                .isEqualTo("Always");
        assertThat(created.at("/spec/template/spec/dnsPolicy").asText()).isEqualTo("ClusterFirst");
        assertThat(created.at("/metadata/generation").asInt()).isEqualTo(1);
        assertThat(created.at("/metadata/uid").asText()).hasSize(36);
        assertThat(created.has("status")).isFalse();
    }

    @Test
    void countsGenerationsOfSpecChangesOnly() throws Exception {
        admin.post(DEPLOYMENTS, deployment("generations"));
        String path = DEPLOYMENTS + "/generations";

        Answer labelled = admin.patch(path, "merge-patch+json", "{\"metadata\":{\"labels\":{\"x\":\"y\"}}}");
        Answer scaled = admin.patch(path, "merge-patch+json", "{\"spec\":{\"replicas\":0}}");
        Answer status = admin.patch(
                path + "/status", "merge-patch+json", "{\"status\":{\"replicas\":7},\"spec\":{\"replicas\":9}}");

        assertThat(labelled.body().at("/metadata/generation").asInt()).isEqualTo(1);
        assertThat(scaled.body().at("/metadata/generation").asInt()).isEqualTo(2);
        assertThat(status.body().at("/spec/replicas").asInt(-1)).isZero();
        assertThat(status.body().at("/status/replicas").asInt()).isEqualTo(7);
    }

    @Test
    void callsAPatchInvalidThatLeavesNoObjectOfTheKind() throws Exception {
        admin.post(DEPLOYMENTS, deployment("misfit"));
        String path = DEPLOYMENTS + "/misfit";

        Answer strategic =
                admin.patch(path, "strategic-merge-patch+json", "{\"spec\":{\"replicas\":\"x\",\"paused\":false}}");
        Answer merge = admin.patch(path, "merge-patch+json", "{\"spec\":{\"replicas\":\"x\"}}");
        Answer unknown =
                admin.patch(path + "?fieldValidation=Strict", "merge-patch+json", "{\"spec\":{\"replica\":1}}");

        assertThat(strategic.code()).isEqualTo(422);
        assertThat(strategic.message())
                .startsWith(" \"\" is invalid: patch: Invalid value: \"map[spec:map[paused:false replicas:x]]\": ");
        assertThat(merge.code()).isEqualTo(422);
        assertThat(merge.message()).startsWith(" \"\" is invalid: patch: Invalid value: \"{\\\"");
        assertThat(unknown.code()).isEqualTo(422);
        assertThat(unknown.message()).endsWith(": strict decoding error: unknown field \"spec.replica\"");
    }

    @Test
    void rejectsUpdateWithStaleResourceVersion() throws Exception {
        ObjectNode first = (ObjectNode) admin.post(MAPS, map("stale", "1")).body();
        assertThat(admin.patch(MAPS + "/stale", "merge-patch+json", "{\"data\":{\"k\":\"2\"}}")
                        .code())
                .isEqualTo(200);

        Answer conflict = admin.put(MAPS + "/stale", first);

        assertThat(conflict.code()).isEqualTo(409);
        assertThat(conflict.reason()).isEqualTo("Conflict");
        assertThat(conflict.message())
                .isEqualTo("Operation cannot be fulfilled on configmaps \"stale\": the object has been modified; "
                        + "please apply your changes to the latest version and try again");
    }

    @Test
    void writesNothingWhenNothingChanges() throws Exception {
        JsonNode created = admin.post(MAPS, map("same", "1")).body();

        JsonNode patched = admin.patch(MAPS + "/same", "merge-patch+json", "{\"data\":{\"k\":\"1\"}}")
                .body();

        assertThat(patched.at("/metadata/resourceVersion")).isEqualTo(created.at("/metadata/resourceVersion"));
    }

    @Test
    void generatesNames() throws Exception {
        JsonNode created =
                admin.post(MAPS, "{\"metadata\":{\"generateName\":\"gen-\"}}").body();

        assertThat(created.at("/metadata/name").asText()).matches("gen-[bcdfghjklmnpqrstvwxz2456789]{5}");
    }

    @Test
    void keepsObjectsWithFinalizersUntilTheyAreGone() throws Exception {
        admin.post(MAPS, "{\"metadata\":{\"name\":\"final\",\"finalizers\":[\"example.com/wait\"]}}");

        Answer deleted = admin.delete(MAPS + "/final");

        assertThat(deleted.body().at("/metadata/deletionTimestamp").isTextual()).isTrue();
        assertThat(admin.get(MAPS + "/final").code()).isEqualTo(200);
        assertThat(admin.patch(MAPS + "/final", "merge-patch+json", "{\"metadata\":{\"finalizers\":null}}")
                        .code())
                .isEqualTo(200);
        assertThat(admin.get(MAPS + "/final").code()).isEqualTo(404);
    }

    @Test
    void tellsWatchersOfEveryChangeInOrder() throws Exception {
        String from = admin.get(MAPS).body().at("/metadata/resourceVersion").asText();
        try (BufferedReader watch =
                admin.watch(MAPS + "?watch=1&resourceVersion=" + from + "&fieldSelector=metadata.name%3Dwatched")) {
            admin.post(MAPS, map("watched", "1"));
            admin.post(MAPS, map("other", "1"));
            admin.patch(MAPS + "/watched", "merge-patch+json", "{\"data\":{\"k\":\"2\"}}");
            admin.delete(MAPS + "/watched");

            assertThat(TestClient.next(watch).path("type").asText()).isEqualTo("ADDED");
            assertThat(TestClient.next(watch).at("/object/data/k").asText()).isEqualTo("2");
            assertThat(TestClient.next(watch).path("type").asText()).isEqualTo("DELETED");
        }
    }

    @Test
    void saysThatAWatchBeganTooLongAgo() throws Exception {
        for (int i = 0; i < 300; i++) {
            admin.patch(
                    "/api/v1/namespaces/default",
                    "merge-patch+json",
                    "{\"metadata\":{\"labels\":{\"round\":\"" + i + "\"}}}");
        }
        try (BufferedReader watch = admin.watch("/api/v1/namespaces?watch=1&resourceVersion=1")) {
            ObjectNode event = TestClient.next(watch);

            // Either the history still reaches back, or the client is told to list anew.
            if (event.path("type").asText().equals("ERROR")) {
                assertThat(event.at("/object/code").asInt()).isEqualTo(410);
                assertThat(event.at("/object/reason").asText()).isEqualTo("Expired");
            } else {
                assertThat(event.path("type").asText()).isIn("ADDED", "MODIFIED");
            }
        }
    }

    @Test
    void showsTables() throws Exception {
        admin.post(DEPLOYMENTS, deployment("tabled"));

        JsonNode table = admin.get(DEPLOYMENTS, "Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
                .body();

        assertThat(table.path("kind").asText()).isEqualTo("Table");
        assertThat(table.at("/columnDefinitions/1/name").asText()).isEqualTo("Ready");
        assertThat(table.at("/rows/0/object/kind").asText()).isEqualTo("PartialObjectMetadata");
    }

    @Test
    void pagesThroughOneState() throws Exception {
        String namespace = "/api/v1/namespaces/kube-public/configmaps";
        for (int i = 0; i < 5; i++) {
            admin.post(namespace, map("page" + i, "1"));
        }
        JsonNode first = admin.get(namespace + "?limit=2").body();
        admin.post(namespace, map("page3b", "late"));

        JsonNode second = admin.get(namespace + "?limit=10&continue="
                        + first.at("/metadata/continue").asText())
                .body();

        assertThat(first.path("items")).hasSize(2);
        assertThat(second.path("items")).hasSize(3);
        assertThat(second.at("/metadata/resourceVersion")).isEqualTo(first.at("/metadata/resourceVersion"));
    }

    @Test
    void ownsFieldsByServerSideApply() throws Exception {
        String path = DEPLOYMENTS + "/applied?fieldManager=";
        Answer created = admin.patch(path + "one", "apply-patch+yaml", deployment("applied"));
        String other = deployment("applied").replace("\"replicas\":2", "\"replicas\":5");

        Answer conflict = admin.patch(path + "two", "apply-patch+yaml", other);
        Answer forced = admin.patch(path + "two&force=true", "apply-patch+yaml", other);

        assertThat(created.code()).isEqualTo(201);
        assertThat(conflict.code()).isEqualTo(409);
        assertThat(conflict.message()).isEqualTo("Apply failed with 1 conflict: conflict with \"one\": .spec.replicas");
        assertThat(forced.body().at("/spec/replicas").asInt()).isEqualTo(5);
        assertThat(forced.body().at("/metadata/managedFields")).hasSize(2);
    }

    @Test
    void appliesNothingThatNobodyCouldOwn() throws Exception {
        String unknown = deployment("loose").replace("\"replicas\":2", "\"replicsa\":2");

        for (String validation : List.of("Strict", "Warn", "Ignore")) {
            Answer refused = admin.patch(
                    DEPLOYMENTS + "/loose?fieldManager=one&fieldValidation=" + validation, "apply-patch+yaml", unknown);

            assertThat(refused.code()).as(validation).isEqualTo(500);
            assertThat(refused.message())
                    .startsWith("failed to create typed patch object (")
                    .endsWith("loose; apps/v1, Kind=Deployment): .spec.replicsa: field not declared in schema");
        }
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

    @Test
    void saysWhichFieldsCannotBeSelectedBy() throws Exception {
        assertThat(admin.get(MAPS + "?fieldSelector=data.k%3Dv").message())
                .isEqualTo("\"data.k\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
        assertThat(admin.get("/api/v1/pods?fieldSelector=spec.x%3Dv").message())
                .isEqualTo("field label not supported: spec.x");
    }

    @Test
    void bindsAPodOnce() throws Exception {
        admin.post(PODS, pod("bound"));
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
    void givesABoundPodItsGraceAndAnUnboundOneNone() throws Exception {
        admin.post(PODS, pod("free"));
        admin.post(PODS, pod("running"));
        admin.post(PODS + "/running/binding", "{\"target\":{\"kind\":\"Node\",\"name\":\"n1\"}}");

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
    void mountsAServiceAccountTokenThatWorks() throws Exception {
        JsonNode pod = admin.post(PODS, pod("withtoken")).body();
        Answer token = admin.post("/api/v1/namespaces/default/serviceaccounts/default/token", "{\"spec\":{}}");

        assertThat(pod.at("/spec/serviceAccountName").asText()).isEqualTo("default");
        assertThat(pod.at("/spec/volumes/0/projected/sources/0/serviceAccountToken/path")
                        .asText())
                .isEqualTo("token");
        assertThat(token.code()).isEqualTo(201);
        try (TestClient anybody = client("")) {
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
    void tellsACertificateByItsDigest() throws Exception {
        Answer self = admin.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}");

        assertThat(self.body()
                        .at("/status/userInfo/extra/authentication.kubernetes.io~1credential-id/0")
                        .asText())
                .matches("X509SHA256=[0-9a-f]{64}");
    }

    @Test
    void claimsServiceAddressesAndPortsOnce() throws Exception {
        String services = "/api/v1/namespaces/default/services";
        JsonNode first = admin.post(
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
        String services = "/api/v1/namespaces/default/services";
        String spec = "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"type\":\"LoadBalancer\","
                + "\"externalTrafficPolicy\":\"%s\"%s,\"ports\":[{\"port\":80}]}}";
        int port = admin.post(services, spec.formatted("lb", "Local", ""))
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
    void aNewClaimIsPendingProtectedAndOfTheDefaultClass() throws Exception {
        String claims = "/api/v1/namespaces/default/persistentvolumeclaims";
        JsonNode claim = admin.post(
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
    void scalesThroughTheSubresource() throws Exception {
        admin.post(DEPLOYMENTS, deployment("scaled"));
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
    void showsAutoscalersInBothVersions() throws Exception {
        admin.post("/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers", """
                {"metadata":{"name":"h"},"spec":{"maxReplicas":3,"targetCPUUtilizationPercentage":70,
                 "scaleTargetRef":{"kind":"Deployment","name":"x","apiVersion":"apps/v1"}}}""");

        JsonNode newer = admin.get("/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/h")
                .body();
        JsonNode older = admin.get("/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers/h")
                .body();

        assertThat(newer.at("/spec/metrics/0/resource/target/averageUtilization")
                        .asInt())
                .isEqualTo(70);
        assertThat(older.at("/spec/targetCPUUtilizationPercentage").asInt()).isEqualTo(70);
        assertThat(older.path("apiVersion").asText()).isEqualTo("autoscaling/v1");
    }

    @Test
    void letsNothingIntoATerminatingNamespace() throws Exception {
        admin.post("/api/v1/namespaces", "{\"metadata\":{\"name\":\"going\"}}");
        admin.delete("/api/v1/namespaces/going");

        Answer refused = admin.post("/api/v1/namespaces/going/configmaps", map("late", "1"));

        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo("configmaps \"late\" is forbidden: unable to create new content in namespace going "
                        + "because it is being terminated");
        assertThat(admin.delete("/api/v1/namespaces/default").code()).isEqualTo(403);
    }

    @Test
    void keepsADryRunOutOfStorage() throws Exception {
        assertThat(admin.post(MAPS + "?dryRun=All", map("dry", "1")).code()).isEqualTo(201);
        assertThat(admin.get(MAPS + "/dry").code()).isEqualTo(404);
    }

    @Test
    void actsAsSomebodyElseWhenAllowed() throws Exception {
        Answer answer = admin.get(MAPS, "Impersonate-User", "nobody");

        assertThat(answer.code()).isEqualTo(403);
        assertThat(answer.message()).contains("User \"nobody\" cannot list resource");
    }

    @Test
    void judgesUnknownFieldsAsAsked() throws Exception {
        String json = "{\"metadata\":{\"name\":\"strict\"},\"dta\":{}}";

        Answer strict = admin.post(MAPS + "?fieldValidation=Strict", json);
        Answer warned = admin.post(MAPS + "?fieldValidation=Warn", json);

        assertThat(strict.code()).isEqualTo(400);
        assertThat(strict.message()).contains("strict decoding error: unknown field \"dta\"");
        assertThat(warned.code()).isEqualTo(201);
        assertThat(warned.raw().headers().firstValue("Warning").orElse(""))
                .isEqualTo("299 - \"unknown field \\\"dta\\\"\"");
    }

    @Test
    void saysWhatIsDeprecatedAndWhatWillSurprise() throws Exception {
        Answer endpoints = admin.get("/api/v1/namespaces/default/endpoints");
        Answer dotted = admin.post(DEPLOYMENTS, deployment("with.dots"));
        Answer refused = admin.post("/api/v1/namespaces/default/endpoints", "{}");

        assertThat(warnings(endpoints))
                .containsExactly(
                        "299 - \"v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\"");
        assertThat(dotted.code()).isEqualTo(201);
        assertThat(warnings(dotted)).singleElement().asString().contains("[must not contain dots]");
        assertThat(refused.code()).isEqualTo(422);
        assertThat(warnings(refused)).hasSize(1);
    }

    private static List<String> warnings(Answer answer) {
        return answer.raw().headers().allValues("Warning");
    }

    @Test
    void tellsTheHealthOfTheStoreAsAComponent() throws Exception {
        Answer list = admin.get("/api/v1/componentstatuses");

        assertThat(list.body().at("/items/0/metadata/name").asText()).isEqualTo("etcd-0");
        assertThat(list.body().at("/items/0/conditions/0").toString())
                .isEqualTo("{\"type\":\"Healthy\",\"status\":\"True\",\"message\":\"ok\"}");
        assertThat(admin.get("/api/v1/componentstatuses/etcd-0").code()).isEqualTo(200);
        assertThat(admin.get("/api/v1/componentstatuses/scheduler").code()).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST | /api/v1/namespaces/default/configmaps | {\"metadata\": | 400 | BadRequest",
                "POST | /api/v1/namespaces/default/configmaps | {\"kind\":\"Secret\",\"apiVersion\":\"v1\"} | 400 | BadRequest",
                "POST | /api/v1/namespaces/default/configmaps | {} | 422 | Invalid",
                "POST | /api/v1/namespaces/nowhere/configmaps | {\"metadata\":{\"name\":\"a\"}} | 404 | NotFound",
                "POST | /api/v1/namespaces/default/configmaps | {\"metadata\":{\"name\":\"a\",\"namespace\":\"b\"}} | 400 | BadRequest",
                "POST | /apis/apps/v1/namespaces/default/deployments | {\"metadata\":{\"name\":\"a\"},\"spec\":{\"replicas\":\"x\"}} | 400 | BadRequest",
                "GET | /api/v1/namespaces/default/nonsenses | '' | 404 | NotFound",
                "GET | /api/v1/namespaces/default/configmaps?labelSelector=a%20b%20c | '' | 400 | BadRequest",
                "GET | /api/v1/namespaces/default/configmaps?fieldSelector=data.k%3Dv | '' | 400 | BadRequest",
                "GET | /api/v1/namespaces/default/configmaps?resourceVersion=abc | '' | 422 | Invalid",
                "GET | /api/v1/namespaces/default/configmaps?continue=!! | '' | 400 | BadRequest",
                "DELETE | /api/v1/namespaces/default/configmaps/none | '' | 404 | NotFound",
                "PUT | /api/v1/namespaces/default/configmaps/none | {\"metadata\":{\"name\":\"none\"}} | 404 | NotFound",
                "PATCH | /api/v1/namespaces/default/configmaps/none | {} | 415 | UnsupportedMediaType",
                "POST | /api/v1/namespaces/default/pods/none/exec | '' | 404 | NotFound",
            })
    void refusesBadInputWithUpstreamsStatus(String method, String path, String body, int code, String reason)
            throws Exception {
        Answer answer = admin.send(method, path, "application/json", body.getBytes());

        assertThat(answer.code()).as(answer.message()).isEqualTo(code);
        assertThat(answer.reason()).isEqualTo(reason);
        assertThat(answer.body().path("kind").asText()).isEqualTo("Status");
    }

    @Test
    void refusesABodyOverTheLimit() throws Exception {
        Answer answer = admin.post(MAPS, map("big", "x".repeat(3 * 1024 * 1024)));

        assertThat(answer.code()).isEqualTo(413);
        assertThat(answer.message()).isEqualTo("Request entity is too large: limit is 3145728");
    }

    @Test
    void refusesAnUnknownMediaType() throws Exception {
        assertThat(admin.send("POST", MAPS, "text/html", "x".getBytes()).code()).isEqualTo(415);
        assertThat(admin.get(MAPS, "Accept", "text/html").code()).isEqualTo(406);
    }

    @Test
    void deletesCollectionsBySelector() throws Exception {
        admin.post(MAPS, "{\"metadata\":{\"name\":\"c1\",\"labels\":{\"gone\":\"yes\"}}}");
        admin.post(MAPS, "{\"metadata\":{\"name\":\"c2\"}}");

        admin.delete(MAPS + "?labelSelector=gone%3Dyes");

        assertThat(admin.get(MAPS + "/c1").code()).isEqualTo(404);
        assertThat(admin.get(MAPS + "/c2").code()).isEqualTo(200);
    }

    @Test
    void hasEveryObjectAgainAfterARestart(@TempDir Path data) throws Exception {
        ApiServerOptions options = keys.options(data);
        try (ApiServer first = ApiServer.start(options, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
                TestClient client = new TestClient(keys.client("O=system:masters, CN=admin"), first.port())) {
            assertThat(client.post(MAPS, map("kept", "1")).code()).isEqualTo(201);
        }
        try (ApiServer second = ApiServer.start(options, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
                TestClient client = new TestClient(keys.client("O=system:masters, CN=admin"), second.port())) {
            assertThat(client.get(MAPS + "/kept").body().at("/data/k").asText()).isEqualTo("1");
        }
    }

    @Test
    void servesKindsThatUsersDefine() throws Exception {
        String definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        Answer defined = admin.post(definitions, """
                {"metadata":{"name":"boats.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
                 "names":{"plural":"boats","kind":"Boat","shortNames":["bo"]},
                 "versions":[{"name":"v1","served":true,"storage":true,
                  "subresources":{"status":{},"scale":{"specReplicasPath":".spec.masts","statusReplicasPath":".status.masts"}},
                  "schema":{"openAPIV3Schema":{"type":"object","properties":{
                    "spec":{"type":"object","required":["length"],"properties":{
                      "length":{"type":"integer","minimum":1},"masts":{"type":"integer","default":2}}},
                    "status":{"type":"object","properties":{"masts":{"type":"integer"}}}}}}}]}}""");
        assertThat(defined.code()).as(defined.message()).isEqualTo(201);
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

    @Test
    void mergesTheTextsOfASecretIntoItsData() throws Exception {
        JsonNode secret = admin.post(
                        "/api/v1/namespaces/default/secrets",
                        "{\"metadata\":{\"name\":\"s\"},\"stringData\":{\"k\":\"v\"}}")
                .body();

        assertThat(secret.at("/data/k").asText()).isEqualTo("dg==");
        assertThat(secret.has("stringData")).isFalse();
        assertThat(secret.path("type").asText()).isEqualTo("Opaque");
    }
}
