// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static io.mizzen.controller.simulation.ServiceWorld.SERVICES;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.endpoint.EndpointsController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of Services and their pods, as {@link ServiceWorld} plays them, where the Services also become headless, lose their
 * ports or their selector, and publish what is not ready; and somebody writes into Endpoints by hand. The Endpoints of a Service that
 * never had a selector are left alone, no object has more than 1000 addresses, and in the end each has exactly the addresses and ports
 * of its pods. Replay one with {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class EndpointsSimulationTest {
    private static final ResourceType ENDPOINTS = ResourceType.of(Endpoints.class);
    private static final ObjectKey HAND = new ObjectKey("default", "hand");
    private static final String MANAGED_BY = "endpoints.kubernetes.io/managed-by";
    private static final String OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
    private static final int FULL = 1000;

    private final List<String> violations = new ArrayList<>();

    static LongStream seeds() {
        return Simulation.seeds(40);
    }

    static LongStream crowds() {
        return Simulation.seeds(2).limit(30);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void endpointsHoldThePodsOfEachService(long seed) {
        ServiceWorld world = world(seed);

        assertConverges(world, 300 + world.simulation.random.nextInt(300), seed);
    }

    @ParameterizedTest
    @MethodSource("crowds")
    void endpointsOfACrowdAreCut(long seed) {
        ServiceWorld world = world(seed);
        for (int i = 0; i < FULL - 1; i++) {
            ObjectNode pod = Json.tree(world.pod("red"));
            ObjectNode status = pod.putObject("status").put("phase", "Running").put("podIP", world.nextAddress());
            String ready = world.simulation.random.nextInt(4) > 0 ? "True" : "False";
            status.putArray("conditions").addObject().put("type", "Ready").put("status", ready);
            world.simulation.cluster.create(Simulation.PODS, pod);
        }

        assertConverges(world, 200, seed);
    }

    private ServiceWorld world(long seed) {
        ServiceWorld world = new ServiceWorld(seed, List.of(EndpointsController::new), List.of(ENDPOINTS));
        world.simulation.cluster.observe(change -> check(world.simulation, change));
        return world;
    }

    private void assertConverges(ServiceWorld world, int steps, long seed) {
        Simulation simulation = world.simulation;
        simulation.faults = simulation::roughFate;

        simulation.live(steps, 8, () -> userStep(world));

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(4_000, () -> isAsWanted(simulation));
        String replay = "replay with -Dtest=EndpointsSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(SERVICES, ENDPOINTS, Simulation.PODS))
                .isTrue();
    }

    private void check(Simulation simulation, Change change) {
        if (!change.type().equals(ENDPOINTS)) {
            return;
        }
        boolean isByHand = Simulation.keyOf(change.object()).equals(HAND);
        int addresses = 0;
        for (JsonNode subset : change.object().path("subsets")) {
            addresses += subset.path("addresses").size()
                    + subset.path("notReadyAddresses").size();
        }
        if (isByHand && !simulation.byUser || addresses > FULL) {
            violations.add("revision " + change.revision() + ": " + change.kind() + " " + change.object());
        }
    }

    private static void userStep(ServiceWorld world) {
        Simulation simulation = world.simulation;
        ObjectKey key = new ObjectKey("default", world.someApp());
        Optional<ObjectNode> service = simulation.cluster.find(SERVICES, key);
        switch (simulation.random.nextInt(12)) {
            case 0 -> byHand(simulation, HAND);
            case 1 -> simulation.cluster.find(ENDPOINTS, key).ifPresent(object -> byHand(simulation, key));
            case 2, 3, 4, 5 ->
                service.ifPresent(one -> simulation.cluster.patch(SERVICES, key, edit(world, one), false));
            default -> world.userStep();
        }
    }

    private static ObjectNode edit(ServiceWorld world, ObjectNode service) {
        ObjectNode patch = Json.object();
        ObjectNode spec = patch.putObject("spec");
        switch (world.simulation.random.nextInt(7)) {
            case 0 ->
                spec.put(
                        "publishNotReadyAddresses",
                        !service.at("/spec/publishNotReadyAddresses").asBoolean());
            case 1 -> spec.put("clusterIP", "None").putArray("ports");
            case 2 -> {
                spec.putNull("clusterIP");
                ports(spec);
            }
            case 3 -> ports(spec);
            case 4 -> spec.putNull("selector");
            case 5 -> spec.putObject("selector").put("app", world.someApp());
            default -> patch.putObject("metadata").putObject("labels").put("tier", world.someApp());
        }
        return patch;
    }

    private static void ports(ObjectNode spec) {
        ArrayNode ports = spec.putArray("ports");
        ports.addObject()
                .put("name", "web")
                .put("protocol", "TCP")
                .put("port", 80)
                .put("targetPort", "web");
        ports.addObject()
                .put("name", "admin")
                .put("protocol", "TCP")
                .put("port", 81)
                .put("targetPort", 9000);
    }

    /** Somebody writes an Endpoints object, with or without its Service, or takes it away. */
    private static void byHand(Simulation simulation, ObjectKey key) {
        if (key.equals(HAND) && simulation.random.nextBoolean()) {
            if (simulation.cluster.find(SERVICES, key).isPresent()) {
                simulation.cluster.delete(SERVICES, key, DeleteRequest.plain());
            } else {
                ObjectNode service = Json.tree(ServiceWorld.service("hand"));
                ((ObjectNode) service.path("spec")).remove("selector");
                simulation.cluster.create(SERVICES, service);
            }
        }
        ObjectNode object = Json.object().put("apiVersion", "v1").put("kind", "Endpoints");
        object.putObject("metadata").put("namespace", "default").put("name", key.name());
        ObjectNode subset = object.putArray("subsets").addObject();
        subset.putArray("addresses").addObject().put("ip", "192.0.2." + (1 + simulation.random.nextInt(9)));
        subset.putArray("ports").addObject().put("port", 80).put("protocol", "TCP");
        if (simulation.cluster.find(ENDPOINTS, key).isEmpty()) {
            simulation.cluster.create(ENDPOINTS, object);
        } else if (simulation.random.nextBoolean()) {
            simulation.cluster.delete(ENDPOINTS, key, DeleteRequest.plain());
        } else {
            simulation.cluster.patch(ENDPOINTS, key, object, false);
        }
    }

    private static boolean isAsWanted(Simulation simulation) {
        boolean haveServices = simulation.cluster.list(ENDPOINTS).stream()
                .filter(object -> object.path("metadata").path("labels").has(MANAGED_BY))
                .allMatch(object -> simulation
                        .cluster
                        .find(SERVICES, Simulation.keyOf(object))
                        .isPresent());
        return haveServices
                && simulation.cluster.list(SERVICES).stream()
                        .filter(service -> service.path("spec").has("selector"))
                        .allMatch(service -> simulation
                                .cluster
                                .find(ENDPOINTS, Simulation.keyOf(service))
                                .filter(object -> isAsWanted(simulation, service, object))
                                .isPresent());
    }

    /** Each port stands in one subset, and so do all ports that the same addresses offer. */
    private static boolean isAsWanted(Simulation simulation, ObjectNode service, ObjectNode endpoints) {
        Set<String> wanted = wanted(simulation, service);
        Set<String> held = new TreeSet<>();
        List<String> ports = new ArrayList<>();
        List<Set<String>> groups = new ArrayList<>();
        for (JsonNode subset : endpoints.path("subsets")) {
            Set<String> addresses = new TreeSet<>();
            subset.path("addresses").forEach(one -> addresses.add(address(one, true)));
            subset.path("notReadyAddresses").forEach(one -> addresses.add(address(one, false)));
            groups.add(addresses);
            if (subset.path("ports").isEmpty()) {
                held.addAll(addresses);
            }
            for (JsonNode port : subset.path("ports")) {
                String text = port(port, port.path("port").asInt());
                ports.add(text);
                addresses.forEach(address -> held.add(address + text));
            }
        }
        if (new HashSet<>(ports).size() < ports.size() || new HashSet<>(groups).size() < groups.size()) {
            return false;
        }
        if (!endpoints.at("/metadata/annotations").has(OVER_CAPACITY)) {
            return held.equals(wanted);
        }
        long full = groups.stream().mapToInt(Set::size).sum();
        boolean isCut = full == FULL && held.size() < wanted.size() && wanted.containsAll(held);
        return isCut && (countReady(held) == countReady(wanted) || countReady(held) == held.size());
    }

    private static long countReady(Set<String> addresses) {
        return addresses.stream().filter(one -> one.contains(" true")).count();
    }

    private static Set<String> wanted(Simulation simulation, ObjectNode service) {
        boolean publish = service.at("/spec/publishNotReadyAddresses").asBoolean();
        Set<String> wanted = new TreeSet<>();
        for (ObjectNode pod : simulation.cluster.list(Simulation.PODS)) {
            boolean answers = pod.at("/metadata/labels/app").equals(service.at("/spec/selector/app"))
                    && (RolloutInvariants.isActive(pod) || publish && !hasEnded(pod))
                    && !ServiceWorld.addressOf(pod).isEmpty();
            if (!answers) {
                continue;
            }
            String address = ServiceWorld.addressOf(pod) + " "
                    + pod.at("/metadata/uid").asText() + " " + (publish || RolloutInvariants.isReadyCondition(pod));
            if (service.at("/spec/ports").isEmpty()) {
                wanted.add(address);
            }
            for (JsonNode port : service.at("/spec/ports")) {
                number(port.path("targetPort"), pod).ifPresent(number -> wanted.add(address + port(port, number)));
            }
        }
        return wanted;
    }

    private static boolean hasEnded(ObjectNode pod) {
        String phase = pod.at("/status/phase").asText();
        return phase.equals("Failed") || phase.equals("Succeeded");
    }

    private static Optional<Integer> number(JsonNode target, ObjectNode pod) {
        JsonNode offered = pod.at("/spec/containers/0/ports/0");
        if (target.isInt()) {
            return Optional.of(target.asInt());
        }
        return offered.path("name").equals(target)
                ? Optional.of(offered.path("containerPort").asInt())
                : Optional.empty();
    }

    private static String address(JsonNode address, boolean ready) {
        return address.path("ip").asText() + " " + address.at("/targetRef/uid").asText() + " " + ready;
    }

    private static String port(JsonNode port, int number) {
        return " " + port.path("name").asText() + ":" + number + "/"
                + port.path("protocol").asText();
    }
}
