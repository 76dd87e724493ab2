// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRules;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRulesBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBuilder;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.podautoscaler.HorizontalController;
import io.mizzen.controller.replicaset.ReplicaController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of a ReplicaSet that is scaled by the CPU that its pods use: a load that comes and goes; a user who moves the bounds;
 * metrics that are missing; stale caches and failing writes. No size is ever outside the bounds that the controller has seen, none is
 * further from the size at the begin of a policy's period than the policy allows (KEP-853), and in the end the size is the one that the
 * load asks for. The process does not crash here: the sizes of the past are only in its memory, upstream as well. Replay one with
 * {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class AutoscalerSimulationTest {
    private static final ResourceType SETS = ResourceType.of(ReplicaSet.class);
    private static final ResourceType AUTOSCALERS = ResourceType.of(HorizontalPodAutoscaler.class);
    private static final ObjectKey WEB = new ObjectKey("default", "web");
    /** What one pod is to use: half of what it asks for. */
    private static final int TARGET_MILLI = 50;

    private record Size(Instant time, int replicas) {}

    private static final class World {
        final Simulation simulation;
        final HPAScalingRules up;
        final HPAScalingRules down;
        final List<Size> sizes = new ArrayList<>();
        final List<String> violations = new ArrayList<>();
        int load = TARGET_MILLI;
        boolean metricsAreMissing;

        World(long seed) {
            simulation = new Simulation(
                    seed,
                    List.of(HorizontalController::new, ReplicaController::replicaSets),
                    List.of(Simulation.PODS, SETS, AUTOSCALERS));
            simulation.extra = (path, body) -> answer(path);
            up = rules();
            down = rules();
            simulation.cluster.observe(this::check);
            simulation.cluster.create(SETS, Json.tree(ReplicaSets.of("default", "web", 1)));
            simulation.cluster.create(
                    AUTOSCALERS,
                    Json.tree(new HorizontalPodAutoscalerBuilder()
                            .withNewMetadata()
                            .withNamespace("default")
                            .withName("web")
                            .endMetadata()
                            .withNewSpec()
                            .withMinReplicas(1)
                            .withMaxReplicas(10)
                            .withNewScaleTargetRef("apps/v1", "ReplicaSet", "web")
                            .addNewMetric()
                            .withType("Resource")
                            .withNewResource()
                            .withName("cpu")
                            .withNewTarget()
                            .withType("Utilization")
                            .withAverageUtilization(50)
                            .endTarget()
                            .endResource()
                            .endMetric()
                            .withNewBehavior()
                            .withScaleUp(up)
                            .withScaleDown(down)
                            .endBehavior()
                            .endSpec()
                            .build()));
        }

        HPAScalingRules rules() {
            boolean byNumber = simulation.random.nextBoolean();
            return new HPAScalingRulesBuilder()
                    .withStabilizationWindowSeconds(simulation.random.nextInt(3) * 30)
                    .withSelectPolicy("Max")
                    .addNewPolicy()
                    .withType(byNumber ? "Pods" : "Percent")
                    .withValue(byNumber ? 1 + simulation.random.nextInt(3) : 50 + simulation.random.nextInt(51))
                    .withPeriodSeconds(15 * (1 + simulation.random.nextInt(4)))
                    .endPolicy()
                    .build();
        }

        /** The load is shared by the pods that are ready. */
        Optional<JsonNode> answer(String path) {
            if (!path.startsWith("/apis/metrics.k8s.io/") || metricsAreMissing) {
                return Optional.empty();
            }
            ObjectNode answer = Json.object();
            ArrayNode items = answer.putArray("items");
            List<ObjectNode> ready = simulation.cluster.list(Simulation.PODS).stream()
                    .filter(pod -> RolloutInvariants.isActive(pod) && RolloutInvariants.isReadyCondition(pod))
                    .toList();
            for (ObjectNode pod : ready) {
                ObjectNode item = items.addObject();
                item.putObject("metadata").put("name", pod.at("/metadata/name").asText());
                item.put("timestamp", simulation.clock.instant().toString()).put("window", "15s");
                item.putArray("containers")
                        .addObject()
                        .put("name", "main")
                        .putObject("usage")
                        .put("cpu", load * 1_000_000L / ready.size() + "n");
            }
            return Optional.of(answer);
        }

        void check(Change change) {
            if (!change.type().equals(SETS)) {
                return;
            }
            Instant now = simulation.clock.instant();
            int size = change.object().at("/spec/replicas").asInt();
            int before = sizes.isEmpty() ? size : sizes.getLast().replicas();
            if (size != before) {
                checkSize(before, size, now);
            }
            sizes.add(new Size(now, size));
        }

        void checkSize(int before, int size, Instant now) {
            var seen = simulation
                    .informers
                    .of(HorizontalPodAutoscaler.class)
                    .find(WEB)
                    .orElseThrow()
                    .getSpec();
            if (size < seen.getMinReplicas() || size > seen.getMaxReplicas()) {
                violations.add("from " + before + " to " + size + ", outside of " + seen.getMinReplicas() + " to "
                        + seen.getMaxReplicas());
            }
            // What is out of bounds comes back at once.
            if (before >= seen.getMinReplicas() && before <= seen.getMaxReplicas()) {
                HPAScalingRules rules = size > before ? up : down;
                var policy = rules.getPolicies().getFirst();
                int begin = sizeAt(now.minus(Duration.ofSeconds(policy.getPeriodSeconds())));
                int sign = size > before ? 1 : -1;
                double limit = policy.getType().equals("Pods")
                        ? begin + sign * policy.getValue()
                        : begin * (1 + sign * policy.getValue() / 100.0);
                boolean isTooFar = size > before ? size > Math.ceil(limit) : size < (int) limit;
                if (isTooFar) {
                    violations.add("from " + before + " to " + size + " at " + now + ", though it was " + begin + " "
                            + policy.getPeriodSeconds() + " seconds before and may change by " + policy.getValue()
                            + " " + policy.getType() + ": " + sizes);
                }
            }
        }

        int sizeAt(Instant time) {
            return sizes.stream()
                    .filter(size -> !size.time().isAfter(time))
                    .reduce((a, b) -> b)
                    .orElse(sizes.getFirst())
                    .replicas();
        }

        void userStep() {
            switch (simulation.random.nextInt(5)) {
                case 0 -> {
                    HorizontalPodAutoscaler autoscaler = autoscaler();
                    int min = 1 + simulation.random.nextInt(4);
                    autoscaler.getSpec().setMinReplicas(min);
                    autoscaler.getSpec().setMaxReplicas(min + simulation.random.nextInt(8));
                    simulation.cluster.update(AUTOSCALERS, Json.tree(autoscaler));
                }
                case 1 -> metricsAreMissing = !metricsAreMissing;
                default -> load = simulation.random.nextInt(700);
            }
        }

        HorizontalPodAutoscaler autoscaler() {
            return simulation.cluster.find(HorizontalPodAutoscaler.class, WEB).orElseThrow();
        }

        boolean isAsWanted() {
            var spec = autoscaler().getSpec();
            int size = simulation
                    .cluster
                    .find(ReplicaSet.class, WEB)
                    .orElseThrow()
                    .getSpec()
                    .getReplicas();
            // Usage is counted in whole thousandths of a core; a tenth more or less is let be.
            int usage = Math.ceilDiv(load, size);
            int asked = Math.ceilDiv(usage * size, TARGET_MILLI);
            int bounded = Math.max(spec.getMinReplicas(), Math.min(spec.getMaxReplicas(), asked));
            boolean isCloseEnough = 10 * usage >= 9 * TARGET_MILLI && 10 * usage <= 11 * TARGET_MILLI;
            boolean isInside = size >= spec.getMinReplicas() && size <= spec.getMaxReplicas();
            return size == bounded || isInside && isCloseEnough;
        }
    }

    static LongStream seeds() {
        return Simulation.seeds(40);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void staysWithinBoundsAndRatesAndFollowsTheLoad(long seed) {
        World world = new World(seed);
        Simulation simulation = world.simulation;
        simulation.faults = (verb, resource) -> switch (simulation.random.nextInt(20)) {
            case 0 -> Faults.Fate.CONFLICT;
            case 1 -> Faults.Fate.LOST_REQUEST;
            default -> Faults.Fate.NORMAL;
        };

        simulation.live(400 + simulation.random.nextInt(400), 40, world::userStep);

        simulation.faults = Faults.NONE;
        world.metricsAreMissing = false;
        boolean settled = simulation.settle(20_000, world::isAsWanted);
        String replay = "replay with -Dtest=AutoscalerSimulationTest -Dsimulation.seed=" + seed;
        assertThat(world.violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\nload " + world.load + "\n"
                        + simulation.describe(AUTOSCALERS, SETS, Simulation.PODS))
                .isTrue();
    }
}
