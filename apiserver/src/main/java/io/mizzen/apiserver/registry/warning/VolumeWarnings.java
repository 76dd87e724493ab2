// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.warning;

import static io.mizzen.apiserver.schema.FieldErrors.at;
import static io.mizzen.apiserver.schema.FieldErrors.atKey;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Warnings about volumes, claims and what provides them. */
final class VolumeWarnings {
    private static final String OLD_CLASS = "volume.beta.kubernetes.io/storage-class";
    private static final String OLD_OPTIONS = "volume.beta.kubernetes.io/mount-options";
    private static final Map<String, String> PLUGINS = plugins();

    private VolumeWarnings() {}

    private static Map<String, String> plugins() {
        Map<String, String> plugins = new LinkedHashMap<>();
        plugins.put("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+");
        plugins.put("gitRepo", "deprecated in v1.11");
        plugins.put("scaleIO", "deprecated in v1.16, non-functional in v1.22+");
        plugins.put("flocker", "deprecated in v1.22, non-functional in v1.25+");
        plugins.put("storageos", "deprecated in v1.22, non-functional in v1.25+");
        plugins.put("quobyte", "deprecated in v1.22, non-functional in v1.25+");
        plugins.put("glusterfs", "deprecated in v1.25, non-functional in v1.26+");
        plugins.put("cephfs", "deprecated in v1.28, non-functional in v1.31+");
        plugins.put("rbd", "deprecated in v1.28, non-functional in v1.31+");
        return plugins;
    }

    /** Where the volume of a pod or the spec of a PersistentVolume names a plugin that is no more. */
    private static void plugin(List<String> warnings, String path, JsonNode volume) {
        PLUGINS.forEach((field, message) -> {
            if (volume.hasNonNull(field)) {
                // Upstream tells this one with a capital.
                warnings.add(at(path, field.equals("storageos") ? "storageOS" : field) + ": " + message);
            }
        });
    }

    /** The volumes of a pod's spec. */
    static void ofPod(List<String> warnings, String path, JsonNode volumes) {
        for (int i = 0; i < volumes.size(); i++) {
            plugin(warnings, at(path, i), volumes.get(i));
            JsonNode template = volumes.get(i).path("ephemeral").path("volumeClaimTemplate");
            claimSpec(warnings, at(path, i) + ".ephemeral.volumeClaimTemplate.spec", template.path("spec"));
        }
        tokenPaths(warnings, path, volumes);
    }

    /** Files of projected volumes that lie where a token lies. */
    private static void tokenPaths(List<String> warnings, String path, JsonNode volumes) {
        Set<String> tokens = new HashSet<>();
        for (JsonNode volume : volumes) {
            for (JsonNode source : volume.path("projected").path("sources")) {
                if (source.hasNonNull("serviceAccountToken")) {
                    tokens.add(source.path("serviceAccountToken").path("path").asText(""));
                }
            }
        }
        for (int i = 0; !tokens.isEmpty() && i < volumes.size(); i++) {
            String sources = at(path, i) + ".projected.sources";
            for (JsonNode source : volumes.get(i).path("projected").path("sources")) {
                items(warnings, tokens, at(sources, "configMap"), source.path("configMap"));
                items(warnings, tokens, at(sources, "secrets"), source.path("secret"));
                items(warnings, tokens, at(sources, "downwardAPI"), source.path("downwardAPI"));
            }
        }
    }

    private static void items(List<String> warnings, Set<String> tokens, String path, JsonNode source) {
        JsonNode items = source.path("items");
        for (int i = 0; i < items.size(); i++) {
            String file = items.get(i).path("path").asText("");
            if (tokens.contains(file)) {
                warnings.add(at(path, i) + ": has duplicated path with ServiceAccountToken \"" + file + "\"");
            }
        }
    }

    static void persistentVolume(List<String> warnings, JsonNode volume) {
        annotation(warnings, volume, OLD_CLASS, "deprecated since v1.8; use \"storageClassName\" attribute instead");
        annotation(warnings, volume, OLD_OPTIONS, "deprecated since v1.31; use \"mountOptions\" attribute instead");
        JsonNode spec = volume.path("spec");
        if (spec.path("persistentVolumeReclaimPolicy").asText("").equals("Recycle")) {
            warnings.add("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated."
                    + " Instead, the recommended approach is to use dynamic provisioning.");
        }
        NodeLabels.terms(
                warnings,
                "spec.nodeAffinity.required.nodeSelectorTerms",
                spec.path("nodeAffinity").path("required").path("nodeSelectorTerms"),
                "",
                "matchExpressions");
        plugin(warnings, "spec", spec);
    }

    static void claim(List<String> warnings, JsonNode claim) {
        annotation(warnings, claim, OLD_CLASS, "deprecated since v1.8; use \"storageClassName\" attribute instead");
        claimSpec(warnings, "spec", claim.path("spec"));
    }

    static void claimSpec(List<String> warnings, String path, JsonNode spec) {
        ByteQuantities.fractions(
                warnings, path + ".resources.requests", spec.path("resources").path("requests"), "storage");
        ByteQuantities.fractions(
                warnings, path + ".resources.limits", spec.path("resources").path("limits"), "storage");
    }

    private static void annotation(List<String> warnings, JsonNode object, String key, String message) {
        if (object.path("metadata").path("annotations").has(key)) {
            warnings.add(atKey("metadata.annotations", key) + ": " + message);
        }
    }
}
