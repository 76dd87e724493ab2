// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.catalog.ResourceDefinition.Column;
import io.mizzen.api.catalog.ResourceDefinition.ScalePaths;
import io.mizzen.api.catalog.ResourceDefinition.Subresource;
import io.mizzen.api.catalog.ResourceDefinition.Version;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupVersion;
import io.mizzen.apiserver.registry.ObjectForm;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.registry.VersionConverter;
import io.mizzen.apiserver.schema.StructuralValidation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Makes served resources out of a CustomResourceDefinition. Pure. */
final class DefinitionReader {
    private static final List<String> WRITABLE = List.of("get", "patch", "update");

    private DefinitionReader() {}

    /** A definition with one served resource a version. */
    record Read(ResourceDefinition definition, List<ServedResource> served) {}

    static Read read(ObjectNode crd) {
        JsonNode spec = crd.path("spec");
        String group = spec.path("group").asText();
        Map<String, StructuralValidation> validations = new LinkedHashMap<>();
        List<Version> versions = new ArrayList<>();
        String storage = "";
        JsonNode storageNode = spec.path("versions").path(0);
        for (JsonNode version : spec.path("versions")) {
            String name = version.path("name").asText();
            StructuralValidation validation = StructuralValidation.of(schemaOf(version));
            validations.put(name, validation);
            if (version.path("storage").asBoolean(false)) {
                storage = name;
                storageNode = version;
            }
            if (version.path("served").asBoolean(false)) {
                versions.add(new Version(name, validation.schema(), deprecation(group, spec, version)));
            }
        }
        ResourceDefinition stored = definition(spec, versions, storage, storageNode);
        List<ServedResource> served = new ArrayList<>();
        for (JsonNode version : spec.path("versions")) {
            String name = version.path("name").asText();
            Version own = stored.version(name);
            StructuralValidation validation = validations.get(name);
            if (own == null || validation == null) {
                continue;
            }
            boolean same = name.equals(storage);
            served.add(new ServedResource(
                    same ? stored : definition(spec, versions, storage, version),
                    own,
                    stored,
                    same
                            ? VersionConverter.IDENTITY
                            : VersionConverter.renaming(
                                    new GroupVersion(group, name).apiVersion(),
                                    new GroupVersion(group, storage).apiVersion()),
                    ObjectForm.custom(validation),
                    new CustomStrategy(validation)));
        }
        return new Read(stored, served);
    }

    private static JsonNode schemaOf(JsonNode version) {
        JsonNode schema = version.path("schema").path("openAPIV3Schema");
        if (schema.isObject()) {
            return schema;
        }
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", "object")
                .put("x-kubernetes-preserve-unknown-fields", true);
    }

    private static @org.jspecify.annotations.Nullable String deprecation(
            String group, JsonNode spec, JsonNode version) {
        if (!version.path("deprecated").asBoolean(false)) {
            return null;
        }
        String own = version.path("deprecationWarning").asText("");
        return own.isEmpty()
                ? group + "/" + version.path("name").asText() + " " + ObjectTree.text(spec, "names", "kind")
                        + " is deprecated"
                : own;
    }

    private static ResourceDefinition definition(
            JsonNode spec, List<Version> versions, String storage, JsonNode version) {
        JsonNode names = spec.path("names");
        String kind = names.path("kind").asText();
        String plural = names.path("plural").asText();
        String group = spec.path("group").asText();
        List<String> fields = new ArrayList<>();
        version.path("selectableFields")
                .forEach(field -> fields.add(field.path("jsonPath").asText().replaceFirst("^\\.", "")));
        return new ResourceDefinition(
                group,
                kind,
                names.path("listKind").asText(kind + "List"),
                plural,
                names.path("singular").asText(kind.toLowerCase(java.util.Locale.ROOT)),
                spec.path("scope").asText().equals("Namespaced"),
                ObjectTree.texts(names.path("shortNames")),
                ObjectTree.texts(names.path("categories")),
                versions,
                storage,
                "/registry/" + group + "/" + plural + "/",
                ResourceDefinition.ALL_VERBS,
                subresources(kind, group, version.path("subresources")),
                fields,
                columns(version.path("additionalPrinterColumns")),
                true);
    }

    private static Map<String, Subresource> subresources(String kind, String group, JsonNode node) {
        Map<String, Subresource> subresources = new TreeMap<>();
        if (node.has("status")) {
            subresources.put("status", new Subresource("status", kind, group, "", WRITABLE, null));
        }
        if (node.has("scale")) {
            JsonNode scale = node.get("scale");
            ScalePaths paths = new ScalePaths(
                    scale.path("specReplicasPath").asText(),
                    scale.path("statusReplicasPath").asText(),
                    scale.hasNonNull("labelSelectorPath")
                            ? scale.get("labelSelectorPath").asText()
                            : null);
            subresources.put("scale", new Subresource("scale", "Scale", "autoscaling", "v1", WRITABLE, paths));
        }
        return subresources;
    }

    private static List<Column> columns(JsonNode printed) {
        List<Column> columns = new ArrayList<>();
        for (JsonNode column : printed) {
            columns.add(new Column(
                    column.path("name").asText(),
                    column.path("type").asText(),
                    column.path("format").asText(""),
                    column.path("priority").asInt(0),
                    column.path("description").asText(""),
                    column.path("jsonPath").asText()));
        }
        return columns;
    }
}
