// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;

/** Defaults of autoscalers and limit ranges that depend on what else is set. Pure, idempotent. */
final class PolicyDefaults {
    private static final int PERIOD_SECONDS = 15;
    private static final int CPU_PERCENT = 80;

    private PolicyDefaults() {}

    /**
     * Without metrics the average CPU is to be at 80 per cent; a behaviour that is given at all is whole (API type {@code
     * HorizontalPodAutoscalerBehavior}).
     */
    static void autoscaler(ObjectNode autoscaler) {
        if (autoscaler.path("spec") instanceof ObjectNode spec
                && spec.path("metrics").isEmpty()) {
            ObjectNode resource =
                    spec.putArray("metrics").addObject().put("type", "Resource").putObject("resource");
            resource.put("name", "cpu")
                    .putObject("target")
                    .put("type", "Utilization")
                    .put("averageUtilization", CPU_PERCENT);
        }
        if (!(autoscaler.path("spec").path("behavior") instanceof ObjectNode behavior)) {
            return;
        }
        ObjectNode up = ObjectTree.child(behavior, "scaleUp");
        if (!up.has("stabilizationWindowSeconds")) {
            up.put("stabilizationWindowSeconds", 0);
        }
        rules(up, true);
        rules(ObjectTree.child(behavior, "scaleDown"), false);
    }

    private static void rules(ObjectNode rules, boolean up) {
        if (!rules.has("selectPolicy")) {
            rules.put("selectPolicy", "Max");
        }
        if (rules.path("policies").isEmpty()) {
            ArrayNode policies = rules.putArray("policies");
            if (up) {
                policy(policies, "Pods", 4);
            }
            policy(policies, "Percent", 100);
        }
    }

    private static void policy(ArrayNode policies, String type, int value) {
        policies.addObject().put("type", type).put("value", value).put("periodSeconds", PERIOD_SECONDS);
    }

    /** A container's default limit is the maximum, its default request the default limit, else the minimum. */
    static void limitRange(ObjectNode range) {
        for (JsonNode node : range.path("spec").path("limits")) {
            if (node instanceof ObjectNode item && item.path("type").asText().equals("Container")) {
                fill(item, "default", "max");
                fill(item, "defaultRequest", "default");
                fill(item, "defaultRequest", "min");
            }
        }
    }

    private static void fill(ObjectNode item, String field, String from) {
        item.path(from).properties().forEach(entry -> {
            ObjectNode into = ObjectTree.child(item, field);
            if (!into.has(entry.getKey())) {
                into.set(entry.getKey(), entry.getValue());
            }
        });
    }
}
