// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.deployment.DeploymentController;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.controller.replicaset.ReplicaController;
import io.mizzen.testing.clock.VirtualClock;
import io.mizzen.testing.cluster.Faults;
import io.mizzen.testing.cluster.MemoryClient;
import io.mizzen.testing.cluster.MemoryCluster;
import io.mizzen.testing.cluster.MemoryInformers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * One process of controllers over a cluster in memory, worked on one thread in an order that comes from a seed: a change
 * delivered to a cache, a key reconciled, a kubelet's step.
 */
final class Simulation {

    static final ResourceType PODS = ResourceType.of(Pod.class);
    static final List<ResourceType> SERVED = List.of(
            PODS,
            ResourceType.of(ReplicaSet.class),
            ResourceType.of(Deployment.class),
            ResourceType.of(ConfigMap.class));

    final Random random;
    final VirtualClock clock = new VirtualClock();
    final MemoryCluster cluster;
    private final List<Function<ControllerContext, Controller>> makers;
    /** What others do: each does one thing, or answers false when it has nothing to do. */
    final List<BooleanSupplier> others = new ArrayList<>();

    MemoryInformers informers;
    Faults faults = Faults.NONE;
    int crashes;
    private List<ControllerLoop<?>> loops = List.of();

    /** Deployments and what belongs to them. */
    Simulation(long seed) {
        this(seed, List.of(DeploymentController::new, ReplicaController::replicaSets, GarbageCollector::new));
    }

    /** Other controllers. */
    Simulation(long seed, List<Function<ControllerContext, Controller>> makers) {
        this.random = new Random(seed);
        this.cluster = new MemoryCluster(clock, random);
        this.makers = makers;
        boot();
    }

    /** Starts the process anew: nothing but the cluster is remembered. */
    void boot() {
        informers = new MemoryInformers(cluster);
        MemoryClient client = new MemoryClient(cluster, (verb, resource) -> faults.next(verb, resource), SERVED);
        ControllerContext context = new ControllerContext(
                client,
                informers,
                clock,
                random,
                new SimpleMeterRegistry(),
                component -> (regarding, type, reason, message) -> {},
                Runnable::run);
        List<ControllerLoop<?>> made = new ArrayList<>();
        for (Function<ControllerContext, Controller> maker : makers) {
            made.addAll(maker.apply(context).loops());
        }
        loops = made;
        informers.start();
    }

    /** Does one thing of what could happen next; false when nothing can before time passes. */
    boolean step() {
        List<BooleanSupplier> possible = new ArrayList<>();
        informers
                .behind()
                .forEach(feed -> possible.add(() -> {
                    feed.deliver();
                    return true;
                }));
        loops.forEach(loop -> possible.add(() -> reconcile(loop)));
        possible.add(this::kubeletStep);
        possible.addAll(others);
        while (!possible.isEmpty()) {
            if (possible.remove(random.nextInt(possible.size())).getAsBoolean()) {
                return true;
            }
        }
        return false;
    }

    private boolean reconcile(ControllerLoop<?> loop) {
        try {
            return loop.step();
        } catch (Faults.Crash crash) {
            crashes++;
            boot();
            return true;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** When the next delayed key of a queue falls due. */
    Optional<Instant> nextDue() {
        return loops.stream().flatMap(loop -> loop.queue().nextDue().stream()).min(Comparator.naturalOrder());
    }

    /** Lets things happen until the claim holds while nothing else can happen; false when it never does. */
    boolean settle(int maxSteps, BooleanSupplier claim) {
        for (int i = 0; i < maxSteps; i++) {
            if (step()) {
                continue;
            }
            if (claim.getAsBoolean()) {
                return true;
            }
            Instant due = nextDue().orElse(clock.instant().plus(Duration.ofSeconds(30)));
            clock.advanceTo(due.isAfter(clock.instant()) ? due : clock.instant().plusMillis(1));
        }
        return false;
    }

    /** Schedules, starts or ends one pod. */
    private boolean kubeletStep() {
        List<ObjectNode> due = cluster.list(PODS).stream()
                .filter(pod -> pod.path("metadata").has("deletionTimestamp")
                        || pod.path("status").path("phase").asText().equals("Pending"))
                .toList();
        if (due.isEmpty()) {
            return false;
        }
        ObjectNode pod = due.get(random.nextInt(due.size()));
        ObjectKey key = keyOf(pod);
        if (pod.path("metadata").has("deletionTimestamp")) {
            cluster.remove(PODS, key);
        } else if (pod.path("spec").path("nodeName").asText("").isEmpty()) {
            ObjectNode patch = Json.object();
            patch.putObject("spec").put("nodeName", "node-" + random.nextInt(3));
            cluster.patch(PODS, key, patch, false);
        } else {
            ObjectNode patch = Json.object();
            patch.putObject("status")
                    .put("phase", "Running")
                    .putArray("conditions")
                    .addObject()
                    .put("type", "Ready")
                    .put("status", "True")
                    .put("lastTransitionTime", clock.instant().toString());
            cluster.patch(PODS, key, patch, true);
        }
        return true;
    }

    static ObjectKey keyOf(ObjectNode object) {
        return new ObjectKey(
                object.path("metadata").path("namespace").asText(),
                object.path("metadata").path("name").asText());
    }
}
