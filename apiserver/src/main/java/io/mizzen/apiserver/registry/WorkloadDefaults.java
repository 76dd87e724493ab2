// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Dependent defaults of the kinds that carry a pod template, and of a few others. Idempotent. */
final class WorkloadDefaults {
    private WorkloadDefaults() {}

    static void template(ObjectNode object) {
        PodDefaults.template(object.path("spec").path("template"));
    }

    static void deployment(ObjectNode object) {
        template(object);
        rollingUpdate(object, "strategy", "maxUnavailable", "25%", "maxSurge", "25%");
    }

    static void daemonSet(ObjectNode object) {
        template(object);
        if (object.path("spec").path("updateStrategy") instanceof ObjectNode strategy
                && strategy.path("type").asText().equals("RollingUpdate")) {
            ObjectNode rolling = ObjectTree.child(strategy, "rollingUpdate");
            putIfAbsent(rolling, "maxUnavailable", 1);
            putIfAbsent(rolling, "maxSurge", 0);
        }
    }

    private static void rollingUpdate(
            ObjectNode object, String field, String first, String firstValue, String second, String secondValue) {
        if (object.path("spec").path(field) instanceof ObjectNode strategy
                && strategy.path("type").asText().equals("RollingUpdate")) {
            ObjectNode rolling = ObjectTree.child(strategy, "rollingUpdate");
            if (!rolling.has(first)) {
                rolling.put(first, firstValue);
            }
            if (!rolling.has(second)) {
                rolling.put(second, secondValue);
            }
        }
    }

    private static void putIfAbsent(ObjectNode object, String field, int value) {
        if (!object.has(field)) {
            object.put(field, value);
        }
    }

    static void statefulSet(ObjectNode object) {
        template(object);
        if (!(object.path("spec") instanceof ObjectNode spec)) {
            return;
        }
        ObjectNode strategy = ObjectTree.child(spec, "updateStrategy");
        if (!strategy.has("type")) {
            strategy.put("type", "RollingUpdate");
            ObjectTree.child(strategy, "rollingUpdate");
        }
        if (strategy.path("rollingUpdate") instanceof ObjectNode rolling) {
            putIfAbsent(rolling, "partition", 0);
        }
    }

    static void replicationController(ObjectNode object) {
        template(object);
        JsonNode labels = object.path("spec").path("template").path("metadata").path("labels");
        if (labels.isEmpty() || !(object.path("spec") instanceof ObjectNode spec)) {
            return;
        }
        if (spec.path("selector").isEmpty()) {
            spec.set("selector", labels.deepCopy());
        }
        if (object.path("metadata").path("labels").isEmpty()) {
            ObjectTree.metadata(object).set("labels", labels.deepCopy());
        }
    }

    static void replicaSet(ObjectNode object) {
        template(object);
        JsonNode labels = object.path("spec").path("template").path("metadata").path("labels");
        if (!labels.isEmpty() && object.path("metadata").path("labels").isEmpty()) {
            ObjectTree.metadata(object).set("labels", labels.deepCopy());
        }
    }

    static void job(ObjectNode object) {
        template(object);
        if (!(object.path("spec") instanceof ObjectNode spec)) {
            return;
        }
        if (!spec.has("completions") && !spec.has("parallelism")) {
            spec.put("completions", 1);
        }
        putIfAbsent(spec, "parallelism", 1);
        putIfAbsent(spec, "backoffLimit", spec.has("backoffLimitPerIndex") ? Integer.MAX_VALUE : 6);
        if (!spec.has("completionMode")) {
            spec.put("completionMode", "NonIndexed");
        }
        if (!spec.has("suspend")) {
            spec.put("suspend", false);
        }
        if (!spec.has("manualSelector")) {
            spec.put("manualSelector", false);
        }
        if (!spec.has("podReplacementPolicy")) {
            spec.put("podReplacementPolicy", spec.has("podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
        }
        JsonNode labels = spec.path("template").path("metadata").path("labels");
        if (!labels.isEmpty() && object.path("metadata").path("labels").isEmpty()) {
            ObjectTree.metadata(object).set("labels", labels.deepCopy());
        }
    }

    static void cronJob(ObjectNode object) {
        PodDefaults.template(
                object.path("spec").path("jobTemplate").path("spec").path("template"));
    }

    static void podTemplate(ObjectNode object) {
        PodDefaults.template(object.path("template"));
    }

    static void node(ObjectNode object) {
        if (object.path("status") instanceof ObjectNode status
                && !status.has("allocatable")
                && status.has("capacity")) {
            status.set("allocatable", status.get("capacity").deepCopy());
        }
        if (object.path("spec") instanceof ObjectNode spec) {
            podRanges(spec);
        }
    }

    /** {@code podCIDR} is the first of {@code podCIDRs}; a client that knows the older field alone changes both by it. */
    private static void podRanges(ObjectNode spec) {
        String first = spec.path("podCIDR").asText("");
        String ofAll = spec.path("podCIDRs").path(0).asText("");
        if (first.isEmpty() && !ofAll.isEmpty()) {
            spec.put("podCIDR", ofAll);
        } else if (!first.equals(ofAll)) {
            spec.putArray("podCIDRs").add(first);
        }
    }

    /** A new claim or volume is Pending until its controller has seen it. */
    static void pending(ObjectNode object) {
        ObjectNode status = ObjectTree.child(object, "status");
        if (!status.has("phase")) {
            status.put("phase", "Pending");
        }
    }

    /** {@code stringData} is for writing only: it is merged into {@code data}. */
    static void secret(ObjectNode object) {
        JsonNode texts = object.remove("stringData");
        if (texts == null) {
            return;
        }
        ObjectNode data = ObjectTree.child(object, "data");
        texts.properties()
                .forEach(text -> data.put(
                        text.getKey(),
                        Base64.getEncoder()
                                .encodeToString(text.getValue().asText().getBytes(StandardCharsets.UTF_8))));
    }

    static void networkPolicy(ObjectNode object) {
        if (object.path("spec") instanceof ObjectNode spec && !spec.has("policyTypes")) {
            var types = spec.putArray("policyTypes");
            types.add("Ingress");
            if (!spec.path("egress").isEmpty()) {
                types.add("Egress");
            }
        }
    }

    static void roleBinding(ObjectNode object) {
        for (JsonNode subject : object.path("subjects")) {
            boolean account = subject.path("kind").asText().equals("ServiceAccount");
            if (subject instanceof ObjectNode node && !node.has("apiGroup") && !account) {
                node.put("apiGroup", "rbac.authorization.k8s.io");
            }
        }
    }
}
