// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.quota;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.name.GroupResource;
import java.util.HashSet;
import java.util.Set;

/** Which objects a quota is about: all, or those in its scopes. Pure. */
public final class QuotaScopes {
    private QuotaScopes() {}

    /**
     * Whether an object counts for a quota with this spec. Scopes are about pods, but for that of volume attributes classes.
     */
    public static boolean include(JsonNode quotaSpec, GroupResource resource, JsonNode object) {
        for (JsonNode scope : quotaSpec.path("scopes")) {
            if (!matches(scope.asText(), "Exists", Set.of(), resource, object)) {
                return false;
            }
        }
        for (JsonNode expression : quotaSpec.path("scopeSelector").path("matchExpressions")) {
            Set<String> values = new HashSet<>();
            expression.path("values").forEach(value -> values.add(value.asText()));
            String scope = expression.path("scopeName").asText();
            if (!matches(scope, expression.path("operator").asText(), values, resource, object)) {
                return false;
            }
        }
        return true;
    }

    private static boolean matches(
            String scope, String operator, Set<String> values, GroupResource resource, JsonNode object) {
        JsonNode spec = object.path("spec");
        boolean claim = resource.equals(new GroupResource("", "persistentvolumeclaims"));
        if (claim && scope.equals("VolumeAttributesClass")) {
            return selects(
                    operator, values, spec.path("volumeAttributesClassName").asText(""));
        }
        if (!resource.equals(new GroupResource("", "pods"))) {
            return false;
        }
        return switch (scope) {
            case "Terminating" -> spec.path("activeDeadlineSeconds").asLong(-1) >= 0;
            case "NotTerminating" -> spec.path("activeDeadlineSeconds").asLong(-1) < 0;
            case "BestEffort" -> isBestEffort(object);
            case "NotBestEffort" -> !isBestEffort(object);
            case "PriorityClass" ->
                selects(operator, values, spec.path("priorityClassName").asText(""));
            case "CrossNamespacePodAffinity" -> crossesNamespaces(spec.path("affinity"));
            default -> false;
        };
    }

    private static boolean selects(String operator, Set<String> values, String value) {
        return switch (operator) {
            case "In" -> !value.isEmpty() && values.contains(value);
            case "NotIn" -> !values.contains(value);
            case "Exists" -> !value.isEmpty();
            case "DoesNotExist" -> value.isEmpty();
            default -> false;
        };
    }

    private static boolean isBestEffort(JsonNode pod) {
        return pod.path("status").path("qosClass").asText().equals("BestEffort");
    }

    private static boolean crossesNamespaces(JsonNode affinity) {
        for (String kind : new String[] {"podAffinity", "podAntiAffinity"}) {
            JsonNode rules = affinity.path(kind);
            for (JsonNode term : rules.path("requiredDuringSchedulingIgnoredDuringExecution")) {
                if (crosses(term)) {
                    return true;
                }
            }
            for (JsonNode weighted : rules.path("preferredDuringSchedulingIgnoredDuringExecution")) {
                if (crosses(weighted.path("podAffinityTerm"))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean crosses(JsonNode term) {
        return !term.path("namespaces").isEmpty() || term.hasNonNull("namespaceSelector");
    }
}
