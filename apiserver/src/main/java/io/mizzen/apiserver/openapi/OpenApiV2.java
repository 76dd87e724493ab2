// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * OpenAPI version 2: one document of everything, as JSON or as the protobuf message that older clients ask for. Immutable
 * but for the cached bytes.
 */
public final class OpenApiV2 {
    /** Media type that the protobuf form is answered with; clients ask for it with an {@code @} before the version. */
    public static final String PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final String serverVersion;
    private final List<ResourceDefinition> resources;
    private final Definitions definitions;
    private final Lazily json = new Lazily(this::makeJson);
    private final Lazily protobuf = new Lazily(this::makeProtobuf);

    /** Takes the pieces of a document in their order. */
    private interface Pieces {
        void path(String path, ObjectNode item) throws IOException;

        void parameter(Parameter parameter, ObjectNode node) throws IOException;

        void definition(String name, ObjectNode schema) throws IOException;
    }

    private OpenApiV2(List<ResourceDefinition> resources, String serverVersion) {
        this.resources = resources;
        this.serverVersion = serverVersion;
        this.definitions = new Definitions(resources);
    }

    /**
     * Description of these resources.
     *
     * @param serverVersion as {@code /version} tells it
     */
    public static OpenApiV2 of(Collection<ResourceDefinition> resources, String serverVersion) {
        return new OpenApiV2(List.copyOf(resources), serverVersion);
    }

    /** The document as JSON. Do not modify. */
    public byte[] json() {
        return json.get();
    }

    /** The document as {@code openapi.v2.Document}. Do not modify. */
    public byte[] protobuf() {
        return protobuf.get();
    }

    private void paths(SchemaForm schemas, Pieces pieces) throws IOException {
        PathForm paths = new PathForm(false, schemas);
        for (var version : OpenApiV3.byVersion(resources).entrySet()) {
            Map<String, List<Operation>> operations = Operations.of(version.getKey(), version.getValue(), definitions);
            for (Map.Entry<String, List<Operation>> entry : operations.entrySet()) {
                pieces.path(entry.getKey(), paths.path(entry.getKey(), version.getKey(), entry.getValue()));
            }
        }
    }

    private void definitions(SchemaForm schemas, Pieces pieces) throws IOException {
        for (String name : definitions.all()) {
            pieces.definition(name, schemas.definition(name));
        }
    }

    private static void parameters(SchemaForm schemas, Pieces pieces) throws IOException {
        PathForm paths = new PathForm(false, schemas);
        for (Parameter parameter : Parameter.all().values()) {
            pieces.parameter(parameter, paths.parameter(parameter));
        }
    }

    private byte[] makeJson() {
        SchemaForm schemas = new SchemaForm(false, definitions, Descriptions.load());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 20);
        try (JsonGenerator out = MAPPER.createGenerator(bytes)) {
            Pieces pieces = new JsonPieces(out);
            out.writeStartObject();
            out.writeStringField("swagger", "2.0");
            out.writeObjectFieldStart("info");
            out.writeStringField("title", "Kubernetes");
            out.writeStringField("version", serverVersion);
            out.writeEndObject();
            out.writeObjectFieldStart("paths");
            paths(schemas, pieces);
            out.writeEndObject();
            out.writeObjectFieldStart("definitions");
            definitions(schemas, pieces);
            out.writeEndObject();
            out.writeObjectFieldStart("parameters");
            parameters(schemas, pieces);
            out.writeEndObject();
            out.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private byte[] makeProtobuf() {
        SchemaForm schemas = new SchemaForm(false, definitions, Descriptions.load());
        GnosticDocument document = new GnosticDocument("Kubernetes", serverVersion);
        Pieces pieces = new ProtobufPieces(document);
        try {
            paths(schemas, pieces);
            definitions(schemas, pieces);
            parameters(schemas, pieces);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return document.bytes();
    }

    private record JsonPieces(JsonGenerator out) implements Pieces {
        private void write(String name, ObjectNode node) throws IOException {
            out.writeFieldName(name);
            out.writeTree(node);
        }

        @Override
        public void path(String path, ObjectNode item) throws IOException {
            write(path, item);
        }

        @Override
        public void parameter(Parameter parameter, ObjectNode node) throws IOException {
            write(parameter.name(), node);
        }

        @Override
        public void definition(String name, ObjectNode schema) throws IOException {
            write(name, schema);
        }
    }

    private record ProtobufPieces(GnosticDocument document) implements Pieces {
        @Override
        public void path(String path, ObjectNode item) {
            document.addPath(path, item);
        }

        @Override
        public void parameter(Parameter parameter, ObjectNode node) {
            document.addParameter(parameter.name(), node);
        }

        @Override
        public void definition(String name, ObjectNode schema) {
            document.addDefinition(name, schema);
        }
    }
}
