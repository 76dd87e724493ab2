// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.registry.validation.Values.reasons;
import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.Names;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.apiserver.schema.FieldErrors;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Rules about what every object carries ({@code ObjectMeta}). */
final class MetadataRules {
    private static final int MAX_ANNOTATION_BYTES = 262_144;
    private static final Set<String> STANDARD_FINALIZERS = Set.of("orphan", "foregroundDeletion", "kubernetes");
    private static final Set<String> PATH_SEGMENTS =
            Set.of("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "APIService");

    private MetadataRules() {}

    static void check(FieldErrors errors, ResourceDefinition definition, ObjectNode object) {
        JsonNode metadata = object.path("metadata");
        String name = ObjectTree.name(object);
        if (name.isEmpty()) {
            errors.required("metadata.name", "name or generateName is required");
        } else {
            reasons(errors, "metadata.name", name, nameErrors(definition, name));
        }
        String namespace = ObjectTree.namespace(object);
        if (definition.namespaced()) {
            if (namespace.isEmpty()) {
                errors.required("metadata.namespace", "");
            } else {
                reasons(errors, "metadata.namespace", namespace, Names.labelErrors(namespace));
            }
        } else if (!namespace.isEmpty()) {
            errors.forbidden("metadata.namespace", "not allowed on this type");
        }
        labelsAndAnnotations(errors, metadata, "metadata");
        owners(errors, metadata.path("ownerReferences"));
        finalizers(errors, definition, metadata.path("finalizers"));
    }

    private static List<String> nameErrors(ResourceDefinition definition, String name) {
        if (definition.custom()) {
            return Names.subdomainErrors(name);
        }
        if (PATH_SEGMENTS.contains(definition.kind())) {
            return Names.pathSegmentErrors(name);
        }
        return switch (definition.kind()) {
            case "Namespace" -> Names.labelErrors(name);
            case "Service" -> Names.label1035Errors(name);
            // The name is an address, in either family.
            case "IPAddress" -> List.of();
            default -> Names.subdomainErrors(name);
        };
    }

    /** Labels and annotations, of an object or of a template. */
    static void labelsAndAnnotations(FieldErrors errors, JsonNode metadata, String path) {
        Values.labels(errors, at(path, "labels"), metadata.path("labels"));
        long bytes = 0;
        for (Map.Entry<String, String> entry :
                ObjectTree.strings(metadata.path("annotations")).entrySet()) {
            // Upper case is allowed in the prefix of an annotation, by tradition.
            String key = entry.getKey().toLowerCase(java.util.Locale.ROOT);
            reasons(errors, at(path, "annotations"), entry.getKey(), Names.qualifiedNameErrors(key));
            bytes += bytes(entry.getKey()) + bytes(entry.getValue());
        }
        if (bytes > MAX_ANNOTATION_BYTES) {
            errors.tooLong(at(path, "annotations"), MAX_ANNOTATION_BYTES);
        }
    }

    private static long bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static void owners(FieldErrors errors, JsonNode owners) {
        List<String> controllers = new ArrayList<>();
        int index = 0;
        for (JsonNode owner : owners) {
            String path = at("metadata.ownerReferences", index++);
            String apiVersion = owner.path("apiVersion").asText("");
            if (apiVersion.isEmpty() || apiVersion.endsWith("/")) {
                errors.invalid(at(path, "apiVersion"), apiVersion, "version must not be empty");
            }
            for (String field : List.of("kind", "name", "uid")) {
                if (owner.path(field).asText("").isEmpty()) {
                    errors.invalid(at(path, field), "", "must not be empty");
                }
            }
            String kind = owner.path("kind").asText("");
            if (kind.equals("Event") && (apiVersion.equals("v1") || apiVersion.equals("events.k8s.io/v1"))) {
                String shown = apiVersion.equals("v1") ? "/v1" : apiVersion;
                errors.invalid(path, owner, shown + ", Kind=Event is disallowed from being an owner");
            }
            if (owner.path("controller").asBoolean(false)) {
                controllers.add(owner.path("name").asText(""));
            }
        }
        if (controllers.size() > 1) {
            errors.invalid(
                    "metadata.ownerReferences",
                    owners,
                    "Only one reference can have Controller set to true. Found \"true\" in references for "
                            + controllers.get(0) + " and " + controllers.get(1));
        }
    }

    private static void finalizers(FieldErrors errors, ResourceDefinition definition, JsonNode finalizers) {
        // Definitions of custom resources and their objects take any qualified name.
        boolean anyName = definition.custom() || definition.group().equals("apiextensions.k8s.io");
        int index = 0;
        for (JsonNode node : finalizers) {
            String finalizer = node.asText("");
            String path = at("metadata.finalizers", index++);
            reasons(errors, path, finalizer, Names.qualifiedNameErrors(finalizer));
            if (!anyName && !finalizer.contains("/") && !STANDARD_FINALIZERS.contains(finalizer)) {
                errors.invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified");
            }
        }
    }

    static void change(FieldErrors errors, ObjectNode object, ObjectNode old) {
        JsonNode now = object.path("metadata");
        JsonNode before = old.path("metadata");
        for (String field : List.of("name", "namespace", "uid", "creationTimestamp")) {
            Values.immutable(errors, at("metadata", field), now.path(field), before.path(field));
        }
        if (before.hasNonNull("deletionTimestamp")) {
            List<String> known = ObjectTree.texts(before.path("finalizers"));
            List<String> added = ObjectTree.texts(now.path("finalizers")).stream()
                    .filter(finalizer -> !known.contains(finalizer))
                    .toList();
            if (!added.isEmpty()) {
                String shown = added.stream().map(text -> '"' + text + '"').collect(Collectors.joining(", "));
                errors.forbidden(
                        "metadata.finalizers",
                        "no new finalizers can be added if the object is being deleted, found new finalizers []string{"
                                + shown + "}");
            }
        }
    }
}
