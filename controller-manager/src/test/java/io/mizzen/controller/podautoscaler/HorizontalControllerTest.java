// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerCondition;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Discovery;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.ControllerContext;
import io.mizzen.testing.clock.VirtualClock;
import io.mizzen.testing.cluster.Faults;
import io.mizzen.testing.cluster.MemoryClient;
import io.mizzen.testing.cluster.MemoryCluster;
import io.mizzen.testing.cluster.MemoryInformers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The shell on a cluster in memory: what it writes and says for a target whose scale and usage the test decides. */
class HorizontalControllerTest {
    private static final ResourceType AUTOSCALERS = ResourceType.of(HorizontalPodAutoscaler.class);
    private static final ObjectKey KEY = new ObjectKey("n", "h");

    private final VirtualClock clock = new VirtualClock();
    private final MemoryCluster cluster = new MemoryCluster(clock, new Random(1));
    private final MemoryInformers informers = new MemoryInformers(cluster);
    private final List<String> events = new ArrayList<>();
    private final ObjectNode scale = Json.object();
    private final ObjectNode usage = Json.object();
    private final ControllerLoop<?> loop;

    HorizontalControllerTest() {
        scale.putObject("spec").put("replicas", 1);
        scale.putObject("status").put("replicas", 1).put("selector", "app=a");
        usage.putArray("items");
        ApiClient api = new WithScale(
                new MemoryClient(cluster, Faults.NONE, List.of(ResourceType.of(Deployment.class))), scale, usage);
        ControllerContext context = new ControllerContext(
                api,
                informers,
                clock,
                new Random(1),
                new SimpleMeterRegistry(),
                component -> (regarding, type, reason, message) -> events.add(reason + ": " + message),
                Runnable::run);
        loop = new HorizontalController(context).loops().getFirst();
        informers.start();
    }

    private void autoscaler(String metrics) {
        ObjectNode tree = (ObjectNode) Json.parse("""
                {"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v2","metadata":{"namespace":"n","name":"h"},
                 "spec":{"minReplicas":1,"maxReplicas":5,"metrics":%s,
                 "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}}""".formatted(metrics));
        assertThat(cluster.create(AUTOSCALERS, tree)
                        .path("metadata")
                        .path("uid")
                        .asText())
                .isNotEmpty();
    }

    private static final String CPU = """
            [{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]""";

    private void runningPod(String name, String cpu) {
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withNamespace("n")
                .withName(name)
                .addToLabels("app", "a")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withNewResources()
                .withRequests(Map.of("cpu", new Quantity("100m")))
                .endResources()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .withStartTime(clock.instant().minusSeconds(3600).toString())
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .withLastTransitionTime(clock.instant().minusSeconds(3500).toString())
                .endCondition()
                .endStatus()
                .build();
        ObjectNode tree = Json.tree(pod);
        assertThat(cluster.create(ResourceType.of(Pod.class), tree)).isNotNull();
        ObjectNode metrics = usage.withArray("items").addObject();
        metrics.putObject("metadata").put("name", name);
        metrics.put("timestamp", clock.instant().toString()).put("window", "15s");
        metrics.putArray("containers").addObject().putObject("usage").put("cpu", cpu);
    }

    /** Everything that is due now, and the round after it. */
    private void round() throws InterruptedException {
        informers.behind().forEach(feed -> feed.deliver());
        clock.advanceTo(clock.instant().plus(Duration.ofSeconds(15)));
        while (loop.step()) {
            while (!informers.behind().isEmpty()) {
                informers.behind().forEach(feed -> feed.deliver());
            }
        }
    }

    private HorizontalPodAutoscaler found() {
        return cluster.find(HorizontalPodAutoscaler.class, KEY).orElseThrow();
    }

    private HorizontalPodAutoscalerCondition condition(String type) {
        return found().getStatus().getConditions().stream()
                .filter(each -> each.getType().equals(type))
                .findFirst()
                .orElseThrow();
    }

    private void deliverAll() {
        while (!informers.behind().isEmpty()) {
            informers.behind().forEach(feed -> feed.deliver());
        }
    }

    @Test
    void scalesUpAndSaysSo() throws InterruptedException {
        autoscaler(CPU);
        runningPod("p", "200m");
        deliverAll();

        round();

        assertThat(scale.path("spec").path("replicas").asInt()).isEqualTo(4);
        assertThat(events)
                .contains("SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request)"
                        + " above target");
        assertThat(found().getStatus().getDesiredReplicas()).isEqualTo(4);
        assertThat(found().getStatus().getCurrentReplicas()).isEqualTo(1);
        assertThat(found().getStatus().getLastScaleTime()).isNotNull();
        assertThat(condition("AbleToScale").getReason()).isEqualTo("SucceededRescale");
        assertThat(condition("ScalingLimited").getReason()).isEqualTo("DesiredWithinRange");
        assertThat(found().getStatus()
                        .getCurrentMetrics()
                        .getFirst()
                        .getResource()
                        .getCurrent()
                        .getAverageUtilization())
                .isEqualTo(200);
    }

    @Test
    void withoutMetricsNothingIsScaledAndTheReasonIsTold() throws InterruptedException {
        autoscaler(CPU);
        deliverAll();

        round();

        assertThat(scale.path("spec").path("replicas").asInt()).isEqualTo(1);
        assertThat(condition("ScalingActive").getStatus()).isEqualTo("False");
        assertThat(condition("ScalingActive").getReason()).isEqualTo("FailedGetResourceMetric");
        assertThat(condition("ScalingActive").getMessage())
                .isEqualTo("the HPA was unable to compute the replica count: failed to get cpu utilization: unable to"
                        + " get metrics for resource cpu: no metrics returned from resource metrics API");
        assertThat(events)
                .contains("FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed"
                        + " to get cpu resource metric value: failed to get cpu utilization: unable to get metrics"
                        + " for resource cpu: no metrics returned from resource metrics API");
    }

    @Test
    void oneMetricThatCannotBeHadForbidsToShrinkButNotToGrow() throws InterruptedException {
        String pods = "{\"type\":\"Pods\",\"pods\":{\"metric\":{\"name\":\"m\"},\"target\":{\"type\":\"AverageValue\","
                + "\"averageValue\":\"1\"}}}";
        autoscaler(CPU.replace("]", "," + pods + "]"));
        runningPod("p", "80m");
        deliverAll();
        round();
        assertThat(scale.path("spec").path("replicas").asInt()).isEqualTo(2);

        ((ObjectNode) usage.at("/items/0/containers/0/usage")).put("cpu", "1m");
        round();

        assertThat(scale.path("spec").path("replicas").asInt()).isEqualTo(2);
        assertThat(condition("ScalingActive").getReason()).isEqualTo("FailedGetPodsMetric");
    }

    @Test
    void aTargetOfNoReplicasIsLeftAlone() throws InterruptedException {
        scale.withObject("/spec").put("replicas", 0);
        autoscaler(CPU);
        deliverAll();

        round();

        assertThat(condition("ScalingActive").getReason()).isEqualTo("ScalingDisabled");
        assertThat(scale.path("spec").path("replicas").asInt()).isZero();
    }

    @Test
    void aSizeOverTheMaximumIsCutAtOnce() throws InterruptedException {
        scale.withObject("/spec").put("replicas", 9);
        autoscaler(CPU);
        deliverAll();

        round();

        assertThat(scale.path("spec").path("replicas").asInt()).isEqualTo(5);
        assertThat(events)
                .contains("SuccessfulRescale: New size: 5; reason: Current number of replicas above Spec.MaxReplicas");
    }

    /** A client whose scale and metrics are the test's. */
    private record WithScale(MemoryClient memory, ObjectNode scale, ObjectNode usage)
            implements ApiClient, ApiClient.Dynamic {
        @Override
        public Dynamic dynamic() {
            return this;
        }

        @Override
        public JsonNode get(String path) {
            if (path.equals("/apis/apps/v1/namespaces/n/deployments/d/scale")) {
                return scale.deepCopy();
            }
            if (path.startsWith("/apis/metrics.k8s.io/v1beta1/namespaces/n/pods?")) {
                return usage;
            }
            throw ApiErrors.of(404, "NotFound", path);
        }

        @Override
        public JsonNode send(String method, String path, JsonNode body) {
            scale.set("spec", body.path("spec"));
            return scale;
        }

        @Override
        public <T extends HasMetadata> T create(T object) {
            return memory.create(object);
        }

        @Override
        public <T extends HasMetadata> T update(T object) {
            return memory.update(object);
        }

        @Override
        public <T extends HasMetadata> T updateStatus(T object) {
            return memory.updateStatus(object);
        }

        @Override
        public <T extends HasMetadata> T patch(Class<T> type, ObjectKey key, JsonNode mergePatch) {
            return memory.patch(type, key, mergePatch);
        }

        @Override
        public <T extends HasMetadata> T patchStatus(Class<T> type, ObjectKey key, JsonNode mergePatch) {
            return memory.patchStatus(type, key, mergePatch);
        }

        @Override
        public <T extends HasMetadata> Optional<T> find(Class<T> type, ObjectKey key) {
            return memory.find(type, key);
        }

        @Override
        public <T extends HasMetadata> List<T> list(Class<T> type, String namespace) {
            return memory.list(type, namespace);
        }

        @Override
        public <T extends HasMetadata> void delete(Class<T> type, ObjectKey key, DeleteRequest request) {
            memory.delete(type, key, request);
        }

        @Override
        public Optional<GenericKubernetesResource> findMetadata(ResourceType type, ObjectKey key) {
            return memory.findMetadata(type, key);
        }

        @Override
        public List<GenericKubernetesResource> listMetadata(ResourceType type, String namespace) {
            return memory.listMetadata(type, namespace);
        }

        @Override
        public GenericKubernetesResource patch(ResourceType type, ObjectKey key, JsonNode mergePatch) {
            return memory.patch(type, key, mergePatch);
        }

        @Override
        public void delete(ResourceType type, ObjectKey key, DeleteRequest request) {
            memory.delete(type, key, request);
        }

        @Override
        public void deleteCollection(ResourceType type, String namespace, DeleteRequest request) {
            memory.deleteCollection(type, namespace, request);
        }

        @Override
        public Discovery discover() {
            return memory.discover();
        }
    }
}
