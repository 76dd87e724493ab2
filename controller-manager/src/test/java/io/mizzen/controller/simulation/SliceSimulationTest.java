// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.endpoint.EndpointSliceController;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of Services and the pods that they select: pods that come, become ready and unready, change their labels and go;
 * Services that are edited, deleted and made again; a controller with stale caches and failing writes. No slice ever holds more than a
 * hundred endpoints or one address twice, and in the end the slices of each Service hold exactly its pods, each once and ready as it
 * is. Replay one with {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class SliceSimulationTest {
    private static final ResourceType SERVICES = ResourceType.of(Service.class);
    private static final ResourceType SLICES = ResourceType.of(EndpointSlice.class);
    private static final List<String> APPS = List.of("red", "green");
    private static final String SERVICE_LABEL = "kubernetes.io/service-name";
    private static final int FULL = 100;

    private static final class World {
        final Simulation simulation;
        final List<String> violations = new ArrayList<>();
        final int atOnce;
        int addresses;

        World(long seed) {
            simulation = new Simulation(
                    seed,
                    List.of(EndpointSliceController::new, GarbageCollector::new),
                    List.of(Simulation.PODS, SERVICES, SLICES));
            // Now and then so many pods that one slice cannot hold them.
            atOnce = simulation.random.nextInt(8) == 0 ? 70 : 1;
            simulation.others.add(this::giveAddress);
            simulation.cluster.observe(this::check);
        }

        /** What a kubelet tells some time after the pod runs. */
        boolean giveAddress() {
            Optional<ObjectNode> pod = simulation.cluster.list(Simulation.PODS).stream()
                    .filter(SliceSimulationTest::runs)
                    .filter(one -> addressOf(one).isEmpty())
                    .findFirst();
            pod.ifPresent(one -> {
                addresses++;
                ObjectNode patch = Json.object();
                patch.putObject("status").put("podIP", "10.42." + addresses / 250 + "." + (1 + addresses % 250));
                simulation.cluster.patch(Simulation.PODS, Simulation.keyOf(one), patch, true);
            });
            return pod.isPresent();
        }

        void check(Change change) {
            if (!change.type().equals(SLICES) || change.kind() == Change.Kind.DELETED) {
                return;
            }
            List<String> endpoints = endpoints(change.object());
            if (endpoints.size() > FULL
                    || endpoints.stream()
                                    .map(SliceSimulationTest::address)
                                    .distinct()
                                    .count()
                            < endpoints.size()) {
                violations.add("revision " + change.revision() + ": " + change.object());
            }
        }

        void userStep() {
            String app = APPS.get(simulation.random.nextInt(APPS.size()));
            ObjectKey service = new ObjectKey("default", app);
            Optional<ObjectNode> present = simulation.cluster.find(SERVICES, service);
            switch (simulation.random.nextInt(10)) {
                case 0 -> {
                    if (present.isPresent()) {
                        simulation.cluster.delete(
                                SERVICES, service, DeleteRequest.plain().with(DeleteRequest.Propagation.Background));
                    }
                }
                case 1 ->
                    present.ifPresent(one -> {
                        ObjectNode patch = Json.object();
                        patch.putObject("spec")
                                .putObject("selector")
                                .put("app", APPS.get(simulation.random.nextInt(APPS.size())));
                        simulation.cluster.patch(SERVICES, service, patch, false);
                    });
                case 2 ->
                    present.ifPresent(one -> {
                        ObjectNode patch = Json.object();
                        patch.putObject("spec")
                                .putArray("ports")
                                .addObject()
                                .put("protocol", "TCP")
                                .put("port", 80)
                                .put("targetPort", 8080 + simulation.random.nextInt(3));
                        simulation.cluster.patch(SERVICES, service, patch, false);
                    });
                case 3, 4, 5 -> {
                    if (present.isEmpty()) {
                        simulation.cluster.create(SERVICES, Json.tree(service(app)));
                    }
                    for (int i = 0; i < atOnce; i++) {
                        simulation.cluster.create(Simulation.PODS, Json.tree(pod(app)));
                    }
                }
                case 6, 7 -> change(simulation);
                case 8 -> simulation.failSomePod();
                default -> simulation.deleteSomePod();
            }
        }
    }

    static LongStream seeds() {
        return Simulation.seeds(40);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void slicesHoldThePodsOfEachService(long seed) {
        World world = new World(seed);
        Simulation simulation = world.simulation;
        simulation.faults = simulation::roughFate;

        simulation.live(300 + simulation.random.nextInt(300), 10, world::userStep);

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(20_000, () -> isAsWanted(simulation));
        String replay = "replay with -Dtest=SliceSimulationTest -Dsimulation.seed=" + seed;
        assertThat(world.violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(SERVICES, SLICES, Simulation.PODS))
                .isTrue();
    }

    /** Some pod gets another label or another readiness. */
    private static void change(Simulation simulation) {
        List<ObjectNode> running = simulation.cluster.list(Simulation.PODS).stream()
                .filter(SliceSimulationTest::runs)
                .toList();
        if (running.isEmpty()) {
            return;
        }
        ObjectNode pod = running.get(simulation.random.nextInt(running.size()));
        ObjectNode patch = Json.object();
        boolean isStatus = simulation.random.nextInt(3) > 0;
        if (isStatus) {
            patch.putObject("status")
                    .putArray("conditions")
                    .addObject()
                    .put("type", "Ready")
                    .put("status", RolloutInvariants.isReadyCondition(pod) ? "False" : "True");
        } else {
            patch.putObject("metadata")
                    .putObject("labels")
                    .put("app", APPS.get(simulation.random.nextInt(APPS.size())));
        }
        simulation.cluster.patch(Simulation.PODS, Simulation.keyOf(pod), patch, isStatus);
    }

    private static boolean isAsWanted(Simulation simulation) {
        List<ObjectNode> slices = simulation.cluster.list(SLICES);
        boolean haveServices = slices.stream()
                .allMatch(slice -> simulation
                        .cluster
                        .find(SERVICES, new ObjectKey("default", serviceOf(slice)))
                        .isPresent());
        return haveServices
                && simulation.cluster.list(SERVICES).stream()
                        .allMatch(service -> isAsWanted(simulation, service, slices));
    }

    private static boolean isAsWanted(Simulation simulation, ObjectNode service, List<ObjectNode> slices) {
        String app = service.at("/spec/selector/app").asText();
        List<String> wanted = simulation.cluster.list(Simulation.PODS).stream()
                .filter(pod -> pod.at("/metadata/labels/app").asText().equals(app) && RolloutInvariants.isActive(pod))
                .map(pod -> addressOf(pod) + " " + RolloutInvariants.isReadyCondition(pod))
                .sorted()
                .toList();
        List<ObjectNode> own = slices.stream()
                .filter(slice ->
                        serviceOf(slice).equals(service.at("/metadata/name").asText()))
                .toList();
        List<String> held = own.stream()
                .flatMap(slice -> endpoints(slice).stream())
                .sorted()
                .toList();
        boolean portsAreRight = wanted.isEmpty()
                || own.stream()
                        .allMatch(slice -> slice.at("/ports/0/port").asInt()
                                == service.at("/spec/ports/0/targetPort").asInt());
        return !own.isEmpty() && held.equals(wanted) && portsAreRight;
    }

    private static boolean runs(ObjectNode pod) {
        return pod.at("/status/phase").asText().equals("Running")
                && !pod.path("metadata").has("deletionTimestamp");
    }

    private static String addressOf(ObjectNode pod) {
        return pod.at("/status/podIP").asText();
    }

    private static String serviceOf(ObjectNode slice) {
        return slice.path("metadata").path("labels").path(SERVICE_LABEL).asText();
    }

    /** Each as address and readiness. */
    private static List<String> endpoints(ObjectNode slice) {
        List<String> endpoints = new ArrayList<>();
        for (JsonNode endpoint : slice.path("endpoints")) {
            endpoints.add(endpoint.at("/addresses/0").asText() + " "
                    + endpoint.at("/conditions/ready").asBoolean());
        }
        return endpoints;
    }

    private static String address(String endpoint) {
        return endpoint.substring(0, endpoint.indexOf(' '));
    }

    private static Service service(String app) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(app)
                .endMetadata()
                .withNewSpec()
                .addToSelector("app", app)
                .withIpFamilies("IPv4")
                .addNewPort()
                .withProtocol("TCP")
                .withPort(80)
                .withNewTargetPort(8080)
                .endPort()
                .endSpec()
                .build();
    }

    private static Pod pod(String app) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withGenerateName(app + "-")
                .addToLabels("app", app)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("image:0")
                .endContainer()
                .endSpec()
                .build();
    }
}
