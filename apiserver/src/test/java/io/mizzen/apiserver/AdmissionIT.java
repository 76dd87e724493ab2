// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Admission that needs a whole server: quotas under a race, what kubelets may write, the metrics API without nodes. */
class AdmissionIT {
    private static final String NAMESPACES = "/api/v1/namespaces";
    private static final String DEFAULT = NAMESPACES + "/default";

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
        admin = new TestClient(keys.client("O=system:masters, CN=admin"), server.port());
        assertThat(admin.post(DEFAULT + "/serviceaccounts", "{\"metadata\":{\"name\":\"default\"}}")
                        .code())
                .isEqualTo(201);
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.close();
    }

    /** A quota as its controller leaves it after the first count. */
    private static void quota(String namespace, String hard, String used) throws Exception {
        assertThat(admin.post(NAMESPACES, "{\"metadata\":{\"name\":\"" + namespace + "\"}}")
                        .code())
                .isEqualTo(201);
        String path = NAMESPACES + "/" + namespace + "/resourcequotas";
        Answer made = admin.post(path, "{\"metadata\":{\"name\":\"q\"},\"spec\":{\"hard\":" + hard + "}}");
        assertThat(made.code()).as(made.message()).isEqualTo(201);
        Answer counted = admin.patch(
                path + "/q/status", "merge-patch+json", "{\"status\":{\"hard\":" + hard + ",\"used\":" + used + "}}");
        assertThat(counted.code()).isEqualTo(200);
    }

    private static String used(String namespace, String name) throws Exception {
        return admin.get(NAMESPACES + "/" + namespace + "/resourcequotas/q")
                .body()
                .path("status")
                .path("used")
                .path(name)
                .asText();
    }

    @Test
    void anIngressWithoutAClassGetsTheDefaultOne() throws Exception {
        String networking = "/apis/networking.k8s.io/v1";
        String rule = "\"spec\":{\"defaultBackend\":{\"service\":{\"name\":\"a\",\"port\":{\"number\":80}}}}}";
        admin.post(
                networking + "/ingressclasses",
                "{\"metadata\":{\"name\":\"front\",\"annotations\":{\"ingressclass.kubernetes.io/is-default-class\":\"true\"}},"
                        + "\"spec\":{\"controller\":\"example.com/front\"}}");
        String ingresses = networking + "/namespaces/default/ingresses";

        Answer silent = admin.post(ingresses, "{\"metadata\":{\"name\":\"silent\"}," + rule);
        Answer old = admin.post(
                ingresses,
                "{\"metadata\":{\"name\":\"old\",\"annotations\":{\"kubernetes.io/ingress.class\":\"back\"}}," + rule);

        assertThat(silent.body().at("/spec/ingressClassName").asText()).isEqualTo("front");
        assertThat(old.code()).isEqualTo(201);
        assertThat(old.body().at("/spec").has("ingressClassName")).isFalse();
    }

    @Test
    void theLastPieceOfAQuotaIsGivenToOneOfManyWhoWantIt() throws Exception {
        quota("race", "{\"count/secrets\":\"7\"}", "{\"count/secrets\":\"0\"}");
        List<Callable<Integer>> writers = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            String secret = "{\"metadata\":{\"name\":\"s" + i + "\"}}";
            writers.add(() -> admin.post(NAMESPACES + "/race/secrets", secret).code());
        }

        List<Integer> codes = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Integer> done : threads.invokeAll(writers, 60, TimeUnit.SECONDS)) {
                codes.add(done.get());
            }
        }

        assertThat(codes).containsOnly(201, 403);
        assertThat(codes.stream().filter(code -> code == 201)).hasSize(7);
        assertThat(used("race", "count/secrets")).isEqualTo("7");
        assertThat(admin.get(NAMESPACES + "/race/secrets").body().path("items")).hasSize(7);
    }

    @Test
    void aWriteThatDoesNotHappenIsNotCharged() throws Exception {
        quota("fair", "{\"configmaps\":\"3\"}", "{\"configmaps\":\"0\"}");
        String maps = NAMESPACES + "/fair/configmaps";
        String map = "{\"metadata\":{\"name\":\"m\"}}";

        assertThat(admin.post(maps, map).code()).isEqualTo(201);
        assertThat(admin.post(maps, map).code()).isEqualTo(409);
        assertThat(admin.post(maps + "?dryRun=All", "{\"metadata\":{\"name\":\"n\"}}")
                        .code())
                .isEqualTo(201);

        assertThat(used("fair", "configmaps")).isEqualTo("1");
    }

    @Test
    void aQuotaThatWasNotCountedYetRefuses() throws Exception {
        assertThat(admin.post(NAMESPACES, "{\"metadata\":{\"name\":\"young\"}}").code())
                .isEqualTo(201);
        assertThat(admin.post(
                                NAMESPACES + "/young/resourcequotas",
                                "{\"metadata\":{\"name\":\"q\"},\"spec\":{\"hard\":{\"secrets\":\"1\"}}}")
                        .code())
                .isEqualTo(201);

        Answer refused = admin.post(NAMESPACES + "/young/secrets", "{\"metadata\":{\"name\":\"s\"}}");

        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo("secrets \"s\" is forbidden: status unknown for quota: q, resources: secrets");
    }

    @Test
    void aKubeletWritesOnlyWhatIsItsOwn() throws Exception {
        try (TestClient kubelet = new TestClient(keys.client("O=system:nodes, CN=system:node:n1"), server.port())) {
            Answer own = kubelet.post("/api/v1/nodes", "{\"metadata\":{\"name\":\"n1\",\"labels\":{\"mine\":\"1\"}}}");
            assertThat(own.code()).as(own.message()).isEqualTo(201);

            assertThat(kubelet.post("/api/v1/nodes", "{\"metadata\":{\"name\":\"n2\"}}")
                            .message())
                    .isEqualTo("nodes \"n2\" is forbidden: node \"n1\" is not allowed to modify node \"n2\"");
            ObjectNode node = own.body().deepCopy();
            node.withObject("/metadata/labels").put("node-restriction.kubernetes.io/team", "a");
            assertThat(kubelet.put("/api/v1/nodes/n1", node).message())
                    .isEqualTo("nodes \"n1\" is forbidden: is not allowed to modify labels:"
                            + " node-restriction.kubernetes.io/team");
            String leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
            assertThat(kubelet.post(leases, "{\"metadata\":{\"name\":\"n1\"}}").code())
                    .isEqualTo(201);
            assertThat(kubelet.post(leases, "{\"metadata\":{\"name\":\"n2\"}}").message())
                    .isEqualTo("leases.coordination.k8s.io \"n2\" is forbidden: can only access node lease with the"
                            + " same name as the requesting node");
        }
    }

    @Test
    void aKubeletReportsOnlyOfPodsThatAreBoundToIt() throws Exception {
        String pod = """
                {"metadata":{"name":"away"},"spec":{"nodeName":"other","containers":[{"name":"c","image":"i"}]}}""";
        assertThat(admin.post(DEFAULT + "/pods", pod).code()).isEqualTo(201);
        try (TestClient kubelet = new TestClient(keys.client("O=system:nodes, CN=system:node:n1"), server.port())) {
            Answer refused = kubelet.patch(
                    DEFAULT + "/pods/away/status", "merge-patch+json", "{\"status\":{\"phase\":\"Running\"}}");

            assertThat(refused.message())
                    .isEqualTo("pods \"away\" is forbidden: node \"n1\" can only update pod status for pods with"
                            + " spec.nodeName set to itself");
        }
    }

    @Test
    void aMirrorPodNamesNothingAndGivesItsNodeNoRights() throws Exception {
        assertThat(admin.post(DEFAULT + "/secrets", "{\"metadata\":{\"name\":\"treasure\"}}")
                        .code())
                .isEqualTo(201);
        try (TestClient kubelet = new TestClient(keys.client("O=system:nodes, CN=system:node:n3"), server.port())) {
            String uid = kubelet.post("/api/v1/nodes", "{\"metadata\":{\"name\":\"n3\"}}")
                    .body()
                    .at("/metadata/uid")
                    .asText();
            String owner = "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"n3\",\"controller\":true,\"uid\":\""
                    + uid + "\"}";
            String pod = """
                    {"metadata":{"name":"%s","annotations":{"kubernetes.io/config.mirror":"h"},"ownerReferences":[%s]},
                     "spec":{"nodeName":"n3"%s,"containers":[{"name":"c","image":"i"%s}]}}""";

            Answer own = kubelet.post(DEFAULT + "/pods", pod.formatted("m", owner, "", ""));
            assertThat(own.code()).as(own.message()).isEqualTo(201);
            assertThat(kubelet.post(
                                    DEFAULT + "/pods",
                                    pod.formatted("p", owner, ",\"imagePullSecrets\":[{\"name\":\"treasure\"}]", ""))
                            .message())
                    .isEqualTo("pods \"p\" is forbidden: node \"n3\" can not create pods that reference secrets");
            assertThat(kubelet.post(
                                    DEFAULT + "/pods",
                                    pod.formatted("e", owner, "", ",\"envFrom\":[{\"configMapRef\":{\"name\":\"x\"}}]"))
                            .message())
                    .isEqualTo("pods \"e\" is forbidden: node \"n3\" can not create pods that reference configmaps");
            assertThat(kubelet.post(DEFAULT + "/pods", pod.formatted("o", "", "", ""))
                            .message())
                    .isEqualTo("pods \"o\" is forbidden: node \"n3\" can only create pods with an owner reference set"
                            + " to itself");
            // What an admin made so counts no more for the node than what it makes itself.
            assertThat(admin.post(
                                    DEFAULT + "/pods",
                                    pod.formatted("a", owner, ",\"imagePullSecrets\":[{\"name\":\"treasure\"}]", ""))
                            .code())
                    .isEqualTo(201);
            assertThat(kubelet.get(DEFAULT + "/secrets/treasure").code()).isEqualTo(403);
        }
    }

    @Test
    void theKeeperOfALocalVolumeTakesItsFinalizerOffAndNothingElse() throws Exception {
        String path = "/api/v1/persistentvolumes";
        Answer made = admin.post(path, """
                {"metadata":{"name":"kept","finalizers":["mizzen.io/local-path","example.com/other"],
                  "annotations":{"pv.kubernetes.io/provisioned-by":"mizzen.io/local-path","mizzen.io/local-path-node":"n4"}},
                 "spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"local":{"path":"/data"},
                  "nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[
                   {"key":"kubernetes.io/hostname","operator":"In","values":["n4"]}]}]}}}}""");
        assertThat(made.code()).as(made.message()).isEqualTo(201);
        try (TestClient kubelet = new TestClient(keys.client("O=system:nodes, CN=system:node:n4"), server.port())) {
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

    @Test
    void whatAVolumeIsMadeOfStays() throws Exception {
        String path = "/api/v1/persistentvolumes";
        assertThat(admin.post(path, """
                        {"metadata":{"name":"fixed"},"spec":{"capacity":{"storage":"1Gi"},
                         "accessModes":["ReadWriteOnce"],"hostPath":{"path":"/a"}}}""").code()).isEqualTo(201);

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
    void aBehaviorIsFilledInAndAnOlderVersionKeepsWhatItDoesNotKnowInAnnotations() throws Exception {
        String path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
        Answer made = admin.post(path, """
                {"metadata":{"name":"h"},"spec":{"maxReplicas":3,"scaleTargetRef":{"kind":"Deployment","name":"d"},
                 "metrics":[
                  {"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}},
                  {"type":"Resource","resource":{"name":"memory","target":{"type":"AverageValue","averageValue":"1Gi"}}}],
                 "behavior":{"scaleDown":{"stabilizationWindowSeconds":5}}}}""");

        assertThat(made.code()).as(made.message()).isEqualTo(201);
        assertThat(made.body().path("spec").path("behavior").toString())
                .contains("{\"stabilizationWindowSeconds\":5,\"selectPolicy\":\"Max\",\"policies\":[{\"type\":"
                        + "\"Percent\",\"value\":100,\"periodSeconds\":15}]}")
                .contains("\"type\":\"Pods\",\"value\":4");
        String older = path.replace("/v2/", "/v1/") + "/h";
        Answer shown = admin.get(older);
        assertThat(shown.body()
                        .path("spec")
                        .path("targetCPUUtilizationPercentage")
                        .asInt())
                .isEqualTo(80);
        assertThat(annotation(shown, "behavior")).contains("\"ScaleDown\":{\"StabilizationWindowSeconds\":5");
        assertThat(annotation(shown, "metrics"))
                .isEqualTo("[{\"type\":\"Resource\",\"resource\":{\"name\":\"memory\","
                        + "\"targetAverageValue\":\"1Gi\"}}]");

        ObjectNode changed = shown.body().deepCopy();
        changed.withObject("/spec").put("maxReplicas", 4);
        assertThat(admin.put(older, changed).code()).isEqualTo(200);
        ObjectNode wanted = made.body().path("spec").deepCopy();
        assertThat(admin.get(path + "/h").body().path("spec").path("behavior")).isEqualTo(wanted.path("behavior"));
        assertThat(admin.get(path + "/h").body().path("spec").path("metrics"))
                .containsExactlyInAnyOrderElementsOf(wanted.path("metrics"));
    }

    @Test
    void anAutoscalerWithAnEmptyListOfMetricsLooksAtCpu() throws Exception {
        Answer made = admin.post("/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers", """
                {"metadata":{"name":"empty"},"spec":{"maxReplicas":3,"metrics":[],
                 "scaleTargetRef":{"kind":"Deployment","name":"d"}}}""");

        assertThat(made.body().path("spec").path("metrics").toString()).contains("\"averageUtilization\":80");
    }

    private static String annotation(Answer autoscaler, String name) {
        return autoscaler
                .body()
                .path("metadata")
                .path("annotations")
                .path("autoscaling.alpha.kubernetes.io/" + name)
                .asText();
    }

    @Test
    void aPodTakesOverheadAndSchedulingOfItsRuntimeClass() throws Exception {
        assertThat(admin.post("/apis/node.k8s.io/v1/runtimeclasses", """
                        {"metadata":{"name":"sandboxed"},"handler":"h","overhead":{"podFixed":{"cpu":"10m"}},
                         "scheduling":{"nodeSelector":{"sandbox":"yes"},"tolerations":[{"key":"s","operator":"Exists"}]}}""").code())
                .isEqualTo(201);
        String pod = """
                {"metadata":{"name":"%s"},"spec":{"runtimeClassName":"%s","containers":[{"name":"c","image":"i"}]}}""";

        Answer made = admin.post(DEFAULT + "/pods", pod.formatted("boxed", "sandboxed"));

        assertThat(made.code()).as(made.message()).isEqualTo(201);
        assertThat(made.body().path("spec").path("overhead").path("cpu").asText())
                .isEqualTo("10m");
        assertThat(made.body().path("spec").path("nodeSelector").path("sandbox").asText())
                .isEqualTo("yes");
        assertThat(made.body().path("spec").path("tolerations").toString()).contains("\"key\":\"s\"");
        assertThat(admin.post(DEFAULT + "/pods", pod.formatted("lost", "nowhere"))
                        .message())
                .isEqualTo("pods \"lost\" is forbidden: pod rejected: RuntimeClass \"nowhere\" not found");
    }

    @Test
    void tellsNoUsageWhereNoneIsKnown() throws Exception {
        Answer list = admin.get("/apis/metrics.k8s.io/v1beta1/pods");

        assertThat(list.code()).isEqualTo(200);
        assertThat(list.body().path("kind").asText()).isEqualTo("PodMetricsList");
        assertThat(list.body().path("items")).isEmpty();
        assertThat(admin.post(DEFAULT + "/pods", """
                        {"metadata":{"name":"quiet"},"spec":{"containers":[{"name":"c","image":"i"}]}}""").code()).isEqualTo(201);
        assertThat(admin.get("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/quiet")
                        .message())
                .isEqualTo("podmetrics.metrics.k8s.io \"default/quiet\" not found");
        assertThat(admin.post("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods", "{}")
                        .code())
                .isEqualTo(405);
        assertThat(admin.get("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io")
                        .body()
                        .path("status")
                        .toString())
                .contains("\"status\":\"True\"");
    }
}
