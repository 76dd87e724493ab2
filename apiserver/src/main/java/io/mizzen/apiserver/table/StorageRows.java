// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.ObjectTree;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Volumes, claims, classes and drivers. */
final class StorageRows {
    private static final Map<String, String> MODES = modes();

    private StorageRows() {}

    private static Map<String, String> modes() {
        Map<String, String> modes = new LinkedHashMap<>();
        modes.put("ReadWriteOnce", "RWO");
        modes.put("ReadOnlyMany", "ROX");
        modes.put("ReadWriteMany", "RWX");
        modes.put("ReadWriteOncePod", "RWOP");
        return modes;
    }

    static void register(Map<String, RowMaker> makers) {
        makers.put("PersistentVolume", StorageRows::volume);
        makers.put("PersistentVolumeClaim", StorageRows::claim);
        makers.put("StorageClass.storage.k8s.io", StorageRows::storageClass);
        makers.put(
                "VolumeAttributesClass.storage.k8s.io",
                row -> row.name()
                        .text(row.object().path("driverName").asText(""))
                        .age());
        makers.put("VolumeAttachment.storage.k8s.io", StorageRows::attachment);
        makers.put(
                "CSINode.storage.k8s.io",
                row -> row.name().number(row.spec().path("drivers").size()).age());
        makers.put("CSIDriver.storage.k8s.io", StorageRows::driver);
        makers.put(
                "CSIStorageCapacity.storage.k8s.io",
                row -> row.name()
                        .text(row.object().path("storageClassName").asText(""))
                        .text(row.object().path("capacity"), Row.UNSET));
    }

    private static void volume(Row row) {
        JsonNode spec = row.spec();
        JsonNode claim = spec.path("claimRef");
        row.name().text(spec.path("capacity").path("storage").asText("0"));
        row.text(accessModes(spec.path("accessModes")));
        row.text(spec.path("persistentVolumeReclaimPolicy").asText("")).text(phase(row));
        row.text(
                claim.isObject()
                        ? claim.path("namespace").asText("") + "/"
                                + claim.path("name").asText("")
                        : "");
        row.text(className(row)).text(spec.path("volumeAttributesClassName"), Row.UNSET);
        row.text(row.status().path("reason").asText("")).age().text(spec.path("volumeMode"), Row.UNSET);
    }

    private static void claim(Row row) {
        JsonNode spec = row.spec();
        String volume = spec.path("volumeName").asText("");
        row.name().text(phase(row)).text(volume);
        if (volume.isEmpty()) {
            row.text("").text("");
        } else {
            row.text(row.status().path("capacity").path("storage").asText("0"));
            row.text(accessModes(row.status().path("accessModes")));
        }
        row.text(className(row)).text(spec.path("volumeAttributesClassName"), Row.UNSET);
        row.age().text(spec.path("volumeMode"), Row.UNSET);
    }

    private static String phase(Row row) {
        return ObjectTree.isTerminating(row.object())
                ? "Terminating"
                : row.status().path("phase").asText("");
    }

    private static String className(Row row) {
        JsonNode annotation =
                row.object().path("metadata").path("annotations").path("volume.beta.kubernetes.io/storage-class");
        return annotation.isTextual()
                ? annotation.textValue()
                : row.spec().path("storageClassName").asText("");
    }

    private static String accessModes(JsonNode modes) {
        List<String> given = ObjectTree.texts(modes);
        List<String> shown = new ArrayList<>();
        MODES.forEach((mode, text) -> {
            if (given.contains(mode)) {
                shown.add(text);
            }
        });
        return String.join(",", shown);
    }

    private static void storageClass(Row row) {
        JsonNode object = row.object();
        Map<String, String> annotations = ObjectTree.annotations(object);
        boolean isDefault = "true".equals(annotations.get("storageclass.kubernetes.io/is-default-class"))
                || "true".equals(annotations.get("storageclass.beta.kubernetes.io/is-default-class"));
        row.text(ObjectTree.name(object) + (isDefault ? " (default)" : ""));
        row.text(object.path("provisioner").asText("")).text(object.path("reclaimPolicy"), "Delete");
        row.text(object.path("volumeBindingMode"), "Immediate");
        row.flag(object.path("allowVolumeExpansion").asBoolean(false)).age();
    }

    private static void attachment(Row row) {
        JsonNode spec = row.spec();
        row.name().text(spec.path("attacher").asText(""));
        row.text(spec.path("source").path("persistentVolumeName").asText(""));
        row.text(spec.path("nodeName").asText(""));
        row.flag(row.status().path("attached").asBoolean(false)).age();
    }

    private static void driver(Row row) {
        JsonNode spec = row.spec();
        row.name().flag(spec.path("attachRequired").asBoolean(true));
        row.flag(spec.path("podInfoOnMount").asBoolean(false));
        row.flag(spec.path("storageCapacity").asBoolean(false));
        row.text(spec.path("tokenRequests").isEmpty() ? Row.UNSET : Row.joined(spec.path("tokenRequests"), "audience"));
        row.flag(spec.path("requiresRepublish").asBoolean(false));
        List<String> modes = ObjectTree.texts(spec.path("volumeLifecycleModes"));
        row.text(modes.isEmpty() ? Row.NONE : String.join(",", modes)).age();
    }
}
