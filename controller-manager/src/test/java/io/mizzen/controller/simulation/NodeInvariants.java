// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static io.mizzen.controller.simulation.NodeTree.NOT_READY;
import static io.mizzen.controller.simulation.NodeTree.UNREACHABLE;
import static io.mizzen.controller.simulation.NodeTree.created;
import static io.mizzen.controller.simulation.NodeTree.executeTaint;
import static io.mizzen.controller.simulation.NodeTree.foreign;
import static io.mizzen.controller.simulation.NodeTree.readiness;
import static io.mizzen.controller.simulation.NodeTree.scheduleTaints;
import static io.mizzen.controller.simulation.NodeTree.taints;
import static io.mizzen.controller.simulation.NodeTree.wantedScheduleTaints;
import static io.mizzen.controller.simulation.NodeTree.zone;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.testing.cluster.Change;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What must hold of nodes that fall silent and of the pods on them, at every change and within a time. */
final class NodeInvariants {
    static final Duration GRACE = Duration.ofSeconds(40);
    private static final Duration STARTUP_GRACE = Duration.ofSeconds(60);
    private static final Duration A_NODE = Duration.ofSeconds(10);

    final List<String> violations = new ArrayList<>();
    int evictions;
    private final Simulation simulation;
    private final Kubelets kubelets;
    private final Since since;
    /** A look of the monitor comes so long after the one before, at the latest. */
    private final Duration period;

    private final Map<String, ObjectNode> nodes = new TreeMap<>();
    private final Map<String, Instant> lastTainted = new HashMap<>();
    private final Set<String> leaving = new HashSet<>();
    /** Nodes that were ready until they were lost. */
    private final Set<String> gaveUp = new HashSet<>();

    private boolean byOthers;
    /** When a monitor that had seen that all were lost may have seen first that not all are. */
    private Instant foundAgain = Instant.EPOCH;

    NodeInvariants(Simulation simulation, Kubelets kubelets) {
        this.simulation = simulation;
        this.kubelets = kubelets;
        this.since = new Since(simulation);
        this.period = Duration.ofSeconds(5).plusMillis(2L * simulation.longestLeap);
        simulation.cluster.observe(this::check);
    }

    /** Does what no controller did. */
    void byOthers(Runnable what) {
        byOthers = true;
        what.run();
        byOthers = false;
    }

    private void check(Change change) {
        ObjectNode object = change.object();
        if (change.type().equals(Kubelets.NODES)) {
            String name = object.at("/metadata/name").asText();
            ObjectNode before = change.kind() == Change.Kind.DELETED ? nodes.remove(name) : nodes.put(name, object);
            if (!byOthers && before != null) {
                checkWrite(before, object);
            }
            if (before != null && !readiness(before).equals(readiness(object))) {
                gaveUp.remove(uid(object));
                if (readiness(before).equals("True") && readiness(object).equals("Unknown")) {
                    gaveUp.add(uid(object));
                }
            }
        } else if (change.type().equals(Simulation.PODS)) {
            boolean leaves = change.kind() == Change.Kind.DELETED
                    || object.path("metadata").has("deletionTimestamp");
            if (leaves && leaving.add(uid(object)) && !byOthers) {
                checkEviction(object);
            }
        }
        noteAll();
    }

    private void checkWrite(ObjectNode before, ObjectNode after) {
        Instant now = simulation.clock.instant();
        if (!foreign(before).equals(foreign(after))
                || !before.at("/metadata/labels").equals(after.at("/metadata/labels"))
                || !before.at("/spec/unschedulable").equals(after.at("/spec/unschedulable"))) {
            violations.add("what is not the controller's was changed: " + before + " to " + after);
        }
        if (readiness(after).equals("Unknown") && !readiness(before).equals("Unknown")) {
            Duration grace = readiness(before).isEmpty() ? STARTUP_GRACE : GRACE;
            // The look that sees it comes a little later, and judges first.
            if (now.isAfter(foundAgain.plus(period)) && now.isBefore(foundAgain.plus(GRACE))) {
                violations.add("lost at " + now + " though all were found again at " + foundAgain + ": " + after);
            }
            kubelets.of(after.at("/metadata/name").asText()).ifPresent(kubelet -> {
                Instant sign = kubelet.lastSign.equals(now) ? kubelet.earlierSign : kubelet.lastSign;
                if (!now.isAfter(
                        sign.isAfter(created(after))
                                ? sign.plus(grace)
                                : created(after).plus(grace))) {
                    violations.add("lost at " + now + " though there was a sign at " + sign + ": " + after);
                }
            });
        }
        if (executeTaint(before).isEmpty() && !executeTaint(after).isEmpty()) {
            String zone = zone(after);
            Instant last = lastTainted.put(zone, now);
            if (last != null && simulation.lastTrouble.isBefore(last) && now.isBefore(last.plus(A_NODE))) {
                violations.add("two nodes of zone " + zone + " tainted at " + last + " and " + now);
            }
            if (since.from("zone " + zone, false).isBefore(now)) {
                violations.add("tainted at " + now + " though evictions rest in zone " + zone + ": " + nodes.values());
            }
        }
    }

    /** A deletion is judged by what the caches know; they are up to date whenever time passes. */
    private void checkEviction(ObjectNode pod) {
        Instant now = simulation.clock.instant();
        String node = pod.at("/spec/nodeName").asText();
        boolean nodeIsKnown = simulation
                .informers
                .of(Node.class)
                .find(ObjectKey.cluster(node))
                .filter(cached ->
                        nodes.containsKey(node) && taints(Json.tree(cached)).equals(taints(nodes.get(node))))
                .isPresent();
        boolean podIsKnown = simulation
                .informers
                .of(Pod.class)
                .find(Simulation.keyOf(pod))
                .filter(cached -> cached.getSpec().getTolerations().equals(Stay.tolerations(pod)))
                .isPresent();
        evictions++;
        if (!nodeIsKnown || !podIsKnown) {
            return;
        }
        Instant deadline = since.first("must go " + uid(pod), true)
                .plusSeconds(Stay.seconds(pod).min().orElse(0));
        switch (stay(pod)) {
            case FOR_EVER -> violations.add("evicted at " + now + ", which tolerates everything: " + pod);
            case FOR_A_WHILE -> {
                // Times of taints are told to the second.
                if (now.isBefore(deadline.minusSeconds(1))) {
                    violations.add("evicted at " + now + " before " + deadline + ": " + pod + " of " + nodes.get(node));
                }
            }
            case NOT_AT_ALL -> {}
        }
    }

    private void noteAll() {
        boolean allLost = zones().allMatch(zone -> ready(zone) == 0);
        if (!allLost && since.hasLasted("all lost", true, period)) {
            foundAgain = simulation.clock.instant();
        }
        since.note("all lost", allLost);
        zones().forEach(zone -> {
            long lost = members(zone).count() - ready(zone);
            boolean isPartlyLost =
                    ready(zone) > 0 && lost > 2 && lost >= 0.55 * members(zone).count();
            since.note("zone " + zone, !allLost && !isPartlyLost);
        });
        nodes.values().forEach(node -> {
            since.note("readiness " + uid(node), readiness(node));
            since.note("schedule " + uid(node), wantedScheduleTaints(node));
        });
        simulation.cluster.list(Simulation.PODS).forEach(pod -> {
            since.note("pod " + uid(pod), stay(pod));
            since.note("must go " + uid(pod), stay(pod) != Stay.FOR_EVER);
        });
    }

    /** What has to have happened by now. */
    void checkBounds() {
        nodes.values().forEach(this::checkNode);
        simulation.cluster.list(Simulation.PODS).forEach(this::checkPod);
    }

    private void checkNode(ObjectNode node) {
        String name = node.at("/metadata/name").asText();
        Duration aLook = period.multipliedBy(2);
        Instant found = since.from("all lost", false);
        Kubelets.Kubelet kubelet = kubelets.of(name).orElseThrow();
        Instant last = Stream.of(kubelet.lastSign, created(node), found)
                .max(Instant::compareTo)
                .orElseThrow();
        Duration grace = readiness(node).isEmpty() ? STARTUP_GRACE : GRACE;
        require(
                readiness(node).equals("Unknown"),
                kubelet.isSilent() && since.hasPassed(last, grace.plus(aLook)),
                "silent since " + last,
                node);
        Set<String> wanted = wantedScheduleTaints(node);
        require(
                scheduleTaints(node).equals(wanted),
                since.hasLasted("schedule " + uid(node), wanted, aLook),
                "must have the NoSchedule taints " + wanted,
                node);
        String readiness = readiness(node);
        boolean isReady = readiness.equals("True");
        boolean allLost = since.hasLasted("all lost", true, aLook);
        require(
                executeTaint(node).isEmpty(),
                allLost || isReady && since.hasLasted("readiness " + uid(node), readiness, aLook),
                "must not be emptied, all lost: " + allLost,
                node);
        Duration turn = A_NODE.multipliedBy(members(zone(node)).count() + 1).plus(aLook);
        require(
                executeTaint(node).equals(readiness.equals("Unknown") ? UNREACHABLE : NOT_READY),
                !isReady
                        && !readiness.isEmpty()
                        && since.hasPassed(found, turn)
                        && since.hasLasted("zone " + zone(node), true, turn)
                        && since.hasLasted("readiness " + uid(node), readiness, turn),
                "must be emptied",
                node);
    }

    private void checkPod(ObjectNode pod) {
        String thing = "pod " + uid(pod);
        Duration soon = Duration.ofSeconds(2).plusMillis(2L * simulation.longestLeap);
        long longest = Stay.seconds(pod).max().orElse(0);
        String node = pod.at("/spec/nodeName").asText();
        require(
                !RolloutInvariants.isReadyCondition(pod),
                kubelets.of(node).filter(Kubelets.Kubelet::isSilent).isPresent()
                        && gaveUp.contains(uid(nodes.get(node)))
                        && since.hasLasted("readiness " + uid(nodes.get(node)), "Unknown", period.multipliedBy(2)),
                "cannot be ready on a lost node",
                pod);
        require(
                leaving.contains(uid(pod)),
                since.hasLasted(thing, Stay.NOT_AT_ALL, soon)
                        || since.hasLasted(thing, Stay.FOR_A_WHILE, soon.plusSeconds(longest)),
                "must leave",
                pod);
    }

    private void require(boolean claim, boolean now, String what, ObjectNode object) {
        if (now && !claim) {
            violations.add(what + " at " + simulation.clock.instant() + ", last trouble " + simulation.lastTrouble
                    + ": " + object);
        }
    }

    /** Whether all nodes and pods are as they are when all is well. */
    boolean isWell() {
        return nodes.values().stream()
                        .allMatch(node -> readiness(node).equals("True")
                                && executeTaint(node).isEmpty()
                                && scheduleTaints(node).equals(wantedScheduleTaints(node)))
                && simulation.cluster.list(Simulation.PODS).stream()
                        .allMatch(pod -> stay(pod) == Stay.FOR_EVER && RolloutInvariants.isReadyCondition(pod));
    }

    private Stream<String> zones() {
        return nodes.values().stream().map(NodeTree::zone).distinct();
    }

    private Stream<ObjectNode> members(String zone) {
        return nodes.values().stream().filter(node -> zone(node).equals(zone));
    }

    private long ready(String zone) {
        return members(zone).filter(node -> readiness(node).equals("True")).count();
    }

    private Stay stay(ObjectNode pod) {
        ObjectNode node = nodes.get(pod.at("/spec/nodeName").asText());
        return Stay.of(pod, node == null ? List.of() : taints(node));
    }

    private static String uid(ObjectNode object) {
        return object.at("/metadata/uid").asText();
    }
}
