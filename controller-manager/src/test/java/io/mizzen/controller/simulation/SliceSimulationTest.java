// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.endpoint.EndpointSliceController;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.List;
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
    private static final ResourceType SLICES = ResourceType.of(EndpointSlice.class);
    private static final String SERVICE_LABEL = "kubernetes.io/service-name";
    private static final int FULL = 100;

    static LongStream seeds() {
        return Simulation.seeds(40);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void slicesHoldThePodsOfEachService(long seed) {
        ServiceWorld world =
                new ServiceWorld(seed, List.of(EndpointSliceController::new, GarbageCollector::new), List.of(SLICES));
        Simulation simulation = world.simulation;
        // Now and then so many pods that one slice cannot hold them.
        world.atOnce = seed % 20 == 19 ? 70 : 1;
        List<String> violations = new ArrayList<>();
        simulation.cluster.observe(change -> check(change, violations));
        simulation.faults = simulation::roughFate;

        simulation.live(300 + simulation.random.nextInt(300), 10, world::userStep);

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(300_000, () -> isAsWanted(simulation));
        String replay = "replay with -Dtest=SliceSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(ServiceWorld.SERVICES, SLICES, Simulation.PODS))
                .isTrue();
    }

    private static void check(Change change, List<String> violations) {
        if (!change.type().equals(SLICES) || change.kind() == Change.Kind.DELETED) {
            return;
        }
        List<String> endpoints = endpoints(change.object());
        long different =
                endpoints.stream().map(SliceSimulationTest::address).distinct().count();
        if (endpoints.size() > FULL || different < endpoints.size()) {
            violations.add("revision " + change.revision() + ": " + change.object());
        }
    }

    private static boolean isAsWanted(Simulation simulation) {
        List<ObjectNode> slices = simulation.cluster.list(SLICES);
        boolean haveServices = slices.stream()
                .allMatch(slice -> simulation
                        .cluster
                        .find(ServiceWorld.SERVICES, new ObjectKey("default", serviceOf(slice)))
                        .isPresent());
        return haveServices
                && simulation.cluster.list(ServiceWorld.SERVICES).stream()
                        .allMatch(service -> isAsWanted(simulation, service, slices));
    }

    private static boolean isAsWanted(Simulation simulation, ObjectNode service, List<ObjectNode> slices) {
        String app = service.at("/spec/selector/app").asText();
        List<String> wanted = simulation.cluster.list(Simulation.PODS).stream()
                .filter(pod -> pod.at("/metadata/labels/app").asText().equals(app) && RolloutInvariants.isActive(pod))
                .map(pod -> ServiceWorld.addressOf(pod) + " " + RolloutInvariants.isReadyCondition(pod))
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
}
