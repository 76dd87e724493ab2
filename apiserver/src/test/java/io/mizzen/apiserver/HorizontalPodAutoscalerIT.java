// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.TestClient.Answer;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One autoscaler, seen in both of its versions. */
class HorizontalPodAutoscalerIT {
    private static final String V1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers";
    private static final String V2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";

    @AutoClose
    private static TestServer server;

    private static TestClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = TestServer.start(folder);
        admin = server.admin();
    }

    @Test
    void showsAutoscalersInBothVersions() throws Exception {
        admin.create(V1, """
                {"metadata":{"name":"first"},"spec":{"maxReplicas":3,"targetCPUUtilizationPercentage":70,
                 "scaleTargetRef":{"kind":"Deployment","name":"x","apiVersion":"apps/v1"}}}""");

        JsonNode newer = admin.get(V2 + "/first").body();
        JsonNode older = admin.get(V1 + "/first").body();

        assertThat(newer.at("/spec/metrics/0/resource/target/averageUtilization")
                        .asInt())
                .isEqualTo(70);
        assertThat(older.at("/spec/targetCPUUtilizationPercentage").asInt()).isEqualTo(70);
        assertThat(older.path("apiVersion").asText()).isEqualTo("autoscaling/v1");
    }

    @Test
    void aBehaviorIsFilledInAndAnOlderVersionKeepsWhatItDoesNotKnowInAnnotations() throws Exception {
        Answer made = admin.create(V2, """
                {"metadata":{"name":"h"},"spec":{"maxReplicas":3,"scaleTargetRef":{"kind":"Deployment","name":"d"},
                 "metrics":[
                  {"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}},
                  {"type":"Resource","resource":{"name":"memory","target":{"type":"AverageValue","averageValue":"1Gi"}}}],
                 "behavior":{"scaleDown":{"stabilizationWindowSeconds":5}}}}""");

        assertThat(made.body().path("spec").path("behavior").toString())
                .contains("{\"stabilizationWindowSeconds\":5,\"selectPolicy\":\"Max\",\"policies\":[{\"type\":"
                        + "\"Percent\",\"value\":100,\"periodSeconds\":15}]}")
                .contains("\"type\":\"Pods\",\"value\":4");
        Answer shown = admin.get(V1 + "/h");
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
        assertThat(admin.put(V1 + "/h", changed).code()).isEqualTo(200);
        ObjectNode wanted = made.body().path("spec").deepCopy();
        assertThat(admin.get(V2 + "/h").body().path("spec").path("behavior")).isEqualTo(wanted.path("behavior"));
        assertThat(admin.get(V2 + "/h").body().path("spec").path("metrics"))
                .containsExactlyInAnyOrderElementsOf(wanted.path("metrics"));
    }

    @Test
    void anAutoscalerWithAnEmptyListOfMetricsLooksAtCpu() throws Exception {
        Answer made = admin.create(V2, """
                {"metadata":{"name":"empty"},"spec":{"maxReplicas":3,"metrics":[],
                 "scaleTargetRef":{"kind":"Deployment","name":"d"}}}""");

        assertThat(made.body().path("spec").path("metrics").toString()).contains("\"averageUtilization\":80");
    }

    private static String annotation(Answer autoscaler, String name) {
        return autoscaler
                .body()
                .at("/metadata/annotations/autoscaling.alpha.kubernetes.io~1" + name)
                .asText();
    }
}
