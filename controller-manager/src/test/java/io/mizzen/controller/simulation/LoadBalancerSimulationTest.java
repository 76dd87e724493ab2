// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static io.mizzen.controller.simulation.ServiceWorld.SERVICES;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.loadbalancer.AddressPool;
import io.mizzen.controller.loadbalancer.LoadBalancerController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of Services that want an address of a pool too small for them: they come and go, slowly where a finalizer holds
 * them, change their type and ask for certain addresses; one belongs to another implementation. At no time do two of them have one
 * address, or has one that is no load balancer any; the other implementation's is left alone; and in the end nobody waits for an
 * address that is free. Replay one with {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class LoadBalancerSimulationTest {
    private static final Set<String> POOL = Set.of("192.0.2.1", "192.0.2.2", "192.0.2.3");
    private static final String HELD = "example.com/held";
    private static final int NAMES = 6;

    private final List<String> violations = new ArrayList<>();

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void noTwoServicesHaveOneAddressAndNoneWaitsForAFreeOne(long seed) {
        AddressPool pool = AddressPool.parse("192.0.2.1-192.0.2.3");
        Simulation simulation = new Simulation(
                seed,
                List.of(context -> new LoadBalancerController(context, pool)),
                List.of(SERVICES, ResourceType.of(Node.class)));
        simulation.cluster.observe(change -> check(simulation, change));
        simulation.faults = simulation::roughFate;

        simulation.live(300 + simulation.random.nextInt(300), 5, () -> userStep(simulation));

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(4_000, () -> isAsWanted(simulation));
        String replay = "replay with -Dtest=LoadBalancerSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(SERVICES))
                .isTrue();
    }

    private void check(Simulation simulation, Change change) {
        List<String> given = simulation.cluster.list(SERVICES).stream()
                .flatMap(service -> addresses(service).stream())
                .filter(POOL::contains)
                .sorted()
                .toList();
        boolean isTwice = given.stream().distinct().count() < given.size();
        boolean isUnasked =
                !isBalancer(change.object()) && !addresses(change.object()).isEmpty();
        boolean isOthers = change.object().path("spec").has("loadBalancerClass") && !simulation.byUser;
        if (isTwice || isUnasked || isOthers) {
            violations.add("revision " + change.revision() + ": " + change.object() + " of " + given);
        }
    }

    private static void userStep(Simulation simulation) {
        ObjectKey key = new ObjectKey("default", "service-" + simulation.random.nextInt(NAMES));
        ObjectNode present = simulation.cluster.find(SERVICES, key).orElse(null);
        if (present == null) {
            create(simulation, key);
            return;
        }
        if (present.path("metadata").has("deletionTimestamp")) {
            ObjectNode patch = Json.object();
            patch.putObject("metadata").putArray("finalizers");
            simulation.cluster.patch(SERVICES, key, patch, false);
            return;
        }
        boolean isOthers = present.path("spec").has("loadBalancerClass");
        switch (simulation.random.nextInt(6)) {
            case 0, 1 -> simulation.cluster.delete(SERVICES, key, DeleteRequest.plain());
            case 2, 3 -> {
                if (isOthers) {
                    simulation.cluster.patch(SERVICES, key, anotherAddress(simulation), true);
                } else {
                    ObjectNode patch = Json.object();
                    patch.putObject("spec").put("type", isBalancer(present) ? "ClusterIP" : "LoadBalancer");
                    simulation.cluster.patch(SERVICES, key, patch, false);
                }
            }
            default -> {
                ObjectNode patch = Json.object();
                ask(simulation, patch.putObject("spec"));
                simulation.cluster.patch(SERVICES, key, patch, false);
            }
        }
    }

    private static void create(Simulation simulation, ObjectKey key) {
        ObjectNode service = Json.tree(ServiceWorld.service(key.name()));
        ObjectNode spec = service.withObject("/spec");
        spec.put("type", simulation.random.nextInt(4) > 0 ? "LoadBalancer" : "ClusterIP");
        ask(simulation, spec);
        if (spec.path("loadBalancerIP").isNull()) {
            spec.remove("loadBalancerIP");
        }
        if (key.name().endsWith("0")) {
            spec.put("type", "LoadBalancer").put("loadBalancerClass", "example.com/other");
        } else if (simulation.random.nextInt(3) == 0) {
            service.withObject("/metadata").putArray("finalizers").add(HELD);
        }
        simulation.cluster.create(SERVICES, service);
    }

    /** One time in two for any address, else for one of the pool or, seldom, for one that is not there. */
    private static void ask(Simulation simulation, ObjectNode spec) {
        int asked = simulation.random.nextInt(8);
        if (asked < 4) {
            spec.put("loadBalancerIP", "192.0.2." + (1 + asked));
        } else {
            spec.putNull("loadBalancerIP");
        }
    }

    private static ObjectNode anotherAddress(Simulation simulation) {
        ObjectNode patch = Json.object();
        patch.putObject("status")
                .putObject("loadBalancer")
                .putArray("ingress")
                .addObject()
                .put("ip", "198.51.100." + (1 + simulation.random.nextInt(9)));
        return patch;
    }

    private static boolean isAsWanted(Simulation simulation) {
        Set<String> given = new TreeSet<>();
        simulation.cluster.list(SERVICES).forEach(service -> given.addAll(addresses(service)));
        return simulation.cluster.list(SERVICES).stream()
                .filter(service -> isBalancer(service) && !service.path("spec").has("loadBalancerClass"))
                .allMatch(service -> {
                    String asked = service.at("/spec/loadBalancerIP").asText("");
                    List<String> own = addresses(service);
                    if (service.path("metadata").has("deletionTimestamp")) {
                        return own.isEmpty();
                    }
                    if (asked.isEmpty()) {
                        return own.size() == 1 || given.containsAll(POOL);
                    }
                    boolean mayHave = POOL.contains(asked) && (own.contains(asked) || !given.contains(asked));
                    return own.equals(mayHave ? List.of(asked) : List.of());
                });
    }

    private static boolean isBalancer(ObjectNode service) {
        return service.at("/spec/type").asText().equals("LoadBalancer");
    }

    private static List<String> addresses(ObjectNode service) {
        List<String> addresses = new ArrayList<>();
        for (JsonNode ingress : service.at("/status/loadBalancer/ingress")) {
            addresses.add(ingress.path("ip").asText());
        }
        return addresses;
    }
}
