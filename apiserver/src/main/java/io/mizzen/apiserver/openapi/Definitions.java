// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.catalog.ResourceDefinition.Version;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The definitions that documents refer to: those of the catalogue and those that custom resources bring. Immutable. */
final class Definitions {
    private static final String META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
    private static final String GVK = "x-kubernetes-group-version-kind";

    private final Map<String, JsonNode> builtIn = Catalog.builtIn().definitions();
    private final Map<String, CustomKind> custom = new HashMap<>();
    private final Map<GroupVersionKind, String> names = new HashMap<>();

    /** A definition made from a custom resource: of its objects, or of their lists. */
    private record CustomKind(
            GroupVersionKind kind, @Nullable Schema schema, String itemName) {}

    Definitions(Collection<ResourceDefinition> resources) {
        for (ResourceDefinition resource : resources) {
            if (!resource.custom()) {
                continue;
            }
            for (Version version : resource.versions()) {
                GroupVersionKind kind = resource.kindIn(version.name());
                GroupVersionKind list = new GroupVersionKind(kind.group(), kind.version(), resource.listKind());
                put(kind, new CustomKind(kind, version.schema(), ""));
                put(list, new CustomKind(list, null, restName(kind)));
            }
        }
    }

    private void put(GroupVersionKind kind, CustomKind definition) {
        custom.put(restName(kind), definition);
        names.put(kind, restName(kind));
    }

    /** A name of the form {@code com.example.v1.Thing}. */
    private static String restName(GroupVersionKind kind) {
        List<String> parts = List.of(kind.group().split("\\."));
        return String.join(".", parts.reversed()) + "." + kind.version() + "." + kind.kind();
    }

    /** Name of the definition of a kind, empty when there is none. */
    String nameOf(GroupVersionKind kind) {
        String name = names.get(kind);
        if (name != null) {
            return name;
        }
        Schema schema = Catalog.builtIn().schemaOf(kind);
        return schema == null ? "" : schema.name();
    }

    /** All names in order. */
    Set<String> all() {
        Set<String> all = new TreeSet<>(builtIn.keySet());
        all.addAll(custom.keySet());
        return all;
    }

    boolean isCustom(String name) {
        return custom.containsKey(name);
    }

    /** A definition as data, where {@code ref} names another one; null when there is none. Do not modify. */
    @Nullable
    JsonNode get(String name) {
        CustomKind kind = custom.get(name);
        if (kind == null) {
            return builtIn.get(name);
        }
        ObjectNode node =
                kind.schema() == null ? list(kind) : object(kind.schema().raw());
        node.putArray(GVK)
                .addObject()
                .put("group", kind.kind().group())
                .put("kind", kind.kind().kind())
                .put("version", kind.kind().version());
        return node;
    }

    private static ObjectNode object(JsonNode raw) {
        ObjectNode node = raw.isObject() ? ((ObjectNode) raw).deepCopy() : JsonNodeFactory.instance.objectNode();
        node.put("type", "object");
        ObjectNode properties =
                node.path("properties") instanceof ObjectNode given ? given : node.putObject("properties");
        head(properties).putObject("metadata").put("ref", META + "ObjectMeta");
        return node;
    }

    private static ObjectNode list(CustomKind kind) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("type", "object").putArray("required").add("items");
        ObjectNode properties = head(node.putObject("properties"));
        properties.putObject("metadata").put("ref", META + "ListMeta");
        properties.putObject("items").put("type", "array").putObject("items").put("ref", kind.itemName());
        return node;
    }

    private static ObjectNode head(ObjectNode properties) {
        properties.putObject("apiVersion").put("type", "string");
        properties.putObject("kind").put("type", "string");
        return properties;
    }

    /** These definitions and all that they refer to, in order. */
    Set<String> closure(Collection<String> roots) {
        Set<String> reached = new TreeSet<>();
        LinkedHashSet<String> open = new LinkedHashSet<>(roots);
        while (!open.isEmpty()) {
            String name = open.removeFirst();
            JsonNode node = get(name);
            if (node != null && reached.add(name)) {
                references(node, open);
            }
        }
        return reached;
    }

    private static void references(JsonNode node, Set<String> found) {
        if (node.path("ref").isTextual()) {
            found.add(node.get("ref").textValue());
        }
        // A field may be called "ref" too: then its value is an object, and is walked like any other.
        node.forEach(child -> references(child, found));
    }
}
