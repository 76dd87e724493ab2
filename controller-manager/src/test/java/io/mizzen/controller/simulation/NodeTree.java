// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import io.mizzen.client.Json;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What the tree of a node says that matters to its controllers. */
final class NodeTree {
    private static final String KUBERNETES = "node.kubernetes.io/";
    static final String NOT_READY = KUBERNETES + "not-ready";
    static final String UNREACHABLE = KUBERNETES + "unreachable";

    private NodeTree() {}

    /** The status of the condition Ready; {@code ""} if there is none. */
    static String readiness(ObjectNode node) {
        return condition(node, "Ready");
    }

    private static String condition(ObjectNode node, String type) {
        for (JsonNode condition : node.at("/status/conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return condition.path("status").asText();
            }
        }
        return "";
    }

    static String zone(ObjectNode node) {
        return node.path("metadata")
                .path("labels")
                .path("topology.kubernetes.io/zone")
                .asText();
    }

    static Instant created(ObjectNode node) {
        return Instant.parse(node.at("/metadata/creationTimestamp").asText());
    }

    static List<Taint> taints(ObjectNode node) {
        return Json.model(node, Node.class).getSpec().getTaints();
    }

    /** The taints that are not the node controllers'. */
    static List<Taint> foreign(ObjectNode node) {
        return taints(node).stream()
                .filter(taint -> !taint.getKey().startsWith(KUBERNETES))
                .toList();
    }

    /** The key of the taint that empties the node; {@code ""} if there is none. */
    static String executeTaint(ObjectNode node) {
        return taints(node).stream()
                .filter(taint ->
                        taint.getEffect().equals("NoExecute") && taint.getKey().startsWith(KUBERNETES))
                .map(Taint::getKey)
                .findFirst()
                .orElse("");
    }

    /** The keys of the taints that keep new pods away. */
    static Set<String> scheduleTaints(ObjectNode node) {
        Set<String> keys = new TreeSet<>();
        taints(node).stream()
                .filter(taint ->
                        taint.getEffect().equals("NoSchedule") && taint.getKey().startsWith(KUBERNETES))
                .forEach(taint -> keys.add(taint.getKey()));
        return keys;
    }

    /** What {@link #scheduleTaints} must be by the conditions of the node. */
    static Set<String> wantedScheduleTaints(ObjectNode node) {
        Set<String> keys = new TreeSet<>();
        switch (readiness(node)) {
            case "False" -> keys.add(NOT_READY);
            case "Unknown" -> keys.add(UNREACHABLE);
            default -> {}
        }
        if (condition(node, "DiskPressure").equals("True")) {
            keys.add(KUBERNETES + "disk-pressure");
        }
        if (node.at("/spec/unschedulable").asBoolean()) {
            keys.add(KUBERNETES + "unschedulable");
        }
        return keys;
    }
}
