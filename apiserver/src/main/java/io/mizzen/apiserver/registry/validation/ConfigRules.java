// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.registry.validation.WorkloadRules.of;
import static io.mizzen.apiserver.schema.FieldErrors.at;
import static io.mizzen.apiserver.schema.FieldErrors.atKey;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.Names;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.apiserver.schema.FieldErrors;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Configuration, secrets and storage. */
final class ConfigRules {
    private static final int MAX_BYTES = 1 << 20;
    private static final List<String> ACCESS =
            List.of("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod");
    private static final Set<String> NOT_SOURCES = Set.of("capacity", "claimRef", "nodeAffinity");

    private ConfigRules() {}

    static void register(Map<String, KindRules> rules) {
        rules.put("ConfigMap", of(ConfigRules::configMap, (errors, object, old) -> {
            frozen(errors, object, old, List.of("data", "binaryData"));
        }));
        rules.put("Secret", of(ConfigRules::secret, (errors, object, old) -> {
            Values.immutable(errors, "type", object.path("type"), old.path("type"));
            frozen(errors, object, old, List.of("data"));
        }));
        rules.put("PersistentVolumeClaim", of(ConfigRules::claim, ConfigRules::claimChange));
        rules.put("PersistentVolume", of(ConfigRules::volume, ConfigRules::volumeChange));
        rules.put(
                "StorageClass.storage.k8s.io",
                of(
                        (errors, object) -> Values.required(errors, "provisioner", object.path("provisioner")),
                        ConfigRules::storageClassChange));
        rules.put(
                "VolumeAttachment.storage.k8s.io",
                of(
                        (errors, object) -> {},
                        (errors, object, old) ->
                                Values.immutable(errors, "spec", object.path("spec"), old.path("spec"))));
    }

    private static long keys(FieldErrors errors, String path, JsonNode data, boolean encoded) {
        long bytes = 0;
        for (Map.Entry<String, JsonNode> entry : data.properties()) {
            Values.reasons(errors, atKey(path, entry.getKey()), entry.getKey(), Names.configKeyErrors(entry.getKey()));
            String text = entry.getValue().asText("");
            // Four characters of base64 are three bytes.
            bytes += encoded ? text.length() / 4L * 3 : text.getBytes(StandardCharsets.UTF_8).length;
        }
        return bytes;
    }

    private static void configMap(FieldErrors errors, ObjectNode map) {
        long bytes = keys(errors, "data", map.path("data"), false);
        bytes += keys(errors, "binaryData", map.path("binaryData"), true);
        map.path("binaryData").properties().forEach(entry -> {
            if (map.path("data").has(entry.getKey())) {
                errors.invalid(atKey("binaryData", entry.getKey()), entry.getKey(), "duplicate of key present in data");
            }
        });
        if (bytes > MAX_BYTES) {
            errors.tooLong("", MAX_BYTES);
        }
    }

    private static void secret(FieldErrors errors, ObjectNode secret) {
        if (keys(errors, "data", secret.path("data"), true) > MAX_BYTES) {
            errors.tooLong("data", MAX_BYTES);
        }
        List<String> needed = switch (secret.path("type").asText("")) {
            case "kubernetes.io/tls" -> List.of("tls.crt", "tls.key");
            case "kubernetes.io/dockerconfigjson" -> List.of(".dockerconfigjson");
            case "kubernetes.io/dockercfg" -> List.of(".dockercfg");
            case "kubernetes.io/ssh-auth" -> List.of("ssh-privatekey");
            default -> List.of();
        };
        for (String key : needed) {
            if (!secret.path("data").has(key)) {
                errors.required(atKey("data", key), "");
            }
        }
        String account = "kubernetes.io/service-account.name";
        if (secret.path("type").asText("").equals("kubernetes.io/service-account-token")
                && Values.absent(secret.path("metadata").path("annotations").path(account))) {
            errors.required(atKey("metadata.annotations", account), "");
        }
    }

    private static void frozen(FieldErrors errors, ObjectNode object, ObjectNode old, List<String> fields) {
        if (!old.path("immutable").asBoolean(false)) {
            return;
        }
        if (!object.path("immutable").asBoolean(false)) {
            errors.forbidden("immutable", "field is immutable when `immutable` is set");
        }
        for (String field : fields) {
            if (!Values.same(object.path(field), old.path(field))) {
                errors.forbidden(field, "field is immutable when `immutable` is set");
            }
        }
    }

    private static void accessModes(FieldErrors errors, JsonNode modes, String needed) {
        if (modes.isEmpty()) {
            errors.required("spec.accessModes", needed);
        }
        boolean single = false;
        for (JsonNode mode : modes) {
            single |= mode.asText("").equals("ReadWriteOncePod");
            Values.oneOf(errors, "spec.accessModes", mode, ACCESS);
        }
        if (single && modes.size() > 1) {
            errors.forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes");
        }
    }

    private static void claim(FieldErrors errors, ObjectNode claim) {
        JsonNode spec = claim.path("spec");
        accessModes(errors, spec.path("accessModes"), "at least 1 access mode is required");
        JsonNode storage = spec.path("resources").path("requests").path("storage");
        if (!storage.isValueNode() || storage.isMissingNode()) {
            errors.required("spec.resources[storage]", "");
        } else {
            Quantity size = Values.quantity(storage);
            if (size != null && size.compareTo(Quantity.ZERO) <= 0) {
                errors.invalid("spec.resources[storage]", storage.asText(), "must be greater than zero");
            }
        }
        Values.oneOf(errors, "spec.volumeMode", spec.path("volumeMode"), List.of("Block", "Filesystem"));
        Values.selector(errors, "spec.selector", spec.path("selector"));
    }

    private static void claimChange(FieldErrors errors, ObjectNode claim, ObjectNode old) {
        ObjectNode now = claim.path("spec").deepCopy();
        ObjectNode before = old.path("spec").deepCopy();
        // Binding fills these in; afterwards they stay.
        for (String field : List.of("volumeName", "storageClassName")) {
            if (Values.absent(before.path(field))) {
                now.remove(field);
                before.remove(field);
            }
        }
        Quantity wanted = Values.quantity(storage(claim));
        Quantity had = Values.quantity(storage(old));
        boolean isBound = old.path("status").path("phase").asText("").equals("Bound");
        boolean isSameSize = wanted != null && had != null && wanted.compareTo(had) == 0;
        if ((isBound || isSameSize) && now.at("/resources/requests") instanceof ObjectNode requests) {
            requests.set("storage", storage(old));
        }
        if (isBound && now.has("volumeAttributesClassName")) {
            now.remove("volumeAttributesClassName");
            before.remove("volumeAttributesClassName");
        }
        if (!now.equals(before)) {
            errors.forbidden(
                    "spec",
                    "spec is immutable after creation except resources.requests and volumeAttributesClassName for "
                            + "bound claims\n" + ClaimSpecs.difference(before, now));
        }
        // A claim whose growth has failed may ask for less again, but not for as little as it has (KEP-1790).
        Quantity capacity = Values.quantity(old.path("status").path("capacity").path("storage"));
        if (wanted != null
                && had != null
                && wanted.compareTo(had) < 0
                && capacity != null
                && wanted.compareTo(capacity) <= 0) {
            errors.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
        }
    }

    private static JsonNode storage(JsonNode claim) {
        return claim.at("/spec/resources/requests/storage");
    }

    private static void volume(FieldErrors errors, ObjectNode volume) {
        JsonNode spec = volume.path("spec");
        accessModes(errors, spec.path("accessModes"), "");
        if (spec.path("capacity").isEmpty()) {
            errors.required("spec.capacity", "");
        }
        ObjectNode sources = sources(spec);
        List<String> kinds = new ArrayList<>();
        sources.fieldNames().forEachRemaining(kinds::add);
        kinds.stream()
                .skip(1)
                .forEach(kind -> errors.forbidden(at("spec", kind), "may not specify more than 1 volume type"));
        if (kinds.isEmpty()) {
            errors.required("spec", "must specify a volume type");
        }
        if (kinds.contains("local") && !spec.path("nodeAffinity").isObject()) {
            errors.required("spec.nodeAffinity", "Local volume requires node affinity");
        }
    }

    /** What a volume is made of: each field of its spec that names a kind of volume. */
    private static ObjectNode sources(JsonNode spec) {
        ObjectNode sources = JsonNodeFactory.instance.objectNode();
        spec.properties().forEach(field -> {
            if (field.getValue().isObject() && !NOT_SOURCES.contains(field.getKey())) {
                sources.set(field.getKey(), field.getValue());
            }
        });
        return sources;
    }

    private static void volumeChange(FieldErrors errors, ObjectNode volume, ObjectNode old) {
        JsonNode now = volume.path("spec");
        JsonNode before = old.path("spec");
        if (!sources(now).equals(sources(before))) {
            errors.forbidden(
                    "spec.persistentvolumesource",
                    "spec.persistentvolumesource is immutable after creation\n" + sources(before) + "\n" + sources(now)
                            + "\n");
        }
        Values.immutable(errors, "volumeMode", now.path("volumeMode"), before.path("volumeMode"));
        if (before.path("nodeAffinity").isObject()) {
            Values.immutable(errors, "nodeAffinity", now.path("nodeAffinity"), before.path("nodeAffinity"));
        }
    }

    private static void storageClassChange(FieldErrors errors, ObjectNode object, ObjectNode old) {
        for (String field : List.of("parameters", "provisioner", "reclaimPolicy")) {
            if (!Values.same(object.path(field), old.path(field))) {
                errors.forbidden(field, "updates to " + field + " are forbidden.");
            }
        }
        Values.immutable(errors, "volumeBindingMode", object.path("volumeBindingMode"), old.path("volumeBindingMode"));
    }
}
