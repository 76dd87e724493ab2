// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;

/** PersistentVolumes, claims on them and storage classes. Pure. */
final class Claims {
    private Claims() {}

    static String modes(JsonNode modes) {
        List<String> shown = new ArrayList<>();
        for (JsonNode mode : modes) {
            shown.add(
                    switch (mode.asText()) {
                        case "ReadWriteOnce" -> "RWO";
                        case "ReadOnlyMany" -> "ROX";
                        case "ReadWriteMany" -> "RWX";
                        case "ReadWriteOncePod" -> "RWOP";
                        default -> mode.asText();
                    });
        }
        return String.join(",", shown);
    }

    /** A claim template inside a pod. */
    static void spec(Description out, JsonNode template, int depth) {
        JsonNode spec = template.path("spec");
        out.field(depth, "StorageClass", Json.text(spec, "storageClassName"));
        out.field(depth, "Volume", Json.text(spec, "volumeName"));
        String indent = "  ".repeat(depth);
        out.labels(indent + "Labels", template.path("metadata").path("labels"));
        out.annotations(indent + "Annotations", template.path("metadata").path("annotations"));
        out.field(depth, "Capacity", Json.text(spec, "resources", "requests", "storage"));
        out.field(depth, "Access Modes", modes(spec.path("accessModes")));
        out.optional(depth, "VolumeMode", Json.text(spec, "volumeMode"));
    }

    static void claim(Description out, JsonNode claim, List<JsonNode> users) {
        JsonNode spec = claim.path("spec");
        out.head(claim);
        out.field(0, "StorageClass", Json.text(spec, "storageClassName"));
        boolean deleted = claim.path("metadata").has("deletionTimestamp");
        out.field(
                0,
                "Status",
                deleted
                        ? "Terminating (lasts " + PodTemplates.age(Json.text(claim, "metadata", "deletionTimestamp"))
                                + ")"
                        : Json.text(claim, "status", "phase"));
        out.field(0, "Volume", Json.text(spec, "volumeName"));
        out.metadata(claim);
        finalizers(out, claim);
        boolean bound = !Json.text(spec, "volumeName").isEmpty();
        out.field(0, "Capacity", bound ? Json.text(claim, "status", "capacity", "storage") : "");
        out.field(0, "Access Modes", bound ? modes(claim.path("status").path("accessModes")) : "");
        out.optional(0, "VolumeMode", Json.text(spec, "volumeMode"));
        List<String> names = users.stream().map(Json::name).toList();
        out.field(0, "Used By", names.isEmpty() ? "<none>" : names.getFirst());
        for (String name : names.subList(Math.min(1, names.size()), names.size())) {
            out.line(0, "\t" + name);
        }
        if (!claim.path("status").path("conditions").isEmpty()) {
            out.line(0, "Conditions:");
            out.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
            out.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
            for (JsonNode one : claim.path("status").path("conditions")) {
                out.line(
                        1,
                        Json.text(one, "type") + " \t" + Json.text(one, "status") + " \t"
                                + Description.time(Json.text(one, "lastProbeTime")) + " \t"
                                + Description.time(Json.text(one, "lastTransitionTime")) + " \t"
                                + Json.text(one, "reason") + " \t" + Json.text(one, "message"));
            }
        }
    }

    private static void finalizers(Description out, JsonNode object) {
        List<String> names = new ArrayList<>();
        object.path("metadata").path("finalizers").forEach(one -> names.add(one.asText()));
        out.field(0, "Finalizers", "[" + String.join(" ", names) + "]");
    }

    static void volume(Description out, JsonNode volume) {
        JsonNode spec = volume.path("spec");
        out.field(0, "Name", Json.name(volume));
        out.metadata(volume);
        finalizers(out, volume);
        out.field(0, "StorageClass", Json.text(spec, "storageClassName"));
        boolean deleted = volume.path("metadata").has("deletionTimestamp");
        out.field(
                0,
                "Status",
                deleted
                        ? "Terminating (lasts " + PodTemplates.age(Json.text(volume, "metadata", "deletionTimestamp"))
                                + ")"
                        : Json.text(volume, "status", "phase"));
        JsonNode claim = spec.path("claimRef");
        out.field(0, "Claim", claim.isObject() ? Json.text(claim, "namespace") + "/" + Json.text(claim, "name") : "");
        out.field(0, "Reclaim Policy", Json.text(spec, "persistentVolumeReclaimPolicy"));
        out.field(0, "Access Modes", modes(spec.path("accessModes")));
        out.optional(0, "VolumeMode", Json.text(spec, "volumeMode"));
        out.field(0, "Capacity", Json.text(spec, "capacity", "storage"));
        affinity(out, spec.path("nodeAffinity"));
        out.field(0, "Message", Json.text(volume, "status", "message"));
        out.line(0, "Source:");
        Volumes.source(out, spec);
    }

    private static void affinity(Description out, JsonNode affinity) {
        out.append("Node Affinity:\t");
        JsonNode terms = affinity.path("required").path("nodeSelectorTerms");
        if (!affinity.isObject()) {
            out.append("<none>\n");
            return;
        }
        out.append("\n");
        out.line(1, "Required Terms:\t" + (terms.isEmpty() ? "<none>" : ""));
        int number = 0;
        for (JsonNode term : terms) {
            out.append("    Term " + number++ + ":\t");
            String indent = "";
            for (JsonNode expression : term.path("matchExpressions")) {
                List<String> values = new ArrayList<>();
                expression.path("values").forEach(value -> values.add(value.asText()));
                String operator = Json.text(expression, "operator").toLowerCase(java.util.Locale.ROOT);
                out.append(indent + Json.text(expression, "key") + " " + operator
                        + (values.isEmpty() ? "" : " [" + String.join(", ", values) + "]") + "\n");
                indent = "    \t";
            }
        }
    }

    static void storageClass(Description out, JsonNode object) {
        out.field(0, "Name", Json.name(object));
        JsonNode annotations = object.path("metadata").path("annotations");
        String isDefault = Json.text(annotations, "storageclass.kubernetes.io/is-default-class");
        out.field(0, "IsDefaultClass", isDefault.equals("true") ? "Yes" : "No");
        out.field(0, "Annotations", annotations.isEmpty() ? "<none>" : Description.inline(annotations));
        out.field(0, "Provisioner", Json.text(object, "provisioner"));
        JsonNode parameters = object.path("parameters");
        out.field(0, "Parameters", parameters.isEmpty() ? "<none>" : Description.inline(parameters));
        out.field(
                0,
                "AllowVolumeExpansion",
                object.has("allowVolumeExpansion")
                        ? object.path("allowVolumeExpansion").asBoolean(false) ? "True" : "False"
                        : "<unset>");
        JsonNode options = object.path("mountOptions");
        out.append("MountOptions:" + (options.isEmpty() ? "\t<none>\n" : "\n"));
        options.forEach(option -> out.line(1, option.asText()));
        out.optional(0, "ReclaimPolicy", Json.text(object, "reclaimPolicy"));
        out.optional(0, "VolumeBindingMode", Json.text(object, "volumeBindingMode"));
    }
}
