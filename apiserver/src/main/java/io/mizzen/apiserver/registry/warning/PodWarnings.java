// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.warning;

import static io.mizzen.apiserver.schema.FieldErrors.at;
import static io.mizzen.apiserver.schema.FieldErrors.atKey;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;

/** Warnings about a pod or the template of pods. Belongs to one call. */
final class PodWarnings {
    private static final String NO_SELECTOR = ": a null labelSelector results in matching no pod";
    private static final String SECCOMP_FIELD = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
    private static final String APP_ARMOR_FIELD = "deprecated since v1.30; use the \"appArmorProfile\" field instead";
    private static final String SYSCTLS_FIELD = "non-functional in v1.11+; use the \"sysctls\" field instead";

    private final List<String> warnings;
    private final JsonNode spec;
    private final JsonNode annotations;
    private final String annotationPath;
    private final String path;

    private PodWarnings(List<String> warnings, JsonNode pod, String path) {
        this.warnings = warnings;
        this.spec = pod.path("spec");
        this.annotations = pod.path("metadata").path("annotations");
        this.annotationPath = at(path, "metadata.annotations");
        this.path = at(path, "spec");
    }

    /** Adds what is to be said of a pod ({@code path} is empty) or of a template. */
    static void check(List<String> warnings, JsonNode pod, String path) {
        PodWarnings check = new PodWarnings(warnings, pod, path);
        check.nodes();
        check.spread();
        check.annotation(
                "scheduler.alpha.kubernetes.io/critical-pod",
                "non-functional in v1.16+; use the \"priorityClassName\" field instead");
        check.annotation("security.alpha.kubernetes.io/sysctls", SYSCTLS_FIELD);
        check.annotation("security.alpha.kubernetes.io/unsafe-sysctls", SYSCTLS_FIELD);
        VolumeWarnings.ofPod(warnings, at(check.path, "volumes"), check.spec.path("volumes"));
        check.duplicates("hostAliases", "ip");
        check.duplicates("imagePullSecrets", "name");
        check.emptyPullSecrets();
        ByteQuantities.fractions(
                warnings, at(check.path, "overhead"), check.spec.path("overhead"), "memory", "ephemeral-storage");
        if (!check.spec.path("securityContext").hasNonNull("seccompProfile")) {
            check.annotation("seccomp.security.alpha.kubernetes.io/pod", SECCOMP_FIELD);
        }
        check.containers(check::container);
        new PortWarnings(warnings).check(check::containers);
        if (check.spec.path("terminationGracePeriodSeconds").asLong(0) < 0) {
            warnings.add(at(check.path, "terminationGracePeriodSeconds")
                    + ": must be >= 0; negative values are invalid and will be treated as 1");
        }
        check.affinityOfPods("podAffinity");
        check.affinityOfPods("podAntiAffinity");
    }

    private void annotation(String key, String message) {
        if (annotations.has(key)) {
            warnings.add(atKey(annotationPath, key) + ": " + message);
        }
    }

    private void nodes() {
        NodeLabels.map(warnings, at(path, "nodeSelector"), spec.path("nodeSelector"));
        JsonNode affinity = spec.path("affinity").path("nodeAffinity");
        String field = at(path, "affinity.nodeAffinity");
        NodeLabels.terms(
                warnings,
                field + ".requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
                affinity.path("requiredDuringSchedulingIgnoredDuringExecution").path("nodeSelectorTerms"),
                "",
                "matchExpressions");
        NodeLabels.terms(
                warnings,
                field + ".preferredDuringSchedulingIgnoredDuringExecution",
                affinity.path("preferredDuringSchedulingIgnoredDuringExecution"),
                "preference",
                "matchExpressions");
    }

    private void spread() {
        JsonNode constraints = spec.path("topologySpreadConstraints");
        for (int i = 0; i < constraints.size(); i++) {
            String field = at(at(path, "topologySpreadConstraints"), i);
            NodeLabels.key(
                    warnings, at(field, "topologyKey"), constraints.get(i).path("topologyKey"));
            if (!constraints.get(i).hasNonNull("labelSelector")) {
                warnings.add(at(field, "labelSelector") + NO_SELECTOR);
            }
        }
    }

    private void affinityOfPods(String kind) {
        JsonNode affinity = spec.path("affinity").path(kind);
        String field = at(path, "affinity." + kind);
        noSelector(field + ".requiredDuringSchedulingIgnoredDuringExecution", affinity, "");
        noSelector(field + ".preferredDuringSchedulingIgnoredDuringExecution", affinity, "podAffinityTerm");
    }

    private void noSelector(String field, JsonNode affinity, String inner) {
        JsonNode terms = affinity.path(field.substring(field.lastIndexOf('.') + 1));
        for (int i = 0; i < terms.size(); i++) {
            JsonNode term = inner.isEmpty() ? terms.get(i) : terms.get(i).path(inner);
            if (!term.hasNonNull("labelSelector")) {
                String at = inner.isEmpty() ? at(field, i) : at(at(field, i), inner);
                warnings.add(at(at, "labelSelector") + NO_SELECTOR);
            }
        }
    }

    private void duplicates(String list, String field) {
        Set<String> seen = new HashSet<>();
        JsonNode elements = spec.path(list);
        for (int i = 0; i < elements.size(); i++) {
            String value = elements.get(i).path(field).asText("");
            if (!seen.add(value)) {
                warnings.add(at(at(at(path, list), i), field) + ": duplicate " + field + " \"" + value + "\"");
            }
        }
    }

    private void emptyPullSecrets() {
        JsonNode secrets = spec.path("imagePullSecrets");
        for (int i = 0; i < secrets.size(); i++) {
            if (secrets.get(i).path("name").asText("").isEmpty()) {
                warnings.add(at(at(path, "imagePullSecrets"), i) + ".name: invalid empty name \"\"");
            }
        }
    }

    private void containers(BiConsumer<String, JsonNode> visitor) {
        for (String list : List.of("initContainers", "containers", "ephemeralContainers")) {
            JsonNode containers = spec.path(list);
            for (int i = 0; i < containers.size(); i++) {
                visitor.accept(at(at(path, list), i), containers.get(i));
            }
        }
    }

    private void container(String field, JsonNode container) {
        String name = container.path("name").asText("");
        JsonNode security = container.path("securityContext");
        if (!security.hasNonNull("seccompProfile")) {
            annotation("container.seccomp.security.alpha.kubernetes.io/" + name, SECCOMP_FIELD);
        }
        if (!security.hasNonNull("appArmorProfile")
                && !spec.path("securityContext").hasNonNull("appArmorProfile")) {
            annotation("container.apparmor.security.beta.kubernetes.io/" + name, APP_ARMOR_FIELD);
        }
        JsonNode resources = container.path("resources");
        for (String resource : List.of("memory", "ephemeral-storage")) {
            for (String kind : List.of("limits", "requests")) {
                ByteQuantities.fractions(warnings, at(at(field, "resources"), kind), resources.path(kind), resource);
            }
        }
        hiddenVariables(at(field, "env"), container.path("env"));
    }

    /** A variable set twice where the second does not build on the first. */
    private void hiddenVariables(String field, JsonNode variables) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < variables.size(); i++) {
            JsonNode variable = variables.get(i);
            String name = variable.path("name").asText("");
            if (seen.add(name)) {
                continue;
            }
            String reference = "$(" + name + ")";
            String value = variable.path("value").asText("");
            if (variable.hasNonNull("valueFrom") || value.equals(reference) || !value.contains(reference)) {
                warnings.add(at(field, i) + ": hides previous definition of \"" + name
                        + "\", which may be dropped when using apply");
            }
        }
    }
}
