// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * autoscaling/v1 knows one metric, the average utilisation of CPU. What else an autoscaler has travels in annotations of
 * fixed names and forms, which come and go with the version. Pure.
 */
final class AutoscalerV1 implements VersionConverter {
    private static final String PREFIX = "autoscaling.alpha.kubernetes.io/";
    private static final String METRICS = PREFIX + "metrics";
    private static final String BEHAVIOR = PREFIX + "behavior";
    private static final String CURRENT = PREFIX + "current-metrics";
    private static final String CONDITIONS = PREFIX + "conditions";

    @Override
    public ObjectNode toStored(ObjectNode autoscaler) {
        autoscaler.put("apiVersion", "autoscaling/v2");
        ObjectNode spec = ObjectTree.child(autoscaler, "spec");
        JsonNode target = spec.remove("targetCPUUtilizationPercentage");
        ArrayNode metrics = spec.putArray("metrics");
        ObjectNode metadata = ObjectTree.metadata(autoscaler);
        ObjectNode annotations = ObjectTree.child(metadata, "annotations");
        each(taken(annotations, METRICS), metric -> metrics.add(widened(metric, true)));
        JsonNode behavior = taken(annotations, BEHAVIOR);
        if (behavior != null) {
            spec.set("behavior", named(behavior, false));
        }
        if (target != null || metrics.isEmpty()) {
            ObjectNode resource = metrics.addObject().put("type", "Resource").putObject("resource");
            resource.put("name", "cpu")
                    .putObject("target")
                    .put("type", "Utilization")
                    .put("averageUtilization", target == null ? 80 : target.asInt());
        }
        JsonNode current = taken(annotations, CURRENT);
        JsonNode conditions = taken(annotations, CONDITIONS);
        if (annotations.isEmpty()) {
            metadata.remove("annotations");
        }
        if (autoscaler.path("status") instanceof ObjectNode status) {
            status(status, current, conditions);
        }
        return autoscaler;
    }

    private static void status(ObjectNode status, @Nullable JsonNode current, @Nullable JsonNode conditions) {
        JsonNode cpu = status.remove("currentCPUUtilizationPercentage");
        ArrayNode metrics = status.arrayNode();
        each(current, metric -> metrics.add(widened(metric, false)));
        if (cpu != null && metrics.isEmpty()) {
            ObjectNode resource = metrics.addObject().put("type", "Resource").putObject("resource");
            resource.put("name", "cpu")
                    .putObject("current")
                    .put("averageValue", "0")
                    .put("averageUtilization", cpu.asInt());
        }
        if (!metrics.isEmpty()) {
            status.set("currentMetrics", metrics);
        }
        if (conditions != null && conditions.isArray()) {
            status.set("conditions", conditions);
        }
    }

    @Override
    public ObjectNode fromStored(ObjectNode autoscaler) {
        autoscaler.put("apiVersion", "autoscaling/v1");
        ObjectNode spec = ObjectTree.child(autoscaler, "spec");
        ArrayNode others = spec.arrayNode();
        for (JsonNode metric : spec.path("metrics")) {
            JsonNode utilization = metric.path("resource").path("target").path("averageUtilization");
            if (isCpu(metric) && utilization.isNumber()) {
                if (!spec.has("targetCPUUtilizationPercentage")) {
                    spec.set("targetCPUUtilizationPercentage", utilization);
                }
            } else {
                others.add(narrowed(metric, true));
            }
        }
        spec.remove("metrics");
        ObjectNode annotations = autoscaler.objectNode();
        annotate(annotations, METRICS, others);
        JsonNode behavior = spec.remove("behavior");
        if (behavior != null) {
            annotate(annotations, BEHAVIOR, named(behavior, true));
        }
        if (autoscaler.path("status") instanceof ObjectNode status) {
            ArrayNode current = status.arrayNode();
            for (JsonNode metric : status.path("currentMetrics")) {
                JsonNode utilization = metric.path("resource").path("current").path("averageUtilization");
                if (isCpu(metric) && utilization.isNumber()) {
                    status.set("currentCPUUtilizationPercentage", utilization);
                }
                current.add(narrowed(metric, false));
            }
            annotate(annotations, CURRENT, current);
            annotate(annotations, CONDITIONS, status.path("conditions"));
            status.remove(List.of("currentMetrics", "conditions"));
        }
        if (!annotations.isEmpty()) {
            ObjectTree.child(ObjectTree.metadata(autoscaler), "annotations").setAll(annotations);
        }
        return autoscaler;
    }

    private static boolean isCpu(JsonNode metric) {
        return metric.path("type").asText().equals("Resource")
                && metric.path("resource").path("name").asText().equals("cpu");
    }

    private static void annotate(ObjectNode annotations, String name, JsonNode value) {
        if (!value.isEmpty()) {
            annotations.put(name, value.toString());
        }
    }

    /** The value of an annotation, which goes; null when there is none or it is not JSON, which upstream ignores too. */
    private static @Nullable JsonNode taken(ObjectNode annotations, String name) {
        JsonNode text = annotations.remove(name);
        if (text == null) {
            return null;
        }
        try {
            return ObjectCodec.parseAny(text.asText());
        } catch (RuntimeException malformed) {
            return null;
        }
    }

    private static void each(@Nullable JsonNode list, java.util.function.Consumer<JsonNode> action) {
        if (list != null && list.isArray()) {
            list.forEach(action);
        }
    }

    private static String source(JsonNode metric) {
        String type = metric.path("type").asText();
        return type.isEmpty() ? "resource" : type.substring(0, 1).toLowerCase(Locale.ROOT) + type.substring(1);
    }

    /** The flat form of a metric: {@code target.averageValue} is {@code targetAverageValue}, and so on. */
    private static ObjectNode narrowed(JsonNode metric, boolean spec) {
        String field = source(metric);
        ObjectNode flat = ((ObjectNode) metric).objectNode();
        flat.put("type", metric.path("type").asText());
        JsonNode from = metric.path(field);
        ObjectNode into = flat.putObject(field);
        String word = spec ? "target" : "current";
        boolean object = field.equals("object");
        move(from, "describedObject", into, "target");
        move(from, "name", into, "name");
        move(from, "container", into, "container");
        move(from.path("metric"), "name", into, "metricName");
        move(from.path("metric"), "selector", into, field.equals("external") ? "metricSelector" : "selector");
        JsonNode value = from.path(word);
        move(value, "averageUtilization", into, word + "AverageUtilization");
        move(value, "averageValue", into, object ? "averageValue" : word + "AverageValue");
        move(value, "value", into, word + "Value");
        return flat;
    }

    private static ObjectNode widened(JsonNode flat, boolean spec) {
        String field = source(flat);
        ObjectNode metric = ((ObjectNode) flat).objectNode();
        metric.put("type", flat.path("type").asText());
        JsonNode from = flat.path(field);
        ObjectNode into = metric.putObject(field);
        String word = spec ? "target" : "current";
        boolean object = field.equals("object");
        if (object) {
            move(from, "target", into, "describedObject");
        }
        move(from, "name", into, "name");
        move(from, "container", into, "container");
        ObjectNode named = metric.objectNode();
        move(from, "metricName", named, "name");
        move(from, field.equals("external") ? "metricSelector" : "selector", named, "selector");
        if (!named.isEmpty()) {
            into.set("metric", named);
        }
        ObjectNode value = into.putObject(word);
        String type = "Value";
        if (from.has(word + "AverageUtilization")) {
            type = "Utilization";
        } else if (from.has(object ? "averageValue" : word + "AverageValue")) {
            type = "AverageValue";
        }
        if (spec) {
            value.put("type", type);
        }
        move(from, word + "AverageUtilization", value, "averageUtilization");
        move(from, object ? "averageValue" : word + "AverageValue", value, "averageValue");
        move(from, word + "Value", value, "value");
        return metric;
    }

    private static void move(JsonNode from, String field, ObjectNode into, String as) {
        JsonNode value = from.get(field);
        if (value != null && !value.isNull()) {
            into.set(as, value);
        }
    }

    /** A behaviour with the names of its fields in upper case, as that annotation has them, or back. */
    private static JsonNode named(JsonNode node, boolean upper) {
        if (node instanceof ArrayNode array) {
            ArrayNode named = array.arrayNode();
            array.forEach(item -> named.add(named(item, upper)));
            return named;
        }
        if (!(node instanceof ObjectNode object)) {
            return node;
        }
        ObjectNode named = object.objectNode();
        object.properties().forEach(field -> {
            String first = field.getKey().substring(0, 1);
            String name = (upper ? first.toUpperCase(Locale.ROOT) : first.toLowerCase(Locale.ROOT))
                    + field.getKey().substring(1);
            if (!field.getValue().isNull()) {
                named.set(name, named(field.getValue(), upper));
            }
        });
        return named;
    }
}
