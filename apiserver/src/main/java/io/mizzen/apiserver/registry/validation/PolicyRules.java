// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.registry.validation.WorkloadRules.of;
import static io.mizzen.apiserver.schema.FieldErrors.at;
import static io.mizzen.apiserver.schema.FieldErrors.atKey;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.apiserver.schema.FieldErrors;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Rights, limits, priorities, nodes and the kinds that others define. */
final class PolicyRules {
    private static final long HIGHEST_USER_PRIORITY = 1_000_000_000L;

    private static final Map<String, Long> SYSTEM_PRIORITIES =
            Map.of("system-cluster-critical", 2_000_000_000L, "system-node-critical", 2_000_001_000L);

    private PolicyRules() {}

    static void register(Map<String, KindRules> rules) {
        String rbac = ".rbac.authorization.k8s.io";
        rules.put("Role" + rbac, of((errors, role) -> rights(errors, role, true), (errors, object, old) -> {}));
        rules.put("ClusterRole" + rbac, of((errors, role) -> rights(errors, role, false), (errors, object, old) -> {}));
        rules.put(
                "RoleBinding" + rbac,
                of(
                        (errors, binding) -> binding(errors, binding, List.of("Role", "ClusterRole")),
                        PolicyRules::roleStays));
        rules.put(
                "ClusterRoleBinding" + rbac,
                of((errors, binding) -> binding(errors, binding, List.of("ClusterRole")), PolicyRules::roleStays));
        rules.put("PodDisruptionBudget.policy", of(PolicyRules::budget, (errors, object, old) -> {}));
        rules.put("PriorityClass.scheduling.k8s.io", of(PolicyRules::priority, PolicyRules::priorityChange));
        rules.put(
                "ResourceQuota",
                of(
                        (errors, quota) -> {},
                        (errors, object, old) -> Values.immutable(
                                errors,
                                "spec.scopes",
                                object.path("spec").path("scopes"),
                                old.path("spec").path("scopes"))));
        rules.put("LimitRange", of(PolicyRules::limits, (errors, object, old) -> {}));
        rules.put("Lease.coordination.k8s.io", of(PolicyRules::lease, (errors, object, old) -> {}));
        rules.put(
                "RuntimeClass.node.k8s.io",
                of(
                        (errors, object) -> {},
                        (errors, object, old) ->
                                Values.immutable(errors, "handler", object.path("handler"), old.path("handler"))));
        rules.put("Event", of(PolicyRules::event, (errors, object, old) -> {}));
        rules.put("Node", of(PolicyRules::node, PolicyRules::nodeChange));
        rules.put(
                "CustomResourceDefinition.apiextensions.k8s.io",
                of(PolicyRules::customKind, PolicyRules::customKindChange));
    }

    private static void rights(FieldErrors errors, ObjectNode role, boolean namespaced) {
        int index = 0;
        for (JsonNode rule : role.path("rules")) {
            String own = at("rules", index++);
            if (rule.path("verbs").isEmpty()) {
                errors.required(at(own, "verbs"), "verbs must contain at least one value");
            }
            if (!rule.path("nonResourceURLs").isEmpty()) {
                if (namespaced) {
                    errors.invalid(
                            at(own, "nonResourceURLs"),
                            rule.path("nonResourceURLs"),
                            "namespaced rules cannot apply to non-resource URLs");
                }
                continue;
            }
            if (rule.path("apiGroups").isEmpty()) {
                errors.required(at(own, "apiGroups"), "resource rules must supply at least one api group");
            }
            if (rule.path("resources").isEmpty()) {
                errors.required(at(own, "resources"), "resource rules must supply at least one resource");
            }
        }
    }

    private static void binding(FieldErrors errors, ObjectNode binding, List<String> kinds) {
        JsonNode role = binding.path("roleRef");
        Values.oneOf(errors, "roleRef.apiGroup", role.path("apiGroup"), List.of("rbac.authorization.k8s.io"));
        if (!kinds.contains(role.path("kind").asText(""))) {
            errors.notSupported("roleRef.kind", role.path("kind").asText(""), kinds);
        }
        Values.required(errors, "roleRef.name", role.path("name"));
        int index = 0;
        for (JsonNode subject : binding.path("subjects")) {
            String own = at("subjects", index++);
            Values.required(errors, at(own, "name"), subject.path("name"));
            String kind = subject.path("kind").asText("");
            if (kind.equals("ServiceAccount")) {
                Values.required(errors, at(own, "namespace"), subject.path("namespace"));
            } else if (!kind.equals("User") && !kind.equals("Group")) {
                errors.notSupported(at(own, "kind"), kind, List.of("ServiceAccount", "User", "Group"));
            }
        }
    }

    private static void roleStays(FieldErrors errors, ObjectNode object, ObjectNode old) {
        if (!object.path("roleRef").equals(old.path("roleRef"))) {
            errors.invalid("roleRef", object.path("roleRef"), "cannot change roleRef");
        }
    }

    private static void budget(FieldErrors errors, ObjectNode budget) {
        JsonNode spec = budget.path("spec");
        if (spec.hasNonNull("minAvailable") && spec.hasNonNull("maxUnavailable")) {
            errors.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
        }
        Values.numberOrPercent(errors, "spec.minAvailable", spec.path("minAvailable"));
        Values.numberOrPercent(errors, "spec.maxUnavailable", spec.path("maxUnavailable"));
        Values.selector(errors, "spec.selector", spec.path("selector"));
    }

    private static void priority(FieldErrors errors, ObjectNode object) {
        String name = ObjectTree.name(object);
        long value = object.path("value").asLong(0);
        if (!name.startsWith("system-")) {
            if (value > HIGHEST_USER_PRIORITY) {
                errors.forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
            }
        } else if (!Long.valueOf(value).equals(SYSTEM_PRIORITIES.get(name))) {
            errors.forbidden(
                    "metadata.name",
                    "priority class names with 'system-' prefix are reserved for system use only. error: " + name
                            + " is not a known system priority class");
        }
    }

    private static void priorityChange(FieldErrors errors, ObjectNode object, ObjectNode old) {
        if (object.path("value").asLong(0) != old.path("value").asLong(0)) {
            errors.forbidden("value", "may not be changed in an update.");
        }
        Values.immutable(errors, "preemptionPolicy", object.path("preemptionPolicy"), old.path("preemptionPolicy"));
    }

    private static void limits(FieldErrors errors, ObjectNode range) {
        int index = 0;
        for (JsonNode limit : range.path("spec").path("limits")) {
            String own = at("spec.limits", index++);
            for (Map.Entry<String, JsonNode> entry : limit.path("min").properties()) {
                Quantity least = Values.quantity(entry.getValue());
                Quantity most = Values.quantity(limit.path("max").path(entry.getKey()));
                if (least != null && most != null && least.compareTo(most) > 0) {
                    errors.invalid(
                            atKey(at(own, "min"), entry.getKey()),
                            entry.getValue(),
                            "min value " + least + " is greater than max value " + most);
                }
            }
        }
    }

    private static void lease(FieldErrors errors, ObjectNode lease) {
        JsonNode duration = lease.path("spec").path("leaseDurationSeconds");
        if (duration.isNumber() && duration.asLong() <= 0) {
            errors.invalid("spec.leaseDurationSeconds", duration, "must be greater than 0");
        }
        Values.notNegative(errors, "spec.leaseTransitions", lease.path("spec").path("leaseTransitions"));
    }

    private static void event(FieldErrors errors, ObjectNode event) {
        JsonNode namespace = event.path("involvedObject").path("namespace");
        if (!Values.absent(namespace) && !namespace.asText().equals(ObjectTree.namespace(event))) {
            errors.invalid("involvedObject.namespace", namespace, "does not match event.namespace");
        }
    }

    private static void node(FieldErrors errors, ObjectNode node) {
        Set<String> seen = new HashSet<>();
        int index = 0;
        for (JsonNode taint : node.path("spec").path("taints")) {
            String own = at("spec.taints", index++);
            if (!seen.add(
                    taint.path("key").asText("") + ":" + taint.path("effect").asText(""))) {
                errors.duplicate(own, taint);
            }
            Values.requiredOneOf(
                    errors,
                    at(own, "effect"),
                    taint.path("effect"),
                    List.of("NoSchedule", "PreferNoSchedule", "NoExecute"));
        }
    }

    private static void nodeChange(FieldErrors errors, ObjectNode node, ObjectNode old) {
        JsonNode now = node.path("spec");
        JsonNode before = old.path("spec");
        if (!before.path("podCIDRs").isEmpty() && !Values.same(now.path("podCIDRs"), before.path("podCIDRs"))) {
            errors.forbidden("spec.podCIDRs", "node updates may not change podCIDR except from \"\" to valid");
        }
        if (!Values.absent(before.path("providerID"))
                && !Values.same(now.path("providerID"), before.path("providerID"))) {
            errors.forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid");
        }
    }

    private static void customKind(FieldErrors errors, ObjectNode definition) {
        JsonNode spec = definition.path("spec");
        String group = spec.path("group").asText("");
        String wanted = spec.path("names").path("plural").asText("") + "." + group;
        if (!ObjectTree.name(definition).equals(wanted)) {
            errors.invalid("metadata.name", ObjectTree.name(definition), "must be spec.names.plural+\".\"+spec.group");
        }
        if (Values.required(errors, "spec.group", spec.path("group")) && !group.contains(".")) {
            errors.invalid("spec.group", group, "should be a domain with at least one dot");
        }
        boolean guarded = group.equals("k8s.io")
                || group.equals("kubernetes.io")
                || group.endsWith(".k8s.io")
                || group.endsWith(".kubernetes.io");
        String approval = "api-approved.kubernetes.io";
        if (guarded
                && Values.absent(definition.path("metadata").path("annotations").path(approval))) {
            errors.required(
                    atKey("metadata.annotations", approval),
                    "protected groups must have approval annotation \"" + approval
                            + "\", see https://github.com/kubernetes/enhancements/pull/1111");
        }
        Values.requiredOneOf(errors, "spec.scope", spec.path("scope"), List.of("Cluster", "Namespaced"));
        versions(errors, spec);
    }

    private static void versions(FieldErrors errors, JsonNode spec) {
        Set<String> names = new HashSet<>();
        int stored = 0;
        boolean unique = true;
        int index = 0;
        for (JsonNode version : spec.path("versions")) {
            String own = at("spec.versions", index++);
            unique &= names.add(version.path("name").asText(""));
            stored += version.path("storage").asBoolean(false) ? 1 : 0;
            if (!version.path("schema").path("openAPIV3Schema").isObject()) {
                errors.required(at(own, "schema.openAPIV3Schema"), "schemas are required");
            }
        }
        if (!unique) {
            errors.invalid("spec.versions", spec.path("versions"), "must contain unique version names");
        }
        if (stored != 1) {
            errors.invalid(
                    "spec.versions", spec.path("versions"), "must have exactly one version marked as storage version");
        }
    }

    private static void customKindChange(FieldErrors errors, ObjectNode object, ObjectNode old) {
        JsonNode established = ObjectTree.condition(old, "Established");
        if (established == null || !established.path("status").asText("").equals("True")) {
            return;
        }
        JsonNode now = object.path("spec");
        JsonNode before = old.path("spec");
        Values.immutable(errors, "spec.group", now.path("group"), before.path("group"));
        Values.immutable(errors, "spec.scope", now.path("scope"), before.path("scope"));
        for (String field : List.of("plural", "kind")) {
            Values.immutable(
                    errors,
                    at("spec.names", field),
                    now.path("names").path(field),
                    before.path("names").path(field));
        }
    }
}
