// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.meta;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The names of other objects of its namespace that a pod refers to, wherever it may do so. Pure. */
public final class PodReferences {
    /** Kinds of volumes whose Secret is named below {@code secretRef}, and one that has a field of its own for it. */
    private static final List<String> WITH_SECRET_REF =
            List.of("cephfs", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos");

    private PodReferences() {}

    /** Every Secret: of volumes, of variables, and those that images are pulled with. */
    public static Set<String> secrets(JsonNode pod) {
        JsonNode spec = pod.path("spec");
        Set<String> names = new LinkedHashSet<>();
        for (JsonNode reference : spec.path("imagePullSecrets")) {
            add(names, reference, "name");
        }
        for (JsonNode volume : spec.path("volumes")) {
            add(names, volume, "secret", "secretName");
            add(names, volume, "azureFile", "secretName");
            add(names, volume, "csi", "nodePublishSecretRef", "name");
            WITH_SECRET_REF.forEach(kind -> add(names, volume, kind, "secretRef", "name"));
            for (JsonNode source : volume.path("projected").path("sources")) {
                add(names, source, "secret", "name");
            }
        }
        addOfVariables(names, spec, "secretRef", "secretKeyRef");
        return names;
    }

    /** Every ConfigMap: of volumes and of variables. */
    public static Set<String> configMaps(JsonNode pod) {
        JsonNode spec = pod.path("spec");
        Set<String> names = new LinkedHashSet<>();
        for (JsonNode volume : spec.path("volumes")) {
            add(names, volume, "configMap", "name");
            for (JsonNode source : volume.path("projected").path("sources")) {
                add(names, source, "configMap", "name");
            }
        }
        addOfVariables(names, spec, "configMapRef", "configMapKeyRef");
        return names;
    }

    private static void addOfVariables(Set<String> names, JsonNode spec, String all, String one) {
        for (String list : List.of("initContainers", "containers", "ephemeralContainers")) {
            for (JsonNode container : spec.path(list)) {
                container.path("envFrom").forEach(from -> add(names, from, all, "name"));
                container.path("env").forEach(variable -> add(names, variable, "valueFrom", one, "name"));
            }
        }
    }

    private static void add(Set<String> names, JsonNode from, String... path) {
        String name = ObjectTree.text(from, path);
        if (!name.isEmpty()) {
            names.add(name);
        }
    }
}
