// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.ObjectTree;
import java.util.Map;

/** Pods: the status in one word is worked out from the phase, the reasons and the states of the containers. */
final class PodRows {
    private PodRows() {}

    static void register(Map<String, RowMaker> makers) {
        makers.put("Pod", PodRows::pod);
        makers.put("PodTemplate", PodRows::template);
    }

    private static void template(Row row) {
        JsonNode template = row.object().path("template");
        row.name()
                .containersAndImages(template)
                .text(Row.labels(template.path("metadata").path("labels")));
    }

    private static void pod(Row row) {
        PodSummary summary = PodSummary.of(row.object());
        row.name().text(summary.ready() + "/" + summary.total()).text(summary.status());
        row.text(summary.restartText(row.now())).age();
        row.text(row.status().path("podIPs").path(0).path("ip"), Row.NONE);
        row.text(row.spec().path("nodeName"), Row.NONE);
        row.text(row.status().path("nominatedNodeName"), Row.NONE);
        row.text(gates(row.object()));
    }

    /** A pod that has ended says so in a condition of its row, so that clients can hide it. */
    static void conditions(ResourceDefinition definition, ObjectNode object, ObjectNode row) {
        if (definition.custom()
                || !definition.kind().equals("Pod")
                || !definition.group().isEmpty()) {
            return;
        }
        String phase = ObjectTree.text(object, "status", "phase");
        if (phase.equals("Succeeded") || phase.equals("Failed")) {
            row.putArray("conditions")
                    .addObject()
                    .put("type", "Completed")
                    .put("status", "True")
                    .put("reason", phase)
                    .put(
                            "message",
                            phase.equals("Succeeded") ? "The pod has completed successfully." : "The pod failed.");
        }
    }

    private static String gates(JsonNode pod) {
        JsonNode gates = pod.path("spec").path("readinessGates");
        if (gates.isEmpty()) {
            return Row.NONE;
        }
        int open = 0;
        for (JsonNode gate : gates) {
            if (Row.condition(pod, gate.path("conditionType").asText()).equals("True")) {
                open++;
            }
        }
        return open + "/" + gates.size();
    }
}
