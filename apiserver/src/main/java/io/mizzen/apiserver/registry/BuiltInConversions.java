// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.ObjectTree;
import java.util.List;

/** The few built-in kinds whose served versions differ in shape: HorizontalPodAutoscaler v1 and the newer Event. Pure. */
final class BuiltInConversions {
    private static final VersionConverter AUTOSCALER_V1 = new AutoscalerV1();
    private static final VersionConverter EVENTS = new NewEvents();

    private BuiltInConversions() {}

    static VersionConverter between(ResourceDefinition definition, String version) {
        return switch (definition.groupResource() + "/" + version) {
            case "horizontalpodautoscalers.autoscaling/v1" -> AUTOSCALER_V1;
            case "events.events.k8s.io/v1" -> EVENTS;
            default -> VersionConverter.IDENTITY;
        };
    }

    private static void move(ObjectNode object, String from, String to) {
        JsonNode value = object.remove(from);
        if (value != null) {
            object.set(to, value);
        }
    }

    /** events.k8s.io/v1 names the fields of core/v1 anew. */
    private static final class NewEvents implements VersionConverter {
        private static final List<List<String>> NAMES = List.of(
                List.of("regarding", "involvedObject"),
                List.of("note", "message"),
                List.of("reportingController", "reportingComponent"),
                List.of("deprecatedSource", "source"),
                List.of("deprecatedFirstTimestamp", "firstTimestamp"),
                List.of("deprecatedLastTimestamp", "lastTimestamp"),
                List.of("deprecatedCount", "count"));

        @Override
        public ObjectNode toStored(ObjectNode event) {
            event.put("apiVersion", "v1");
            NAMES.forEach(pair -> move(event, pair.get(0), pair.get(1)));
            return event;
        }

        @Override
        public ObjectNode fromStored(ObjectNode event) {
            event.put("apiVersion", "events.k8s.io/v1");
            NAMES.forEach(pair -> move(event, pair.get(1), pair.get(0)));
            return event;
        }
    }

    /** autoscaling/v1 knows one metric, the average utilisation of CPU; others travel in annotations. */
    private static final class AutoscalerV1 implements VersionConverter {
        private static final String METRICS = "autoscaling.alpha.kubernetes.io/metrics";
        private static final String BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior";

        @Override
        public ObjectNode toStored(ObjectNode autoscaler) {
            autoscaler.put("apiVersion", "autoscaling/v2");
            ObjectNode spec = ObjectTree.child(autoscaler, "spec");
            JsonNode target = spec.remove("targetCPUUtilizationPercentage");
            var metrics = spec.putArray("metrics");
            ObjectNode annotations = ObjectTree.child(ObjectTree.metadata(autoscaler), "annotations");
            JsonNode others = annotations.remove(METRICS);
            if (others != null) {
                ObjectCodec.parseAny(others.asText()).forEach(metrics::add);
            }
            JsonNode behavior = annotations.remove(BEHAVIOR);
            if (behavior != null) {
                spec.set("behavior", ObjectCodec.parseAny(behavior.asText()));
            }
            if (annotations.isEmpty()) {
                ObjectTree.metadata(autoscaler).remove("annotations");
            }
            if (target != null || metrics.isEmpty()) {
                ObjectNode resource = metrics.addObject()
                        .put("type", "Resource")
                        .putObject("resource")
                        .put("name", "cpu");
                resource.putObject("target")
                        .put("type", "Utilization")
                        .put("averageUtilization", target == null ? 80 : target.asInt());
            }
            if (autoscaler.path("status") instanceof ObjectNode status) {
                JsonNode current = status.remove("currentCPUUtilizationPercentage");
                if (current != null) {
                    ObjectNode resource = status.putArray("currentMetrics")
                            .addObject()
                            .put("type", "Resource")
                            .putObject("resource")
                            .put("name", "cpu");
                    resource.putObject("current").put("averageValue", "0").put("averageUtilization", current.asInt());
                }
            }
            return autoscaler;
        }

        @Override
        public ObjectNode fromStored(ObjectNode autoscaler) {
            autoscaler.put("apiVersion", "autoscaling/v1");
            ObjectNode spec = ObjectTree.child(autoscaler, "spec");
            var others = spec.arrayNode();
            for (JsonNode metric : spec.path("metrics")) {
                JsonNode target = metric.path("resource").path("target");
                boolean cpu = metric.path("resource").path("name").asText().equals("cpu");
                if (cpu && target.has("averageUtilization") && !spec.has("targetCPUUtilizationPercentage")) {
                    spec.set("targetCPUUtilizationPercentage", target.get("averageUtilization"));
                } else {
                    others.add(metric);
                }
            }
            JsonNode behavior = spec.remove("behavior");
            spec.remove("metrics");
            ObjectNode metadata = ObjectTree.metadata(autoscaler);
            if (!others.isEmpty()) {
                ObjectTree.child(metadata, "annotations").put(METRICS, others.toString());
            }
            if (behavior != null) {
                ObjectTree.child(metadata, "annotations").put(BEHAVIOR, behavior.toString());
            }
            if (autoscaler.path("status") instanceof ObjectNode status) {
                for (JsonNode metric : status.path("currentMetrics")) {
                    JsonNode current = metric.path("resource").path("current").path("averageUtilization");
                    if (metric.path("resource").path("name").asText().equals("cpu") && current.isNumber()) {
                        status.set("currentCPUUtilizationPercentage", current);
                    }
                }
                status.remove(List.of("currentMetrics", "conditions"));
            }
            return autoscaler;
        }
    }
}
