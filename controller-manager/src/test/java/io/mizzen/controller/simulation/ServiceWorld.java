// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Services and the pods that they select: pods that come, become ready and unready, change their labels and go; Services that are
 * edited, deleted and made again.
 */
final class ServiceWorld {
    static final ResourceType SERVICES = ResourceType.of(Service.class);
    static final List<String> APPS = List.of("red", "green");

    final Simulation simulation;
    /** How many pods a user makes at a time. */
    int atOnce = 1;

    private int addresses;
    private int pods;

    ServiceWorld(
            long seed,
            List<Function<ControllerContext, Controller>> makers,
            List<ResourceType> besidesPodsAndServices) {
        List<ResourceType> served = Stream.concat(Stream.of(Simulation.PODS, SERVICES), besidesPodsAndServices.stream())
                .toList();
        simulation = new Simulation(seed, makers, served);
        simulation.others.add(this::giveAddress);
    }

    /** What a kubelet tells some time after the pod runs. */
    private boolean giveAddress() {
        Optional<ObjectNode> pod = simulation.cluster.list(Simulation.PODS).stream()
                .filter(ServiceWorld::runs)
                .filter(one -> addressOf(one).isEmpty())
                .findFirst();
        pod.ifPresent(one -> {
            ObjectNode patch = Json.object();
            patch.putObject("status").put("podIP", nextAddress());
            simulation.cluster.patch(Simulation.PODS, Simulation.keyOf(one), patch, true);
        });
        return pod.isPresent();
    }

    String nextAddress() {
        addresses++;
        return "10.42." + addresses / 250 + "." + (1 + addresses % 250);
    }

    void userStep() {
        String app = someApp();
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
                    patch.putObject("spec").putObject("selector").put("app", someApp());
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
            case 6, 7 -> changeSomePod();
            case 8 -> simulation.failSomePod();
            default -> simulation.deleteSomePod();
        }
    }

    String someApp() {
        return APPS.get(simulation.random.nextInt(APPS.size()));
    }

    /** Some pod gets another label or another readiness. */
    void changeSomePod() {
        List<ObjectNode> running = simulation.cluster.list(Simulation.PODS).stream()
                .filter(ServiceWorld::runs)
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
            patch.putObject("metadata").putObject("labels").put("app", someApp());
        }
        simulation.cluster.patch(Simulation.PODS, Simulation.keyOf(pod), patch, isStatus);
    }

    static boolean runs(ObjectNode pod) {
        return pod.at("/status/phase").asText().equals("Running")
                && !pod.path("metadata").has("deletionTimestamp");
    }

    static String addressOf(ObjectNode pod) {
        return pod.at("/status/podIP").asText();
    }

    /** One that selects {@code app=<app>}. */
    static Service service(String app) {
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

    /** One in three knows no port of the name {@code web}, the others have it at one of two numbers. */
    Pod pod(String app) {
        int port = simulation.random.nextInt(3);
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(app + "-" + ++pods)
                .addToLabels("app", app)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("image:0")
                .addNewPort()
                .withName(port == 0 ? "other" : "web")
                .withContainerPort(8000 + port)
                .withProtocol("TCP")
                .endPort()
                .endContainer()
                .endSpec()
                .build();
    }
}
