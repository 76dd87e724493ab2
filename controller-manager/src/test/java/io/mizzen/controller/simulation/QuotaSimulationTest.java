// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.resourcequota.ResourceQuotaController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of two quotas, one of them about some pods only, and of pods, claims, Services and more that come, end and go; an
 * admission that charges what comes and refuses what is too much, also while the controller counts; a user who changes the limits,
 * deletes quotas and makes them again; a controller with stale caches and failing writes. What has been charged is never given back
 * while the object is there, and soon after all is quiet a quota says what its objects take. Replay one with
 * {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class QuotaSimulationTest {
    private static final ResourceType QUOTAS = ResourceType.of(ResourceQuota.class);
    private static final ResourceType SERVICES = ResourceType.of(Service.class);
    private static final ResourceType CLAIMS = ResourceType.of(PersistentVolumeClaim.class);
    private static final List<ResourceType> COUNTED =
            List.of(Simulation.PODS, SERVICES, CLAIMS, ResourceType.of(ConfigMap.class), ResourceType.of(Secret.class));
    private static final List<String> OF_PODS = List.of("pods", "count/pods", "requests.cpu");
    private static final List<String> OF_ALL = List.of(
            "pods",
            "requests.cpu",
            "services",
            "services.nodeports",
            "persistentvolumeclaims",
            "fast.storageclass.storage.k8s.io/requests.storage",
            "requests.storage",
            "configmaps",
            "count/secrets");
    /** How long a count may take, retries included; the regular one is far behind it. */
    private static final Duration SOON = Duration.ofMinutes(1);

    private static final class World {
        final Simulation simulation;
        final List<String> violations = new ArrayList<>();

        World(long seed) {
            simulation = new Simulation(seed, List.of(ResourceQuotaController::new), COUNTED);
            simulation.caredFor = pod -> pod.path("metadata").has("deletionTimestamp");
            simulation.cluster.observe(this::check);
        }

        private void check(Change change) {
            for (ObjectNode quota : simulation.cluster.list(QUOTAS)) {
                Map<String, BigDecimal> cost = cost(quota);
                used(quota).forEach((name, used) -> {
                    if (used.compareTo(cost.getOrDefault(name, BigDecimal.ZERO)) < 0) {
                        violations.add("revision " + change.revision() + ": " + name + " costs " + cost.get(name)
                                + " and not " + used + ": " + quota);
                    }
                });
            }
        }

        /** All that the objects of a quota take. */
        private Map<String, BigDecimal> cost(ObjectNode quota) {
            Map<String, BigDecimal> sum = new HashMap<>();
            for (ResourceType type : COUNTED) {
                simulation.cluster.list(type).stream()
                        .filter(object -> isInScope(quota, type, object))
                        .forEach(object ->
                                cost(type, object).forEach((name, more) -> sum.merge(name, more, BigDecimal::add)));
            }
            return sum;
        }

        private Map<String, BigDecimal> cost(ResourceType type, ObjectNode object) {
            Map<String, BigDecimal> cost = new HashMap<>();
            cost.put("count/" + type.plural(), BigDecimal.ONE);
            boolean isGone = object.at("/status/phase").asText().equals("Failed")
                    || object.path("metadata").has("deletionTimestamp")
                            && simulation
                                    .clock
                                    .instant()
                                    .isAfter(Instant.parse(object.at("/metadata/deletionTimestamp")
                                            .asText()));
            if (type.equals(Simulation.PODS)) {
                if (!isGone) {
                    cost.put("pods", BigDecimal.ONE);
                    cost.put(
                            "requests.cpu",
                            amount(object.at("/spec/containers/0/resources/requests/cpu")
                                    .asText()));
                }
                return cost;
            }
            cost.put(type.plural(), BigDecimal.ONE);
            if (type.equals(SERVICES) && object.at("/spec/type").asText().equals("NodePort")) {
                cost.put(
                        "services.nodeports",
                        BigDecimal.valueOf(object.at("/spec/ports").size()));
            } else if (type.equals(CLAIMS)) {
                BigDecimal storage =
                        amount(object.at("/spec/resources/requests/storage").asText());
                cost.put("requests.storage", storage);
                if (object.at("/spec/storageClassName").asText().equals("fast")) {
                    cost.put("fast.storageclass.storage.k8s.io/requests.storage", storage);
                }
            }
            return cost;
        }

        private static boolean isInScope(ObjectNode quota, ResourceType type, ObjectNode object) {
            String scope = quota.at("/spec/scopes/0").asText();
            return scope.isEmpty()
                    || type.equals(Simulation.PODS)
                            && scope.equals("Terminating")
                                    == object.path("spec").has("activeDeadlineSeconds");
        }

        void userStep() {
            switch (simulation.random.nextInt(10)) {
                case 0 -> changeQuota(simulation.random.nextBoolean() ? "all" : "short");
                case 1, 2, 3 -> endSome(COUNTED.get(simulation.random.nextInt(COUNTED.size())));
                default -> create();
            }
        }

        void endSome(ResourceType type) {
            List<ObjectNode> present = simulation.cluster.list(type);
            if (!present.isEmpty()) {
                end(type, Simulation.keyOf(present.get(simulation.random.nextInt(present.size()))));
            }
        }

        private void end(ResourceType type, ObjectKey key) {
            if (type.equals(Simulation.PODS) && simulation.random.nextBoolean()) {
                ObjectNode patch = Json.object();
                patch.putObject("status").put("phase", "Failed");
                simulation.cluster.patch(type, key, patch, true);
            } else {
                simulation.cluster.delete(type, key, DeleteRequest.plain());
            }
        }

        private void changeQuota(String name) {
            ObjectKey key = new ObjectKey("default", name);
            ObjectNode quota = Json.object();
            quota.putObject("metadata").put("namespace", "default").put("name", name);
            ObjectNode hard = quota.putObject("spec").putObject("hard");
            for (String resource : name.equals("all") ? OF_ALL : OF_PODS) {
                if (simulation.random.nextInt(3) > 0) {
                    int limit = simulation.random.nextInt(7);
                    hard.put(resource, resource.endsWith("storage") ? limit + "Gi" : limit + "");
                }
            }
            if (name.equals("short")) {
                quota.withObject("/spec").putArray("scopes").add("Terminating");
            }
            if (simulation.cluster.find(QUOTAS, key).isEmpty()) {
                simulation.cluster.create(QUOTAS, quota);
            } else if (simulation.random.nextInt(3) == 0) {
                simulation.cluster.remove(QUOTAS, key);
            } else {
                simulation.cluster.update(QUOTAS, quota);
            }
        }

        /** The API server's part: charges, then stores. */
        void create() {
            ResourceType type = COUNTED.get(simulation.random.nextInt(COUNTED.size()));
            ObjectNode object = make(type);
            Map<String, BigDecimal> cost = cost(type, object);
            List<ObjectNode> charged = new ArrayList<>();
            for (ObjectNode quota : simulation.cluster.list(QUOTAS)) {
                if (!isInScope(quota, type, object)) {
                    continue;
                }
                Map<String, BigDecimal> used = used(quota);
                ObjectNode tree = quota.deepCopy();
                for (Map.Entry<String, BigDecimal> each : cost.entrySet()) {
                    String limit = quota.at("/status/hard").path(each.getKey()).asText();
                    boolean isUnknown =
                            limit.isEmpty() && quota.at("/spec/hard").has(each.getKey());
                    BigDecimal more =
                            used.getOrDefault(each.getKey(), BigDecimal.ZERO).add(each.getValue());
                    if (isUnknown || !limit.isEmpty() && more.compareTo(amount(limit)) > 0) {
                        return;
                    }
                    if (!limit.isEmpty()) {
                        tree.withObject("/status/used").put(each.getKey(), more.toPlainString());
                    }
                }
                if (!tree.equals(quota)) {
                    charged.add(tree);
                }
            }
            charged.forEach(quota -> simulation.cluster.updateStatus(QUOTAS, quota));
            simulation.cluster.create(type, object);
        }

        private ObjectNode make(ResourceType type) {
            ObjectNode object = Json.object();
            object.putObject("metadata").put("namespace", "default").put("generateName", "object-");
            int size = 1 + simulation.random.nextInt(3);
            if (type.equals(Simulation.PODS)) {
                ObjectNode spec = object.putObject("spec").put("nodeName", "node");
                if (simulation.random.nextBoolean()) {
                    spec.put("activeDeadlineSeconds", 60);
                }
                spec.withArray("containers")
                        .addObject()
                        .put("name", "main")
                        .withObject("/resources/requests")
                        .put("cpu", size * 500 + "m");
            } else if (type.equals(SERVICES)) {
                ObjectNode spec = object.putObject("spec");
                spec.put("type", simulation.random.nextBoolean() ? "NodePort" : "ClusterIP");
                for (int port = 0; port < size; port++) {
                    spec.withArray("ports").addObject().put("port", 80 + port);
                }
            } else if (type.equals(CLAIMS)) {
                object.putObject("spec")
                        .put("storageClassName", simulation.random.nextBoolean() ? "fast" : "slow")
                        .withObject("/resources/requests")
                        .put("storage", size + "Gi");
            }
            return object;
        }

        boolean isExact() {
            return simulation.cluster.list(QUOTAS).stream().allMatch(quota -> {
                Map<String, BigDecimal> cost = cost(quota);
                Map<String, BigDecimal> used = used(quota);
                boolean isTold = amounts(quota, "/status/hard").equals(amounts(quota, "/spec/hard"))
                        && used.keySet().equals(amounts(quota, "/spec/hard").keySet());
                return isTold
                        && used.entrySet().stream()
                                .allMatch(each ->
                                        each.getValue().compareTo(cost.getOrDefault(each.getKey(), BigDecimal.ZERO))
                                                == 0);
            });
        }

        private static Map<String, BigDecimal> used(ObjectNode quota) {
            return amounts(quota, "/status/used");
        }

        private static Map<String, BigDecimal> amounts(ObjectNode quota, String path) {
            Map<String, BigDecimal> amounts = new HashMap<>();
            quota.at(path)
                    .properties()
                    .forEach(each ->
                            amounts.put(each.getKey(), amount(each.getValue().asText())));
            return amounts;
        }

        private static BigDecimal amount(String quantity) {
            return Quantity.getAmountInBytes(new Quantity(quantity)).stripTrailingZeros();
        }
    }

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void givesNothingBackTooSoonAndCountsExactly(long seed) {
        World world = new World(seed);
        Simulation simulation = world.simulation;
        simulation.faults = (verb, resource) -> {
            if (simulation.random.nextInt(3) == 0) {
                world.userStep();
            }
            return simulation.roughFate(verb, resource);
        };

        simulation.live(300 + simulation.random.nextInt(300), 3, world::userStep);

        simulation.faults = Faults.NONE;
        String replay = "replay with -Dtest=QuotaSimulationTest -Dsimulation.seed=" + seed;
        assertCountsSoon(world, replay);
        for (ResourceType type : COUNTED) {
            // Long enough that no second look finds what the end of one object should have woken.
            simulation.clock.advance(SOON);
            assertCountsSoon(world, replay);
            world.endSome(type);
            assertCountsSoon(world, replay + " after the end of one of " + type);
        }
        assertThat(world.violations).as(replay).isEmpty();
    }

    private static void assertCountsSoon(World world, String replay) {
        Simulation simulation = world.simulation;
        Instant start = simulation.clock.instant();
        boolean settled = simulation.settle(20_000, world::isExact);
        assertThat(settled && simulation.clock.instant().isBefore(start.plus(SOON)))
                .as(() -> replay + "\n" + start + " to " + simulation.clock.instant() + " "
                        + simulation.describe(QUOTAS)
                        + simulation.describe(COUNTED.toArray(ResourceType[]::new)))
                .isTrue();
    }
}
