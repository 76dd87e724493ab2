// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static io.mizzen.controller.simulation.ServiceWorld.SERVICES;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.endpoint.EndpointSliceController;
import io.mizzen.controller.endpoint.SliceMirroringController;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of Services that get and lose a selector, of Endpoints that somebody writes for them by hand and of slices of a
 * stranger. The stranger's slices are left alone, no slice is made twice for one Endpoints object, and in the end there is one slice for each family and list of ports of those
 * Endpoints that are to be mirrored, with just their addresses, and none of others. Replay one with
 * {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class MirrorSimulationTest {
    private static final ResourceType ENDPOINTS = ResourceType.of(Endpoints.class);
    private static final ResourceType SLICES = ResourceType.of(EndpointSlice.class);
    private static final String SERVICE_LABEL = "kubernetes.io/service-name";
    private static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
    private static final String MIRROR = "endpointslicemirroring-controller.k8s.io";
    private static final String SKIP = "endpointslice.kubernetes.io/skip-mirror";
    private static final String STRANGER = "example.com";

    private final List<String> violations = new ArrayList<>();

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void slicesMirrorWhatIsWrittenByHand(long seed) {
        Simulation simulation = new Simulation(
                seed,
                List.of(SliceMirroringController::new, EndpointSliceController::new, GarbageCollector::new),
                List.of(SERVICES, ENDPOINTS, SLICES));
        simulation.cluster.observe(change -> check(simulation, change));
        simulation.faults = simulation::roughFate;

        simulation.live(300 + simulation.random.nextInt(300), 6, () -> userStep(simulation));

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(4_000, () -> isAsWanted(simulation));
        String replay = "replay with -Dtest=MirrorSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(SERVICES, ENDPOINTS, SLICES))
                .isTrue();
    }

    private void check(Simulation simulation, Change change) {
        if (!change.type().equals(SLICES)) {
            return;
        }
        boolean isStrangers = label(change.object(), MANAGED_BY).equals(STRANGER);
        boolean isSecond = change.kind() == Change.Kind.ADDED
                && mirrors(simulation)
                        .filter(slice -> owner(slice).equals(owner(change.object()))
                                && kind(slice).equals(kind(change.object())))
                        .skip(1)
                        .findAny()
                        .isPresent();
        if (isStrangers && !simulation.byUser || isSecond) {
            violations.add("revision " + change.revision() + ": " + change.kind() + " " + change.object());
        }
    }

    private void userStep(Simulation simulation) {
        String name = ServiceWorld.APPS.get(simulation.random.nextInt(ServiceWorld.APPS.size()));
        ObjectKey key = new ObjectKey("default", name);
        switch (simulation.random.nextInt(8)) {
            case 0, 1, 2 -> {
                if (simulation.cluster.find(SERVICES, key).isEmpty()) {
                    simulation.cluster.create(SERVICES, service(name));
                } else {
                    ObjectNode patch = Json.object();
                    ObjectNode spec = patch.putObject("spec");
                    if (simulation.random.nextInt(3) == 0) {
                        spec.putObject("selector").put("app", name);
                    } else {
                        spec.putNull("selector");
                    }
                    simulation.cluster.patch(SERVICES, key, patch, false);
                }
            }
            case 3 -> delete(simulation, SERVICES, key);
            case 4 -> delete(simulation, ENDPOINTS, key);
            case 5 -> strangersSlice(simulation, name);
            default -> {
                ObjectNode written = endpoints(simulation, name);
                if (simulation.cluster.find(ENDPOINTS, key).isEmpty()) {
                    simulation.cluster.create(ENDPOINTS, written);
                } else {
                    simulation.cluster.patch(ENDPOINTS, key, written, false);
                }
            }
        }
    }

    private static ObjectNode service(String name) {
        ObjectNode service = Json.tree(ServiceWorld.service(name));
        ((ObjectNode) service.path("spec")).remove("selector");
        return service;
    }

    private static void delete(Simulation simulation, ResourceType type, ObjectKey key) {
        if (simulation.cluster.find(type, key).isPresent()) {
            simulation.cluster.delete(type, key, DeleteRequest.plain().with(DeleteRequest.Propagation.Background));
        }
    }

    private static void strangersSlice(Simulation simulation, String service) {
        ObjectKey key = new ObjectKey("default", "strange-" + service);
        if (simulation.cluster.find(SLICES, key).isPresent()) {
            delete(simulation, SLICES, key);
            return;
        }
        ObjectNode slice = Json.object();
        slice.put("apiVersion", SLICES.apiVersion()).put("kind", SLICES.kind()).put("addressType", "IPv4");
        slice.putObject("metadata")
                .put("namespace", "default")
                .put("name", key.name())
                .putObject("labels")
                .put(SERVICE_LABEL, service)
                .put(MANAGED_BY, STRANGER);
        slice.putArray("ports");
        slice.putArray("endpoints");
        simulation.cluster.create(SLICES, slice);
    }

    /** Up to two subsets of addresses of both families, and now and then the wish not to be mirrored. */
    private static ObjectNode endpoints(Simulation simulation, String name) {
        ObjectNode object = Json.object().put("apiVersion", "v1").put("kind", "Endpoints");
        ObjectNode metadata =
                object.putObject("metadata").put("namespace", "default").put("name", name);
        ObjectNode labels = metadata.putObject("labels").put("tier", "tier-" + simulation.random.nextInt(2));
        if (simulation.random.nextInt(6) == 0) {
            labels.put(SKIP, "true");
        } else {
            labels.putNull(SKIP);
        }
        ArrayNode subsets = object.putArray("subsets");
        for (int i = 0; i < simulation.random.nextInt(3); i++) {
            ObjectNode subset = subsets.addObject();
            ArrayNode ready = subset.putArray("addresses");
            ready.addObject().put("ip", "192.0.2." + (1 + simulation.random.nextInt(5)));
            ArrayNode notReady = subset.putArray("notReadyAddresses");
            if (simulation.random.nextBoolean()) {
                notReady.addObject().put("ip", "2001:db8::" + (1 + simulation.random.nextInt(5)));
            }
            subset.putArray("ports").addObject().put("port", 80 + i).put("protocol", "TCP");
        }
        return object;
    }

    private static boolean isAsWanted(Simulation simulation) {
        List<String> wanted = simulation.cluster.list(ENDPOINTS).stream()
                .filter(endpoints -> isMirrored(simulation, endpoints))
                .flatMap(MirrorSimulationTest::wanted)
                .sorted()
                .toList();
        List<ObjectNode> slices = mirrors(simulation).toList();
        List<String> held =
                slices.stream().flatMap(MirrorSimulationTest::held).sorted().toList();
        long kinds = slices.stream().map(MirrorSimulationTest::kind).distinct().count();
        boolean haveOwners = slices.stream()
                .allMatch(slice -> simulation.cluster.list(ENDPOINTS).stream()
                        .anyMatch(one -> one.at("/metadata/uid").asText().equals(owner(slice))));
        return held.equals(wanted) && kinds == slices.size() && haveOwners;
    }

    private static Stream<ObjectNode> mirrors(Simulation simulation) {
        return simulation.cluster.list(SLICES).stream()
                .filter(slice -> label(slice, MANAGED_BY).equals(MIRROR));
    }

    private static boolean isMirrored(Simulation simulation, ObjectNode endpoints) {
        Optional<ObjectNode> service = simulation.cluster.find(SERVICES, Simulation.keyOf(endpoints));
        return service.isPresent()
                && !service.get().path("spec").has("selector")
                && label(endpoints, SKIP).isEmpty();
    }

    private static Stream<String> wanted(ObjectNode endpoints) {
        List<String> wanted = new ArrayList<>();
        String about = endpoints.at("/metadata/name").asText() + " " + label(endpoints, "tier") + " ";
        for (JsonNode subset : endpoints.path("subsets")) {
            String port = " " + subset.at("/ports/0/port").asInt();
            subset.path("addresses").forEach(one -> wanted.add(about + address(one.path("ip"), port, true)));
            subset.path("notReadyAddresses").forEach(one -> wanted.add(about + address(one.path("ip"), port, false)));
        }
        return wanted.stream();
    }

    private static Stream<String> held(ObjectNode slice) {
        List<String> held = new ArrayList<>();
        String about = label(slice, SERVICE_LABEL) + " " + label(slice, "tier") + " ";
        String port = " " + slice.at("/ports/0/port").asInt();
        for (JsonNode endpoint : slice.path("endpoints")) {
            boolean isReady = endpoint.at("/conditions/ready").asBoolean();
            held.add(about + address(endpoint.at("/addresses/0"), port, isReady));
        }
        return held.stream();
    }

    private static String address(JsonNode ip, String port, boolean ready) {
        return ip.asText() + port + " " + ready;
    }

    private static String owner(ObjectNode slice) {
        return slice.at("/metadata/ownerReferences/0/uid").asText();
    }

    private static String kind(ObjectNode slice) {
        return label(slice, SERVICE_LABEL) + slice.path("addressType") + slice.path("ports");
    }

    private static String label(ObjectNode object, String label) {
        return object.path("metadata").path("labels").path(label).asText("");
    }
}
