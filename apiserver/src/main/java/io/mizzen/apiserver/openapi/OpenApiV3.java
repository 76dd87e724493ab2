// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.catalog.ResourceDefinition.Version;
import io.mizzen.api.name.GroupVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * OpenAPI version 3: an index and one document a group version (KEP-2896). The hash in the index is made from what a
 * document is made of, so that the index needs no document. Immutable but for the cached bytes.
 */
public final class OpenApiV3 {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** To be raised when the same resources are described in another way: clients keep documents by their hash for ever. */
    private static final int FORM = 2;

    private final String serverVersion;
    private final Definitions definitions;
    private final Map<String, GroupDocument> documents = new TreeMap<>();
    private final byte[] index;

    private record GroupDocument(String hash, Lazily json) {}

    private OpenApiV3(Collection<ResourceDefinition> resources, String serverVersion) {
        this.serverVersion = serverVersion;
        this.definitions = new Definitions(resources);
        Map<GroupVersion, List<ResourceDefinition>> byVersion = byVersion(resources);
        byVersion.forEach((version, served) -> documents.put(
                Operations.root(version),
                new GroupDocument(hash(version, served), new Lazily(() -> document(version, served)))));
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ObjectNode paths = root.putObject("paths");
        documents.forEach((path, document) ->
                paths.putObject(path).put("serverRelativeURL", "/openapi/v3/" + path + "?hash=" + document.hash()));
        this.index = root.toString().getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Descriptions of these resources.
     *
     * @param serverVersion as {@code /version} tells it, for example {@code v1.35.6}
     */
    public static OpenApiV3 of(Collection<ResourceDefinition> resources, String serverVersion) {
        return new OpenApiV3(List.copyOf(resources), serverVersion);
    }

    static Map<GroupVersion, List<ResourceDefinition>> byVersion(Collection<ResourceDefinition> resources) {
        Map<GroupVersion, List<ResourceDefinition>> map =
                new TreeMap<>(java.util.Comparator.comparing(GroupVersion::apiVersion));
        for (ResourceDefinition resource : resources) {
            for (Version version : resource.versions()) {
                map.computeIfAbsent(new GroupVersion(resource.group(), version.name()), none -> new ArrayList<>())
                        .add(resource);
            }
        }
        return map;
    }

    /** The index: path of each document with a hash of it. */
    public byte[] index() {
        return index.clone();
    }

    /** Hash of the document at a path such as {@code apis/apps/v1}, or null when there is none. */
    public @Nullable String hash(String path) {
        GroupDocument document = documents.get(path);
        return document == null ? null : document.hash();
    }

    /** The document at a path such as {@code apis/apps/v1}, or null when there is none. Do not modify. */
    public byte @Nullable [] document(String path) {
        GroupDocument document = documents.get(path);
        return document == null ? null : document.json().get();
    }

    private String hash(GroupVersion version, List<ResourceDefinition> resources) {
        StringBuilder text = new StringBuilder(serverVersion)
                .append('\n')
                .append(FORM)
                .append('\n')
                .append(version);
        for (ResourceDefinition resource : resources) {
            text.append('\n').append(resource);
            Version served = resource.version(version.version());
            if (resource.custom() && served != null) {
                text.append(served.schema().raw());
            }
        }
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-512").digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).toUpperCase(Locale.ROOT);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private byte[] document(GroupVersion version, List<ResourceDefinition> resources) {
        SchemaForm schemas = new SchemaForm(true, definitions, Descriptions.load());
        PathForm paths = new PathForm(true, schemas);
        Map<String, List<Operation>> operations = Operations.of(version, resources, definitions);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 16);
        // Written piece by piece, so that no tree of the whole is ever held.
        try (JsonGenerator json = MAPPER.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("openapi", "3.0.0");
            json.writeObjectFieldStart("info");
            json.writeStringField("title", "Kubernetes");
            json.writeStringField("version", serverVersion);
            json.writeEndObject();
            json.writeObjectFieldStart("paths");
            for (Map.Entry<String, List<Operation>> entry : operations.entrySet()) {
                json.writeFieldName(entry.getKey());
                json.writeTree(paths.path(entry.getKey(), version, entry.getValue()));
            }
            json.writeEndObject();
            json.writeObjectFieldStart("components");
            json.writeObjectFieldStart("schemas");
            for (String name : definitions.closure(roots(operations))) {
                json.writeFieldName(name);
                json.writeTree(schemas.definition(name));
            }
            json.writeEndObject();
            json.writeEndObject();
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private Set<String> roots(Map<String, List<Operation>> operations) {
        Set<String> roots = new LinkedHashSet<>();
        operations
                .values()
                .forEach(list -> list.forEach(operation -> {
                    roots.add(operation.body());
                    roots.add(operation.answer());
                    roots.add(definitions.nameOf(operation.kind()));
                }));
        roots.add("io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent");
        roots.remove("");
        return roots;
    }
}
