// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.apiserver.schema.FieldErrors;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Rules about where a pod wants to run. */
final class SchedulingRules {
    private static final String REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
    private static final String PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

    private final FieldErrors errors;
    private final JsonNode spec;
    private final String path;

    SchedulingRules(FieldErrors errors, JsonNode spec, String path) {
        this.errors = errors;
        this.spec = spec;
        this.path = path;
    }

    void check() {
        tolerations();
        spread();
        gates();
        JsonNode affinity = spec.path("affinity");
        nodeAffinity(at(path, "affinity.nodeAffinity"), affinity.path("nodeAffinity"));
        podAffinity(at(path, "affinity.podAffinity"), affinity.path("podAffinity"));
        podAffinity(at(path, "affinity.podAntiAffinity"), affinity.path("podAntiAffinity"));
    }

    private void tolerations() {
        int index = 0;
        for (JsonNode toleration : spec.path("tolerations")) {
            String own = at(at(path, "tolerations"), index++);
            JsonNode operator = toleration.path("operator");
            String effect = toleration.path("effect").asText("");
            if (toleration.path("key").asText("").isEmpty()
                    && !operator.asText("").equals("Exists")) {
                errors.invalid(
                        at(own, "operator"),
                        operator.asText(""),
                        "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
            }
            if (toleration.hasNonNull("tolerationSeconds") && !effect.equals("NoExecute")) {
                errors.invalid(at(own, "effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
            }
            if (operator.asText("").equals("Exists") && !Values.absent(toleration.path("value"))) {
                errors.invalid(at(own, "operator"), toleration, "value must be empty when `operator` is 'Exists'");
            }
            Values.oneOf(errors, at(own, "operator"), operator, List.of("Equal", "Exists"));
            Values.oneOf(
                    errors,
                    at(own, "effect"),
                    toleration.path("effect"),
                    List.of("NoSchedule", "PreferNoSchedule", "NoExecute"));
        }
    }

    private void spread() {
        Set<String> seen = new HashSet<>();
        int index = 0;
        for (JsonNode constraint : spec.path("topologySpreadConstraints")) {
            String own = at(at(path, "topologySpreadConstraints"), index++);
            if (constraint.path("maxSkew").asLong(0) <= 0) {
                errors.invalid(at(own, "maxSkew"), constraint.path("maxSkew").asLong(0), "must be greater than zero");
            }
            if (Values.absent(constraint.path("topologyKey"))) {
                errors.required(at(own, "topologyKey"), "can not be empty");
            }
            String unsatisfiable = constraint.path("whenUnsatisfiable").asText("");
            Values.oneOf(
                    errors,
                    at(own, "whenUnsatisfiable"),
                    constraint.path("whenUnsatisfiable"),
                    List.of("DoNotSchedule", "ScheduleAnyway"));
            if (constraint.hasNonNull("minDomains") && !unsatisfiable.equals("DoNotSchedule")) {
                errors.invalid(
                        at(own, "minDomains"),
                        constraint.path("minDomains"),
                        "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " + unsatisfiable);
            }
            String pair = "{" + constraint.path("topologyKey").asText("") + ", " + unsatisfiable + "}";
            if (!seen.add(pair)) {
                errors.duplicate(at(own, "{topologyKey, whenUnsatisfiable}"), pair);
            }
            Values.selector(errors, at(own, "labelSelector"), constraint.path("labelSelector"));
        }
    }

    private void gates() {
        Set<String> seen = new HashSet<>();
        int index = 0;
        for (JsonNode gate : spec.path("schedulingGates")) {
            String name = gate.path("name").asText("");
            if (!seen.add(name)) {
                errors.duplicate(at(at(path, "schedulingGates"), index), name);
            }
            index++;
        }
    }

    private void nodeAffinity(String own, JsonNode affinity) {
        JsonNode required = affinity.path(REQUIRED);
        if (required.isObject()) {
            String terms = at(own, REQUIRED + ".nodeSelectorTerms");
            if (required.path("nodeSelectorTerms").isEmpty()) {
                errors.required(terms, "must have at least one node selector term");
            }
            int index = 0;
            for (JsonNode term : required.path("nodeSelectorTerms")) {
                nodeTerm(at(terms, index++), term);
            }
        }
        int index = 0;
        for (JsonNode preferred : affinity.path(PREFERRED)) {
            String place = at(at(own, PREFERRED), index++);
            weight(place, preferred);
            nodeTerm(at(place, "preference"), preferred.path("preference"));
        }
    }

    private void nodeTerm(String own, JsonNode term) {
        int index = 0;
        for (JsonNode expression : term.path("matchExpressions")) {
            String place = at(at(own, "matchExpressions"), index++);
            int values = expression.path("values").size();
            switch (expression.path("operator").asText("")) {
                case "In", "NotIn" -> {
                    if (values == 0) {
                        errors.required(at(place, "values"), "must be specified when `operator` is 'In' or 'NotIn'");
                    }
                }
                case "Exists", "DoesNotExist" -> {
                    if (values > 0) {
                        errors.forbidden(
                                at(place, "values"),
                                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    }
                }
                case "Gt", "Lt" -> {
                    if (values != 1) {
                        errors.required(
                                at(place, "values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
                    }
                }
                default ->
                    errors.invalid(at(place, "operator"), expression.path("operator"), "not a valid selector operator");
            }
        }
    }

    private void podAffinity(String own, JsonNode affinity) {
        int index = 0;
        for (JsonNode term : affinity.path(REQUIRED)) {
            podTerm(at(at(own, REQUIRED), index++), term);
        }
        index = 0;
        for (JsonNode preferred : affinity.path(PREFERRED)) {
            String place = at(at(own, PREFERRED), index++);
            weight(place, preferred);
            podTerm(at(place, "podAffinityTerm"), preferred.path("podAffinityTerm"));
        }
    }

    private void podTerm(String own, JsonNode term) {
        Values.selector(errors, at(own, "labelSelector"), term.path("labelSelector"));
        if (Values.absent(term.path("topologyKey"))) {
            errors.required(at(own, "topologyKey"), "can not be empty");
        }
    }

    private void weight(String own, JsonNode preferred) {
        long weight = preferred.path("weight").asLong(0);
        if (weight < 1 || weight > 100) {
            errors.invalid(at(own, "weight"), weight, "must be in the range 1-100");
        }
    }
}
