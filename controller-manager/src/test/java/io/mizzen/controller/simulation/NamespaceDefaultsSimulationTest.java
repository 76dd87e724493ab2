// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.namespace.NamespaceController;
import io.mizzen.controller.rootca.RootCaPublisher;
import io.mizzen.controller.serviceaccount.ServiceAccountController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of namespaces that come and go, where a user deletes and spoils what each has by default. What the user made is left
 * alone, and in the end each active namespace has its ServiceAccount and the authority's certificate as it should be, a terminating one
 * nothing that does not hold it, and nobody tries to put anything into that. Replay one with {@code -Dsimulation.seed=<seed>}; run
 * more with {@code -Dsimulation.rounds=<n>}.
 */
class NamespaceDefaultsSimulationTest {
    private static final ResourceType NAMESPACES = ResourceType.of(Namespace.class);
    private static final ResourceType ACCOUNTS = ResourceType.of(ServiceAccount.class);
    private static final ResourceType MAPS = ResourceType.of(ConfigMap.class);
    private static final String CA = "-----BEGIN CERTIFICATE-----";
    private static final String DESCRIPTION = "kubernetes.io/description";
    private static final List<String> NAMES = List.of("red", "green");
    private static final String STUCK = "stuck";

    private final List<String> violations = new ArrayList<>();

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void eachActiveNamespaceHasItsDefaults(long seed) {
        Simulation simulation = simulation(seed);
        simulation.cluster.observe(change -> check(simulation, change));
        simulation.faults = simulation::roughFate;
        create(simulation, STUCK);
        mine(simulation, STUCK, "example.com/held");

        simulation.live(300 + simulation.random.nextInt(300), 6, () -> userStep(simulation));

        simulation.cluster.delete(NAMESPACES, ObjectKey.cluster(STUCK), DeleteRequest.plain());
        simulation.live(50, 6, () -> userStep(simulation));

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(4_000, () -> isAsWanted(simulation));
        String replay = "replay with -Dtest=NamespaceDefaultsSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(NAMESPACES, ACCOUNTS, MAPS))
                .isTrue();
        // Five minutes for what is still to be tried again; then all is quiet but for the emptying of the namespace.
        int late = simulation.writesWithin(Duration.ofMinutes(5), verb -> verb.equals("create"));
        int never =
                simulation.writesWithin(Duration.ofMinutes(30), verb -> verb.equals("create") || verb.equals("update"));
        assertThat(late).as(replay).isLessThan(3);
        assertThat(never).as(replay).isZero();
    }

    /** The cache may show a namespace as active that is terminating or gone: what the server answers then is no failure. */
    @ParameterizedTest
    @MethodSource("seeds")
    void refusalsInTerminatingNamespacesAreTakenQuietly(long seed) {
        Simulation simulation = simulation(seed);

        simulation.live(400, 3, () -> {
            String name = NAMES.get(simulation.random.nextInt(NAMES.size()));
            if (simulation.cluster.find(NAMESPACES, ObjectKey.cluster(name)).isEmpty()) {
                create(simulation, name);
            } else if (isActive(simulation, name)) {
                simulation.cluster.delete(NAMESPACES, ObjectKey.cluster(name), DeleteRequest.plain());
            }
        });

        String replay = "replay with -Dtest=NamespaceDefaultsSimulationTest -Dsimulation.seed=" + seed;
        assertThat(simulation.errors("serviceaccount-controller")).as(replay).isZero();
        assertThat(simulation.errors("root-ca-certificate-publisher-controller"))
                .as(replay)
                .isZero();
    }

    private static Simulation simulation(long seed) {
        return new Simulation(
                seed,
                List.of(
                        NamespaceController::new,
                        ServiceAccountController::new,
                        context -> new RootCaPublisher(context, CA)),
                List.of(NAMESPACES, ACCOUNTS, MAPS));
    }

    private void check(Simulation simulation, Change change) {
        ObjectNode object = change.object();
        boolean isMine = object.at("/metadata/name").asText().equals("mine");
        if (isMine
                && !simulation.byUser
                && isActive(simulation, object.at("/metadata/namespace").asText())) {
            violations.add("revision " + change.revision() + ": " + change.kind() + " " + object);
        }
    }

    private static void userStep(Simulation simulation) {
        String name = NAMES.get(simulation.random.nextInt(NAMES.size()));
        if (simulation.cluster.find(NAMESPACES, ObjectKey.cluster(name)).isEmpty()) {
            create(simulation, name);
            return;
        }
        if (!isActive(simulation, name)) {
            return;
        }
        ObjectKey map = new ObjectKey(name, "kube-root-ca.crt");
        ObjectKey account = new ObjectKey(name, "default");
        switch (simulation.random.nextInt(8)) {
            case 0 -> simulation.cluster.delete(NAMESPACES, ObjectKey.cluster(name), DeleteRequest.plain());
            case 1, 2 -> delete(simulation, ACCOUNTS, account);
            case 3 -> delete(simulation, MAPS, map);
            case 4 -> {
                if (simulation.cluster.find(MAPS, new ObjectKey(name, "mine")).isEmpty()) {
                    mine(simulation, name);
                }
            }
            default -> {
                if (simulation.cluster.find(MAPS, map).isPresent()) {
                    simulation.cluster.patch(MAPS, map, spoilt(simulation), false);
                }
            }
        }
    }

    private static ObjectNode spoilt(Simulation simulation) {
        ObjectNode patch = Json.object();
        switch (simulation.random.nextInt(4)) {
            case 0 -> patch.putObject("data").put("ca.crt", "forged");
            case 1 -> patch.putObject("data").put("more", "than it should have");
            case 2 -> patch.putNull("data");
            default -> patch.putObject("metadata").putObject("annotations").putNull(DESCRIPTION);
        }
        return patch;
    }

    private static void create(Simulation simulation, String name) {
        ObjectNode namespace = Json.object().put("apiVersion", "v1").put("kind", "Namespace");
        namespace.putObject("metadata").put("name", name);
        namespace.putObject("spec").putArray("finalizers").add("kubernetes");
        simulation.cluster.create(NAMESPACES, namespace);
    }

    private static void mine(Simulation simulation, String namespace, String... finalizers) {
        ObjectNode map = Json.object().put("apiVersion", "v1").put("kind", "ConfigMap");
        var held = map.putObject("metadata")
                .put("namespace", namespace)
                .put("name", "mine")
                .putArray("finalizers");
        List.of(finalizers).forEach(held::add);
        simulation.byUser = true;
        simulation.cluster.create(MAPS, map);
        simulation.byUser = false;
    }

    private static void delete(Simulation simulation, ResourceType type, ObjectKey key) {
        if (simulation.cluster.find(type, key).isPresent()) {
            simulation.cluster.delete(type, key, DeleteRequest.plain());
        }
    }

    private static boolean isActive(Simulation simulation, String namespace) {
        return simulation
                .cluster
                .find(NAMESPACES, ObjectKey.cluster(namespace))
                .filter(found -> !found.path("metadata").has("deletionTimestamp"))
                .isPresent();
    }

    private static boolean isAsWanted(Simulation simulation) {
        boolean defaultsAreThere = simulation.cluster.list(NAMESPACES).stream()
                .map(namespace -> namespace.at("/metadata/name").asText())
                .filter(name -> isActive(simulation, name))
                .allMatch(name -> hasDefaults(simulation, name));
        boolean othersAreGone = simulation.cluster.list(ACCOUNTS).stream()
                .allMatch(account ->
                        isActive(simulation, account.at("/metadata/namespace").asText()));
        boolean mapsAreGone = simulation.cluster.list(MAPS).stream()
                .allMatch(map ->
                        isActive(simulation, map.at("/metadata/namespace").asText())
                                || Simulation.keyOf(map).equals(new ObjectKey(STUCK, "mine")));
        return defaultsAreThere && othersAreGone && mapsAreGone;
    }

    private static boolean hasDefaults(Simulation simulation, String namespace) {
        boolean hasAccount = simulation
                .cluster
                .find(ACCOUNTS, new ObjectKey(namespace, "default"))
                .isPresent();
        return hasAccount
                && simulation
                        .cluster
                        .find(MAPS, new ObjectKey(namespace, "kube-root-ca.crt"))
                        .filter(map -> map.path("data").equals(Json.tree(Map.of("ca.crt", CA)))
                                && !map.path("metadata")
                                        .path("annotations")
                                        .path(DESCRIPTION)
                                        .asText("")
                                        .isEmpty())
                        .isPresent();
    }
}
