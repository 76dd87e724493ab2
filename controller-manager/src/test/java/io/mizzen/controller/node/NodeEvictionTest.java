// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.testing.clock.VirtualClock;
import io.mizzen.testing.cluster.Faults;
import io.mizzen.testing.cluster.MemoryClient;
import io.mizzen.testing.cluster.MemoryCluster;
import io.mizzen.testing.cluster.MemoryInformers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Both controllers of nodes, each on a cluster in memory. */
class NodeEvictionTest {
    private static final ResourceType NODES = ResourceType.of(Node.class);
    private static final ResourceType PODS = ResourceType.of(Pod.class);
    private static final ObjectKey POD = new ObjectKey("default", "pod");

    private final VirtualClock clock = new VirtualClock();
    private final Random random = new Random(1);
    private final MemoryCluster cluster = new MemoryCluster(clock, random);
    private final MemoryInformers informers = new MemoryInformers(cluster);
    private Faults.Fate fate = Faults.Fate.NORMAL;
    private final List<String> events = new ArrayList<>();
    private int conflicts;

    @Test
    void emptiesNoNodeWhenAllAreLostAtOnce() throws Exception {
        report("a", "True");
        report("b", "True");
        List<ControllerLoop<?>> loops = start(context -> new NodeLifecycleController(context, Duration.ofSeconds(40)));
        pass(loops, 60);

        assertThat(cluster.list(Node.class)).allSatisfy(node -> {
            assertThat(NodeRules.readiness(node)).isEqualTo("Unknown");
            assertThat(NodeRules.hasTaint(node, NodeRules.UNREACHABLE, "NoSchedule"))
                    .isTrue();
            assertThat(NodeRules.hasTaint(node, NodeRules.UNREACHABLE, "NoExecute"))
                    .isFalse();
        });
    }

    @Test
    void emptiesALostNodeWhileAnotherLives() throws Exception {
        report("a", "True");
        report("b", "Unknown");
        List<ControllerLoop<?>> loops = start(context -> new NodeLifecycleController(context, Duration.ofSeconds(40)));
        pass(loops, 10);

        Node lost = cluster.find(Node.class, ObjectKey.cluster("b")).orElseThrow();
        assertThat(NodeRules.hasTaint(lost, NodeRules.UNREACHABLE, "NoExecute")).isTrue();
    }

    @Test
    void tellsWhichNodesComeAndGo() throws Exception {
        report("a", "True");
        List<ControllerLoop<?>> loops = start(context -> new NodeLifecycleController(context, Duration.ofSeconds(40)));
        pass(loops, 6);
        cluster.delete(NODES, ObjectKey.cluster("a"), DeleteRequest.plain());
        pass(loops, 6);

        assertThat(events)
                .containsExactly(
                        "RegisteredNode: Node a event: Registered Node a in Controller",
                        "RemovingNode: Node a event: Removing Node a from Controller");
    }

    @Test
    void doesNotWaitForTheZonesRateWhenAnotherWriteCameBetween() throws Exception {
        report("a", "True");
        report("b", "Unknown");
        conflicts = 2;
        List<ControllerLoop<?>> loops = start(context -> new NodeLifecycleController(context, Duration.ofSeconds(40)));
        pass(loops, 7);

        assertThat(conflicts).isZero();
        Node lost = cluster.find(Node.class, ObjectKey.cluster("b")).orElseThrow();
        assertThat(NodeRules.hasTaint(lost, NodeRules.UNREACHABLE, "NoExecute")).isTrue();
    }

    @Test
    void doesNotPutAPodsTimeOffWhenItsDeletionFails() throws Exception {
        taint("example.com/drained");
        List<ControllerLoop<?>> loops = start(TaintEvictionController::new);
        pass(loops, 25);
        assertThat(isLeaving()).isFalse();

        fate = Faults.Fate.LOST_REQUEST;
        pass(loops, 6);
        assertThat(isLeaving()).isFalse();
        fate = Faults.Fate.NORMAL;
        pass(loops, 5);

        assertThat(isLeaving()).isTrue();
    }

    @Test
    void doesNotPutAPodsTimeOffForAnotherTaintInsteadOfTheFirst() throws Exception {
        taint("example.com/drained");
        List<ControllerLoop<?>> loops = start(TaintEvictionController::new);
        pass(loops, 20);
        taint("example.com/drained-again");
        pass(loops, 12);

        assertThat(isLeaving()).isTrue();
    }

    @Test
    void startsAPodsTimeAnewWhenTheTaintWasAway() throws Exception {
        taint("example.com/drained");
        List<ControllerLoop<?>> loops = start(TaintEvictionController::new);
        pass(loops, 20);
        taint();
        taint("example.com/drained");
        pass(loops, 12);

        assertThat(isLeaving()).isFalse();
        pass(loops, 20);
        assertThat(isLeaving()).isTrue();
    }

    private void report(String name, String ready) {
        Node node =
                new NodeBuilder().withNewMetadata().withName(name).endMetadata().build();
        cluster.create(NODES, Json.tree(node));
        ObjectNode status = Json.object();
        status.putObject("status")
                .putArray("conditions")
                .addObject()
                .put("type", "Ready")
                .put("status", ready)
                .put("lastHeartbeatTime", clock.instant().toString());
        cluster.patch(NODES, ObjectKey.cluster(name), status, true);
    }

    /** The taints of a node with a pod that tolerates any for half a minute. */
    private void taint(String... keys) {
        if (cluster.find(PODS, POD).isEmpty()) {
            report("a", "True");
            Pod pod = new PodBuilder()
                    .withNewMetadata()
                    .withNamespace("default")
                    .withName("pod")
                    .endMetadata()
                    .withNewSpec()
                    .withNodeName("a")
                    .addNewToleration()
                    .withOperator("Exists")
                    .withTolerationSeconds(30L)
                    .endToleration()
                    .endSpec()
                    .build();
            cluster.create(PODS, Json.tree(pod));
        }
        ObjectNode patch = Json.object();
        var taints = patch.putObject("spec").putArray("taints");
        for (String key : keys) {
            taints.addObject().put("key", key).put("effect", "NoExecute");
        }
        cluster.patch(NODES, ObjectKey.cluster("a"), patch, false);
    }

    private Faults.Fate fate() {
        if (conflicts > 0) {
            conflicts--;
            return Faults.Fate.CONFLICT;
        }
        return fate;
    }

    private boolean isLeaving() {
        return cluster.find(PODS, POD).orElseThrow().path("metadata").has("deletionTimestamp");
    }

    private List<ControllerLoop<?>> start(Function<ControllerContext, Controller> maker) {
        ControllerContext context = new ControllerContext(
                new MemoryClient(cluster, (verb, resource) -> fate(), List.of(NODES, PODS)),
                informers,
                clock,
                random,
                new SimpleMeterRegistry(),
                component -> (regarding, type, reason, message) -> events.add(reason + ": " + message),
                Runnable::run);
        List<ControllerLoop<?>> loops = maker.apply(context).loops();
        informers.start();
        return loops;
    }

    /** Lets seconds pass in which all is done that can be done. */
    private void pass(List<ControllerLoop<?>> loops, int seconds) throws InterruptedException {
        for (int i = 0; i < seconds; i++) {
            boolean busy = true;
            while (busy) {
                informers.behind().forEach(MemoryInformers.Feed::deliver);
                busy = !informers.behind().isEmpty();
                for (ControllerLoop<?> loop : loops) {
                    busy |= loop.step();
                }
            }
            clock.advance(Duration.ofSeconds(1));
        }
    }
}
