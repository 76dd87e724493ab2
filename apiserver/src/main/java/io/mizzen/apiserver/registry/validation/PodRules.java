// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.schema.FieldErrors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Pods: hardly anything of the spec may change once the pod exists (API page "Pod update and replacement"). */
final class PodRules implements KindRules {
    private static final String CHANGE = "pod updates may not change fields other than `spec.containers[*].image`,"
            + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
            + "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n";

    @Override
    public void check(FieldErrors errors, ObjectNode pod) {
        PodSpecRules.check(errors, pod.path("spec"), "spec");
        if (!pod.path("spec").path("schedulingGates").isEmpty()
                && !Values.absent(pod.path("spec").path("nodeName"))) {
            errors.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared");
        }
    }

    /** New pods have no ephemeral containers. */
    static void create(FieldErrors errors, ObjectNode pod) {
        if (!pod.path("spec").path("ephemeralContainers").isEmpty()) {
            errors.forbidden("spec.ephemeralContainers", "cannot be set on create");
        }
    }

    @Override
    public void change(FieldErrors errors, ObjectNode pod, ObjectNode old) {
        JsonNode now = pod.path("spec");
        JsonNode before = old.path("spec");
        if (now.path("containers").size() != before.path("containers").size()) {
            errors.forbidden("spec.containers", "pod updates may not add or remove containers");
            return;
        }
        if (now.path("initContainers").size() != before.path("initContainers").size()) {
            errors.forbidden("spec.initContainers", "pod updates may not add or remove containers");
            return;
        }
        deadline(errors, now.path("activeDeadlineSeconds"), before.path("activeDeadlineSeconds"));
        gates(errors, now.path("schedulingGates"), before.path("schedulingGates"));
        tolerations(errors, now.path("tolerations"), before.path("tolerations"));
        ObjectNode allowed = allowed(now, before);
        if (!allowed.equals(before)) {
            errors.forbidden("spec", CHANGE + difference(allowed, before));
        }
    }

    private static void deadline(FieldErrors errors, JsonNode now, JsonNode before) {
        if (!before.isNumber()) {
            return;
        }
        if (!now.isNumber()) {
            errors.invalid("spec.activeDeadlineSeconds", now, "must not update from a positive integer to nil value");
        } else if (now.asLong() > before.asLong()) {
            errors.invalid("spec.activeDeadlineSeconds", now, "must be less than or equal to previous value");
        }
    }

    private static void gates(FieldErrors errors, JsonNode now, JsonNode before) {
        Set<String> known = new TreeSet<>();
        before.forEach(gate -> known.add(gate.path("name").asText("")));
        int index = 0;
        for (JsonNode gate : now) {
            String name = gate.path("name").asText("");
            String path = at("spec.schedulingGates", index++);
            if (!known.contains(name)) {
                errors.forbidden(
                        at(path, "name"), "only deletion is allowed, but found new scheduling gate '" + name + "'");
            }
        }
    }

    private static void tolerations(FieldErrors errors, JsonNode now, JsonNode before) {
        List<JsonNode> kept = new ArrayList<>();
        now.forEach(toleration -> kept.add(withoutSeconds(toleration)));
        for (JsonNode toleration : before) {
            if (!kept.contains(withoutSeconds(toleration))) {
                errors.forbidden(
                        "spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
                return;
            }
        }
    }

    private static JsonNode withoutSeconds(JsonNode toleration) {
        if (!(toleration instanceof ObjectNode object)) {
            return toleration;
        }
        ObjectNode copy = object.deepCopy();
        copy.remove("tolerationSeconds");
        return copy;
    }

    /** The new spec with everything that may change set back to what it was. */
    private static ObjectNode allowed(JsonNode now, JsonNode before) {
        ObjectNode copy = now.deepCopy();
        boolean gated = !before.path("schedulingGates").isEmpty();
        for (String list : List.of("containers", "initContainers")) {
            for (int i = 0; i < copy.path(list).size(); i++) {
                restore((ObjectNode) copy.path(list).get(i), before.path(list).get(i), "image");
            }
        }
        restore(copy, before, "activeDeadlineSeconds");
        restore(copy, before, "tolerations");
        restore(copy, before, "schedulingGates");
        if (gated) {
            restore(copy, before, "nodeSelector");
            restore(copy, before, "affinity");
        }
        if (before.path("terminationGracePeriodSeconds").asLong(0) < 0
                && now.path("terminationGracePeriodSeconds").asLong(0) == 1) {
            restore(copy, before, "terminationGracePeriodSeconds");
        }
        // An empty list and none are the same to clients that decode into structs.
        for (Map.Entry<String, JsonNode> field : before.properties()) {
            if (Values.same(copy.path(field.getKey()), field.getValue())) {
                copy.set(field.getKey(), field.getValue());
            }
        }
        List<String> surplus = new ArrayList<>();
        copy.properties().forEach(field -> {
            if (!before.has(field.getKey()) && Values.same(field.getValue(), before.path(field.getKey()))) {
                surplus.add(field.getKey());
            }
        });
        copy.remove(surplus);
        return copy;
    }

    private static void restore(ObjectNode copy, JsonNode before, String field) {
        if (before.has(field)) {
            copy.set(field, before.get(field));
        } else {
            copy.remove(field);
        }
    }

    private static String difference(JsonNode now, JsonNode before) {
        Set<String> fields = new TreeSet<>();
        now.properties().forEach(field -> fields.add(field.getKey()));
        before.properties().forEach(field -> fields.add(field.getKey()));
        StringBuilder text = new StringBuilder("  core.PodSpec{\n");
        for (String field : fields) {
            if (!now.path(field).equals(before.path(field))) {
                text.append("-   ")
                        .append(field)
                        .append(": ")
                        .append(before.path(field))
                        .append(",\n");
                text.append("+   ")
                        .append(field)
                        .append(": ")
                        .append(now.path(field))
                        .append(",\n");
            }
        }
        return text.append("  }\n").toString();
    }
}
