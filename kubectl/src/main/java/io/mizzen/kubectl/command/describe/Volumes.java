// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;

/** The volumes of a pod or template. Pure. */
final class Volumes {
    private Volumes() {}

    static void describe(Description out, JsonNode volumes, String space) {
        out.line(0, space + "Volumes:" + (volumes.isEmpty() ? "\t<none>" : ""));
        for (JsonNode volume : volumes) {
            out.line(1, (space.isEmpty() ? "" : " ") + Json.text(volume, "name") + ":");
            source(out, volume);
        }
    }

    /** The source of a volume or of a PersistentVolume. */
    static void source(Description out, JsonNode volume) {
        if (volume.has("emptyDir")) {
            JsonNode dir = volume.path("emptyDir");
            String limit = Json.text(dir, "sizeLimit");
            out.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
            out.field(2, "Medium", Json.text(dir, "medium"));
            out.field(2, "SizeLimit", limit.isEmpty() || limit.equals("0") ? "<unset>" : limit);
        } else if (volume.has("hostPath")) {
            out.field(2, "Type", "HostPath (bare host directory volume)");
            out.field(2, "Path", Json.text(volume, "hostPath", "path"));
            out.field(2, "HostPathType", hostPathType(volume.path("hostPath")));
        } else if (volume.has("secret")) {
            out.field(2, "Type", "Secret (a volume populated by a Secret)");
            out.field(2, "SecretName", Json.text(volume, "secret", "secretName"));
            out.field(2, "Optional", truth(volume.path("secret"), "optional"));
        } else if (volume.has("configMap")) {
            out.field(2, "Type", "ConfigMap (a volume populated by a ConfigMap)");
            out.field(2, "Name", Json.text(volume, "configMap", "name"));
            out.field(2, "Optional", truth(volume.path("configMap"), "optional"));
        } else if (volume.has("persistentVolumeClaim")) {
            JsonNode claim = volume.path("persistentVolumeClaim");
            out.field(
                    2, "Type", "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)");
            out.field(2, "ClaimName", Json.text(claim, "claimName"));
            out.field(2, "ReadOnly", truth(claim, "readOnly"));
        } else if (volume.has("projected")) {
            projected(out, volume.path("projected"));
        } else {
            others(out, volume);
        }
    }

    private static void others(Description out, JsonNode volume) {
        if (volume.has("downwardAPI")) {
            out.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
            out.line(2, "Items:");
            for (JsonNode item : volume.path("downwardAPI").path("items")) {
                String from = item.has("fieldRef")
                        ? Json.text(item, "fieldRef", "fieldPath")
                        : Json.text(item, "resourceFieldRef", "resource");
                out.line(3, from + " -> " + Json.text(item, "path"));
            }
        } else if (volume.has("nfs")) {
            out.field(2, "Type", "NFS (an NFS mount that lasts the lifetime of a pod)");
            out.field(2, "Server", Json.text(volume, "nfs", "server"));
            out.field(2, "Path", Json.text(volume, "nfs", "path"));
            out.field(2, "ReadOnly", truth(volume.path("nfs"), "readOnly"));
        } else if (volume.has("ephemeral")) {
            JsonNode template = volume.path("ephemeral").path("volumeClaimTemplate");
            out.field(
                    2,
                    "Type",
                    "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)");
            Claims.spec(out, template, 2);
        } else if (volume.has("local")) {
            out.field(2, "Type", "LocalVolume (a persistent volume backed by local storage on a node)");
            out.field(2, "Path", Json.text(volume, "local", "path"));
        } else if (volume.has("csi")) {
            JsonNode csi = volume.path("csi");
            out.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
            out.field(2, "Driver", Json.text(csi, "driver"));
            out.field(2, "FSType", Json.text(csi, "fsType"));
            if (csi.has("volumeHandle")) {
                out.field(2, "VolumeHandle", Json.text(csi, "volumeHandle"));
            }
            out.field(2, "ReadOnly", truth(csi, "readOnly"));
        } else {
            out.line(1, "<unknown>");
        }
    }

    private static void projected(Description out, JsonNode projected) {
        out.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
        for (JsonNode source : projected.path("sources")) {
            if (source.has("secret")) {
                out.field(2, "SecretName", Json.text(source, "secret", "name"));
                out.field(2, "SecretOptionalName", truth(source.path("secret"), "optional"));
            } else if (source.has("downwardAPI")) {
                out.field(2, "DownwardAPI", "true");
            } else if (source.has("configMap")) {
                out.field(2, "ConfigMapName", Json.text(source, "configMap", "name"));
                out.field(2, "Optional", truth(source.path("configMap"), "optional"));
            } else if (source.has("serviceAccountToken")) {
                out.field(2, "TokenExpirationSeconds", Json.text(source, "serviceAccountToken", "expirationSeconds"));
            }
        }
    }

    private static String hostPathType(JsonNode source) {
        return source.has("type") ? Json.text(source, "type") : "<none>";
    }

    private static String truth(JsonNode source, String field) {
        return Boolean.toString(source.path(field).asBoolean(false));
    }
}
