// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mizzen.api.catalog.ResourceDefinition.Column;
import io.mizzen.api.catalog.ResourceDefinition.Subresource;
import io.mizzen.api.catalog.ResourceDefinition.Version;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.SchemaReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The built-in kinds: every resource that Kubernetes 1.35 serves by default, with schemas and defaults, read from the
 * data files beside this class. Immutable and shared; schemas are built when first asked for.
 */
public final class Catalog {
    private final Map<String, JsonNode> definitions = new HashMap<>();
    private final Map<String, JsonNode> defaults = new HashMap<>();
    private final Map<String, Schema> schemas = new ConcurrentHashMap<>();
    private final SchemaReader reader = new SchemaReader(this::schema, defaults::get);
    private final List<ResourceDefinition> resources = new ArrayList<>();
    private final Map<GroupVersionKind, String> definitionNames = new HashMap<>();

    private Catalog() {
        load("schemas.json").properties().forEach(entry -> {
            definitions.put(entry.getKey(), entry.getValue());
            for (JsonNode kind : entry.getValue().path("x-kubernetes-group-version-kind")) {
                definitionNames.putIfAbsent(
                        new GroupVersionKind(
                                kind.path("group").asText(),
                                kind.path("version").asText(),
                                kind.path("kind").asText()),
                        entry.getKey());
            }
        });
        load("defaults.json").properties().forEach(entry -> defaults.put(entry.getKey(), entry.getValue()));
        load("resources.json").forEach(node -> resources.add(resource(node)));
    }

    /** Holds the one instance; read on first use. */
    private static final class Holder {
        static final Catalog INSTANCE = new Catalog();
    }

    /** The catalogue of built-in kinds. */
    public static Catalog builtIn() {
        return Holder.INSTANCE;
    }

    /** All built-in resources in discovery order. */
    public List<ResourceDefinition> resources() {
        return List.copyOf(resources);
    }

    /** The schema of a definition by its full name. */
    public Schema schema(String name) {
        Schema known = schemas.get(name);
        if (known != null) {
            return known;
        }
        JsonNode node = Objects.requireNonNull(definitions.get(name), () -> "no definition " + name);
        Schema schema = reader.read(name, node);
        Schema raced = schemas.putIfAbsent(name, schema);
        return raced == null ? schema : raced;
    }

    /** The schema of a kind, also of those that are not resources (Scale, Eviction, DeleteOptions). */
    public @Nullable Schema schemaOf(GroupVersionKind kind) {
        String name = definitionNames.get(kind);
        return name == null ? null : schema(name);
    }

    /** The definitions as data, for OpenAPI; {@code ref} names another one. Do not modify. */
    public Map<String, JsonNode> definitions() {
        return java.util.Collections.unmodifiableMap(definitions);
    }

    private ResourceDefinition resource(JsonNode node) {
        String kind = node.get("kind").asText();
        List<Version> versions = new ArrayList<>();
        for (JsonNode version : node.get("versions")) {
            versions.add(new Version(
                    version.get("name").asText(),
                    schema(version.get("definition").asText()),
                    version.path("deprecationWarning").asText(null)));
        }
        Map<String, Subresource> subresources = new TreeMap<>();
        node.path("subresources").properties().forEach(entry -> {
            JsonNode value = entry.getValue();
            subresources.put(
                    entry.getKey(),
                    new Subresource(
                            entry.getKey(),
                            value.get("kind").asText(),
                            value.path("group").asText(node.get("group").asText()),
                            value.path("version").asText(""),
                            texts(value.get("verbs")),
                            null));
        });
        List<Column> columns = new ArrayList<>();
        for (JsonNode column : node.path("columns")) {
            columns.add(new Column(
                    column.get("name").asText(),
                    column.get("type").asText(),
                    column.path("format").asText(""),
                    column.path("priority").asInt(0),
                    column.path("description").asText(""),
                    null));
        }
        return new ResourceDefinition(
                node.get("group").asText(),
                kind,
                kind + "List",
                node.get("plural").asText(),
                node.get("singular").asText(),
                node.get("scope").asText().equals("Namespaced"),
                texts(node.path("shortNames")),
                texts(node.path("categories")),
                versions,
                node.get("storageVersion").asText(),
                node.get("storagePrefix").asText(),
                node.has("verbs") ? texts(node.get("verbs")) : ResourceDefinition.ALL_VERBS,
                subresources,
                texts(node.path("selectableFields")),
                columns,
                false);
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static JsonNode load(String file) {
        try (InputStream in = Objects.requireNonNull(Catalog.class.getResourceAsStream(file), file)) {
            return new ObjectMapper().readTree(in);
        } catch (IOException broken) {
            throw new UncheckedIOException("the catalogue file " + file + " cannot be read", broken);
        }
    }
}
