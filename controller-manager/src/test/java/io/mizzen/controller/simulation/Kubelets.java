// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The kubelets of some nodes as the API server sees them: each renews its lease and reports its node's status, puts its pods right,
 * and may fall silent in either or both.
 */
final class Kubelets {
    static final ResourceType NODES = ResourceType.of(Node.class);
    static final ResourceType LEASES = ResourceType.of(Lease.class);
    private static final int RENEWS_EVERY = 10;
    private static final int REPORTS_EVERY = 20;
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    /** What one of them does and would say. */
    static final class Kubelet {
        final String node;
        boolean renews = true;
        boolean reports = true;
        boolean isReady = true;
        boolean underPressure;
        Instant nextRenewal = Instant.MIN;
        Instant nextReport = Instant.MIN;
        /** The last sign of life, and the one before that which is of another time. */
        Instant lastSign = Instant.MIN;

        Instant earlierSign = Instant.MIN;

        private Kubelet(String node) {
            this.node = node;
        }

        boolean isSilent() {
            return !renews && !reports;
        }

        private void sign(Instant now) {
            if (!now.equals(lastSign)) {
                earlierSign = lastSign;
                lastSign = now;
            }
        }
    }

    private final Simulation simulation;
    private final Map<String, Kubelet> all = new HashMap<>();

    Kubelets(Simulation simulation) {
        this.simulation = simulation;
        simulation.caredFor = pod -> {
            String node = pod.at("/spec/nodeName").asText();
            return of(node).filter(kubelet -> kubelet.reports && isHeard(node)).isPresent();
        };
    }

    /** A kubelet that is back reports before it does anything else. */
    private boolean isHeard(String node) {
        ObjectNode present =
                simulation.cluster.find(NODES, ObjectKey.cluster(node)).orElseThrow();
        return NodeTree.readiness(present).equals("True")
                || NodeTree.readiness(present).equals("False");
    }

    /** A kubelet that comes with a node. */
    void add(String node) {
        all.put(node, new Kubelet(node));
    }

    /** Ends a kubelet; its lease goes with its node. */
    void remove(String node) {
        all.remove(node);
        ObjectKey lease = leaseOf(node);
        if (simulation.cluster.find(LEASES, lease).isPresent()) {
            simulation.cluster.remove(LEASES, lease);
        }
    }

    Optional<Kubelet> of(String node) {
        return Optional.ofNullable(all.get(node));
    }

    /** One of them, if there is any. */
    Optional<Kubelet> any() {
        List<String> names = all.keySet().stream().sorted().toList();
        return names.isEmpty() ? Optional.empty() : of(names.get(simulation.random.nextInt(names.size())));
    }

    /** Brings one back to full life. */
    void heal(Kubelet kubelet) {
        kubelet.renews = true;
        kubelet.reports = true;
        kubelet.isReady = true;
        kubelet.underPressure = false;
        kubelet.nextRenewal = Instant.MIN;
        kubelet.nextReport = Instant.MIN;
    }

    void healAll() {
        all.values().forEach(this::heal);
    }

    /** Does the next thing that some kubelet has to do; false when none has. */
    boolean step() {
        Instant now = simulation.clock.instant();
        for (String name : all.keySet().stream().sorted().toList()) {
            Kubelet kubelet = of(name).orElseThrow();
            if (kubelet.renews && !kubelet.nextRenewal.isAfter(now)) {
                kubelet.nextRenewal = now.plusSeconds(RENEWS_EVERY);
                renew(kubelet, now);
                return true;
            }
            if (kubelet.reports && !kubelet.nextReport.isAfter(now)) {
                kubelet.nextReport = now.plusSeconds(REPORTS_EVERY);
                report(kubelet, now);
                return true;
            }
            if (kubelet.reports && kubelet.isReady && isHeard(name) && putSomePodRight(name, now)) {
                return true;
            }
        }
        return false;
    }

    private void renew(Kubelet kubelet, Instant now) {
        kubelet.sign(now);
        ObjectKey key = leaseOf(kubelet.node);
        ObjectNode lease = Json.object();
        lease.putObject("spec").put("renewTime", MICROS.format(now));
        if (simulation.cluster.find(LEASES, key).isPresent()) {
            simulation.cluster.patch(LEASES, key, lease, false);
        } else {
            lease.putObject("metadata").put("namespace", key.namespace()).put("name", key.name());
            simulation.cluster.create(LEASES, lease);
        }
    }

    private void report(Kubelet kubelet, Instant now) {
        kubelet.sign(now);
        ObjectNode patch = Json.object();
        ArrayNode conditions = patch.putObject("status").putArray("conditions");
        for (String type : List.of("MemoryPressure", "DiskPressure", "PIDPressure")) {
            condition(conditions, type, kubelet.underPressure && type.equals("DiskPressure"), now);
        }
        condition(conditions, "Ready", kubelet.isReady, now);
        simulation.cluster.patch(NODES, ObjectKey.cluster(kubelet.node), patch, true);
    }

    private static void condition(ArrayNode conditions, String type, boolean isTrue, Instant now) {
        conditions
                .addObject()
                .put("type", type)
                .put("status", isTrue ? "True" : "False")
                .put("lastHeartbeatTime", now.toString());
    }

    /** The controller has said that a pod is not ready, though it runs as well as ever. */
    private boolean putSomePodRight(String node, Instant now) {
        Optional<ObjectNode> wrong = simulation.cluster.list(Simulation.PODS).stream()
                .filter(pod -> pod.at("/spec/nodeName").asText().equals(node)
                        && pod.at("/status/phase").asText().equals("Running")
                        && !RolloutInvariants.isReadyCondition(pod))
                .findFirst();
        wrong.ifPresent(pod -> {
            ObjectNode patch = Json.object();
            ArrayNode conditions = patch.putObject("status").putArray("conditions");
            for (JsonNode condition : pod.at("/status/conditions")) {
                ObjectNode copy = condition.deepCopy();
                if (copy.path("type").asText().equals("Ready")) {
                    copy.put("status", "True").put("lastTransitionTime", now.toString());
                }
                conditions.add(copy);
            }
            simulation.cluster.patch(Simulation.PODS, Simulation.keyOf(pod), patch, true);
        });
        return wrong.isPresent();
    }

    private static ObjectKey leaseOf(String node) {
        return new ObjectKey("kube-node-lease", node);
    }
}
