// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.node;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.EventSink;
import io.mizzen.client.Indexes;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Patches;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.condition.Timestamps;
import io.mizzen.controller.pod.Pods;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges every node each five seconds by its status and its lease, sets the conditions of lost ones to Unknown, marks
 * their pods as not ready, and taints. See KEP-589 (node leases).
 */
public final class NodeLifecycleController implements Controller {

    private static final Logger log = LoggerFactory.getLogger(NodeLifecycleController.class);
    private static final String NAME = "node-lifecycle-controller";
    private static final String LEASES = "kube-node-lease";
    private static final Duration PERIOD = Duration.ofSeconds(5);

    private final ControllerContext context;
    private final Duration grace;
    private final Informer<Node> nodes;
    private final Informer<Lease> leases;
    private final Informer<Pod> pods;
    private final EventSink events;
    private final List<ControllerLoop<?>> loops;
    /** What was last heard of each node; with {@link #zones} and {@link #known} the monitor's own. */
    private final Map<String, NodeRules.Health> health = new HashMap<>();

    private final Zones zones = new Zones();
    private final Map<String, Node> known = new HashMap<>();
    /** Nodes whose pods could not all be marked as not ready yet. */
    private final Set<String> toMark = new HashSet<>();

    private final Map<String, String> readinessBefore = new HashMap<>();
    private boolean wasAllDisrupted;

    /**
     * Asks for its informers and waits to be started.
     *
     * @param grace how long a node may be silent before it counts as lost
     */
    public NodeLifecycleController(ControllerContext context, Duration grace) {
        this.context = context;
        this.grace = grace;
        this.nodes = context.informers().of(Node.class);
        this.leases = context.informers().of(Lease.class);
        this.pods = context.informers().of(Pod.class);
        this.events = context.events().apply("node-controller");
        WorkQueue<String> monitor = context.queue("node_lifecycle_controller");
        WorkQueue<String> taints = context.queue("node_lifecycle_controller_taints");
        this.loops = List.of(
                context.loop(monitor, NAME, 1, this::monitor),
                context.loop(taints, NAME + "-taints", 8, this::taintForScheduling));
        pods.addIndex(Indexes.NODE, Indexes::nodeOf);
        nodes.onChange(ChangeHandler.of(node -> taints.add(node.getMetadata().getName())));
        monitor.add("all");
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return loops;
    }

    private Result taintForScheduling(String name) {
        Optional<Node> node = nodes.find(ObjectKey.cluster(name));
        if (node.isPresent()) {
            NodeRules.scheduleTaints(node.get(), context.clock().instant())
                    .ifPresent(taints -> writeTaints(node.get(), taints));
        }
        return Result.done();
    }

    private Result monitor(String key) {
        List<Node> all = nodes.list();
        noteMembership(all);
        List<Node> judged = new ArrayList<>();
        all.forEach(node -> judged.add(attempt(node, this::judge)));
        Map<String, Zones.Count> counts = Zones.count(judged);
        noteDisruption(Zones.isAllDisrupted(counts));
        judged.forEach(node -> attempt(node, current -> taintForEviction(current, counts)));
        return Result.after(PERIOD);
    }

    /** Does something about a node; the node as it was when that fails, until the next look. */
    private static Node attempt(Node node, UnaryOperator<Node> change) {
        try {
            return change.apply(node);
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isConflict(e) && !ApiErrors.isNotFound(e)) {
                log.warn("Node {} could not be updated: {}", node.getMetadata().getName(), e.getMessage());
            }
            return node;
        }
    }

    /** When all nodes seemed lost it was rather the control plane that heard nothing: each gets its grace period anew. */
    private void noteDisruption(boolean isAllDisrupted) {
        if (wasAllDisrupted && !isAllDisrupted) {
            Instant now = context.clock().instant();
            health.replaceAll((name, seen) -> seen.heardOf(now));
        }
        wasAllDisrupted = isAllDisrupted;
    }

    private void noteMembership(List<Node> all) {
        Set<String> names = new HashSet<>();
        for (Node node : all) {
            String name = node.getMetadata().getName();
            names.add(name);
            if (known.put(name, node) == null) {
                tell(node, "RegisteredNode", "Registered Node " + name + " in Controller");
            }
        }
        for (Node gone : List.copyOf(known.values())) {
            String name = gone.getMetadata().getName();
            if (!names.contains(name)) {
                known.remove(name);
                health.remove(name);
                toMark.remove(name);
                readinessBefore.remove(name);
                tell(gone, "RemovingNode", "Removing Node " + name + " from Controller");
                log.info("Node {} was removed", name);
            }
        }
    }

    private Node judge(Node node) {
        String name = node.getMetadata().getName();
        Instant now = context.clock().instant();
        NodeRules.Health seen = NodeRules.Health.seen(health.get(name), node, renewed(name), now);
        health.put(name, seen);
        Node current = node;
        if (seen.isLost(node, grace, now)) {
            Optional<List<NodeCondition>> unknown = NodeRules.unknownConditions(node, now);
            if (unknown.isPresent()) {
                log.warn("Node {} stopped reporting; its conditions are Unknown now", name);
                current = context.api()
                        .updateStatus(new NodeBuilder(node)
                                .editOrNewStatus()
                                .withConditions(unknown.get())
                                .endStatus()
                                .build());
                health.put(name, seen.written(current));
                if (NodeRules.readiness(node).equals("True")) {
                    tell(current, "NodeNotReady", "status is now: NodeNotReady");
                }
            }
        }
        noteReadiness(current);
        if (toMark.contains(name) && markPodsNotReady(current)) {
            toMark.remove(name);
        }
        return current;
    }

    /** Pods are marked once when their node stops being ready: a kubelet that lives goes on reporting them itself. */
    private void noteReadiness(Node node) {
        String name = node.getMetadata().getName();
        String readiness = NodeRules.readiness(node);
        String before = readinessBefore.put(name, readiness);
        if (readiness.equals("True")) {
            toMark.remove(name);
        } else if (before == null ? readiness.equals("Unknown") : before.equals("True")) {
            toMark.add(name);
        }
    }

    private String renewed(String node) {
        return leases.find(new ObjectKey(LEASES, node))
                .map(lease -> lease.getSpec() == null
                        ? ""
                        : String.valueOf(lease.getSpec().getRenewTime()))
                .orElse("");
    }

    /** While all zones are lost no node is emptied. */
    private Node taintForEviction(Node node, Map<String, Zones.Count> counts) {
        Instant now = context.clock().instant();
        Optional<String> wanted = wasAllDisrupted ? Optional.empty() : NodeRules.readinessTaint(node);
        boolean tainted = NodeRules.hasTaint(node, NodeRules.NOT_READY, "NoExecute")
                || NodeRules.hasTaint(node, NodeRules.UNREACHABLE, "NoExecute");
        Optional<List<Taint>> change = NodeRules.executeTaints(node, wanted, now);
        if (change.isEmpty()) {
            return node;
        }
        if (wanted.isEmpty() || tainted) {
            return writeTaints(node, change.get());
        }
        String zone = Zones.zone(node);
        if (!zones.tryTake(zone, Zones.rate(counts, zone), now)) {
            return node;
        }
        try {
            return writeTaints(node, change.get());
        } catch (KubernetesClientException e) {
            // Often the NoSchedule taint came between; the next look must not have to wait for the zone's rate.
            zones.giveBack(zone);
            throw e;
        }
    }

    /**
     * Pods of a lost node leave their Services at once, though nobody there can say so.
     *
     * @return whether it is done; false when a pod was changed meanwhile and has to be looked at again
     */
    private boolean markPodsNotReady(Node node) {
        String name = node.getMetadata().getName();
        boolean areAllMarked = true;
        for (Pod pod : pods.byIndex(Indexes.NODE, name)) {
            if (Pods.isReady(pod) && !Pods.isTerminal(pod)) {
                areAllMarked &= markNotReady(pod);
            }
        }
        return areAllMarked;
    }

    private boolean markNotReady(Pod pod) {
        ObjectNode patch = Patches.guarded(pod);
        ArrayNode conditions = patch.putObject("status").putArray("conditions");
        for (PodCondition condition : pod.getStatus().getConditions()) {
            ObjectNode tree = Json.tree(condition);
            if ("Ready".equals(condition.getType())) {
                tree.put("status", "False");
                tree.put("lastTransitionTime", Timestamps.text(context.clock().instant()));
            }
            conditions.add(tree);
        }
        try {
            context.api().patchStatus(Pod.class, ObjectKey.of(pod), patch);
            events.warning(pod, "NodeNotReady", "Node is not ready");
            return true;
        } catch (KubernetesClientException e) {
            if (ApiErrors.isNotFound(e)) {
                return true;
            }
            if (ApiErrors.isConflict(e)) {
                return false;
            }
            throw e;
        }
    }

    @CanIgnoreReturnValue
    private Node writeTaints(Node node, List<Taint> taints) {
        ObjectNode patch = Patches.guarded(node);
        ArrayNode array = patch.putObject("spec").putArray("taints");
        taints.forEach(taint -> array.add(Json.<ObjectNode>tree(taint)));
        return context.api().patch(Node.class, ObjectKey.of(node), patch);
    }

    private void tell(Node node, String reason, String message) {
        events.normal(node, reason, "Node " + node.getMetadata().getName() + " " + prefix(reason) + message);
    }

    private static String prefix(String reason) {
        return reason.equals("RegisteredNode") || reason.equals("RemovingNode") ? "event: " : "";
    }
}
