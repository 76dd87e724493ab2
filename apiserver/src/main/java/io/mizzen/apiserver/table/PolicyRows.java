// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.ObjectTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Who may do what, how much, and what is asked before. */
final class PolicyRows {
    private PolicyRows() {}

    static void register(Map<String, RowMaker> makers) {
        makers.put("PodDisruptionBudget.policy", PolicyRows::disruptionBudget);
        makers.put("RoleBinding.rbac.authorization.k8s.io", PolicyRows::binding);
        makers.put("ClusterRoleBinding.rbac.authorization.k8s.io", PolicyRows::binding);
        makers.put("ResourceQuota", PolicyRows::quota);
        makers.put("MutatingWebhookConfiguration.admissionregistration.k8s.io", PolicyRows::webhooks);
        makers.put("ValidatingWebhookConfiguration.admissionregistration.k8s.io", PolicyRows::webhooks);
        makers.put("ValidatingAdmissionPolicy.admissionregistration.k8s.io", row -> policy(row, "validations"));
        makers.put("MutatingAdmissionPolicy.admissionregistration.k8s.io", row -> policy(row, "mutations"));
        makers.put("ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io", PolicyRows::policyBinding);
        makers.put("MutatingAdmissionPolicyBinding.admissionregistration.k8s.io", PolicyRows::policyBinding);
        makers.put("FlowSchema.flowcontrol.apiserver.k8s.io", PolicyRows::flowSchema);
        makers.put("PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io", PolicyRows::priorityLevel);
    }

    private static void disruptionBudget(Row row) {
        row.name().text(row.spec().path("minAvailable"), "N/A").text(row.spec().path("maxUnavailable"), "N/A");
        row.number(row.status().path("disruptionsAllowed")).age();
    }

    private static void binding(Row row) {
        JsonNode role = row.object().path("roleRef");
        List<String> users = new ArrayList<>();
        List<String> groups = new ArrayList<>();
        List<String> accounts = new ArrayList<>();
        for (JsonNode subject : row.object().path("subjects")) {
            String name = subject.path("name").asText("");
            switch (subject.path("kind").asText("")) {
                case "User" -> users.add(name);
                case "Group" -> groups.add(name);
                case "ServiceAccount" -> accounts.add(subject.path("namespace").asText("") + "/" + name);
                default -> {
                    // Other kinds of subjects have no column.
                }
            }
        }
        row.name().text(role.path("kind").asText("") + "/" + role.path("name").asText(""));
        row.age().text(String.join(", ", users)).text(String.join(", ", groups));
        row.text(String.join(", ", accounts));
    }

    private static void quota(Row row) {
        JsonNode used = row.status().path("used");
        Map<String, String> hard = new TreeMap<>(ObjectTree.strings(row.status().path("hard")));
        List<String> requests = new ArrayList<>();
        List<String> limits = new ArrayList<>();
        hard.forEach((resource, most) -> {
            String text = resource + ": " + used.path(resource).asText("0") + "/" + most;
            (resource.startsWith("limits.") ? limits : requests).add(text);
        });
        row.name()
                .text(String.join(", ", requests))
                .text(String.join(", ", limits))
                .age();
    }

    private static void webhooks(Row row) {
        row.name().number(row.object().path("webhooks").size()).age();
    }

    private static void policy(Row row, String list) {
        JsonNode kind = row.spec().path("paramKind");
        row.name().number(row.spec().path(list).size());
        row.text(
                kind.isObject()
                        ? kind.path("apiVersion").asText("") + "/"
                                + kind.path("kind").asText("")
                        : Row.UNSET);
        row.age();
    }

    private static void policyBinding(Row row) {
        JsonNode parameter = row.spec().path("paramRef");
        String text = Row.UNSET;
        if (parameter.isObject()) {
            String name = parameter.path("name").asText("");
            text = name.isEmpty()
                    ? Row.selectorText(parameter.path("selector"), Row.NONE, "<error>")
                    : Row.textOr(parameter.path("namespace"), "*") + "/" + name;
        }
        row.name().text(row.spec().path("policyName").asText("")).text(text).age();
    }

    private static void flowSchema(Row row) {
        JsonNode spec = row.spec();
        String dangling = Row.condition(row.object(), "Dangling");
        row.name().text(spec.path("priorityLevelConfiguration").path("name").asText(""));
        row.number(spec.path("matchingPrecedence"));
        row.text(spec.path("distinguisherMethod").path("type"), Row.NONE).age();
        row.text(dangling.isEmpty() ? "?" : dangling);
    }

    private static void priorityLevel(Row row) {
        JsonNode limited = row.spec().path("limited");
        JsonNode shares = row.spec().path("type").asText("").equals("Exempt")
                ? row.spec().path("exempt").path("nominalConcurrencyShares")
                : limited.path("nominalConcurrencyShares");
        JsonNode queuing = limited.path("limitResponse").path("queuing");
        row.name().text(row.spec().path("type").asText(""));
        for (JsonNode figure :
                List.of(shares, queuing.path("queues"), queuing.path("handSize"), queuing.path("queueLengthLimit"))) {
            if (figure.isNumber()) {
                row.number(figure);
            } else {
                row.text(Row.NONE);
            }
        }
        row.age();
    }
}
