// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.api.yaml.YamlReader;
import io.mizzen.apiserver.http.ApiRequest;
import io.mizzen.apiserver.http.HttpFrontend;
import io.mizzen.apiserver.http.MediaType;
import io.mizzen.apiserver.patch.ManagedFields;
import io.mizzen.apiserver.protobuf.ProtobufDecoder;
import io.mizzen.apiserver.registry.ObjectForm;
import io.mizzen.apiserver.schema.Decoder;
import io.mizzen.apiserver.schema.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Reads request bodies: JSON or YAML, checked against the schema, with upstream's answers to what is wrong. */
final class RequestBody {
    private RequestBody() {}

    /** A body as a tree, and the fields that are in it twice. */
    record Parsed(JsonNode tree, List<String> duplicateFields) {}

    /** Parses the body by its Content-Type. */
    static Parsed parse(ApiRequest request) {
        String header = request.header("Content-Type");
        MediaType type = MediaType.parse(header.isEmpty() ? MediaType.JSON : header);
        return switch (type.type()) {
            case MediaType.JSON -> json(request.body());
            case ProtobufDecoder.MEDIA_TYPE -> protobuf(request.body());
            case MediaType.YAML, "text/yaml", "application/x-yaml" -> yaml(request.body());
            default ->
                throw StatusException.of(
                        StatusReason.UnsupportedMediaType,
                        "the body of the request was in an unknown format - accepted media types include: "
                                + "application/json, application/yaml, application/vnd.kubernetes.protobuf");
        };
    }

    static Parsed json(byte[] body) {
        try {
            StrictJson.Parsed parsed = StrictJson.parse(body);
            return new Parsed(parsed.value(), parsed.duplicateFields());
        } catch (StrictJson.JsonSyntaxException malformed) {
            throw StatusException.badRequest(
                    "couldn't get version/kind; json parse error: " + String.valueOf(malformed.getMessage()));
        }
    }

    private static Parsed protobuf(byte[] body) {
        try {
            return new Parsed(ProtobufDecoder.decode(body), List.of());
        } catch (IllegalArgumentException malformed) {
            throw StatusException.badRequest(String.valueOf(malformed.getMessage()));
        }
    }

    static Parsed yaml(byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        try {
            List<JsonNode> documents = YamlReader.readAll(text, HttpFrontend.MAX_BODY_BYTES);
            if (documents.isEmpty()) {
                throw StatusException.badRequest("the body of the request is empty");
            }
            return new Parsed(documents.getFirst(), List.of());
        } catch (YamlReader.YamlSyntaxException malformed) {
            throw StatusException.badRequest(
                    "error converting YAML to JSON: " + String.valueOf(malformed.getMessage()));
        }
    }

    /**
     * An object of the resource that the path names, decoded, with the defaults of its schema. What is unknown or double is
     * refused, warned of or ignored as {@code fieldValidation} says.
     */
    static ObjectNode object(ResourceRequest request, Parsed parsed) {
        ObjectNode object = decode(
                request, parsed, request.resource().kind(), request.resource().form());
        request.resource().form().applyDefaults(object);
        return object;
    }

    /**
     * As {@link #object} but without defaults: what server-side apply takes as the client's intent. What the schema does not
     * know is a failure whatever {@code fieldValidation} says, for nobody could own it.
     */
    static ObjectNode intent(ResourceRequest request, Parsed parsed) {
        checkKind(parsed.tree(), request.resource().kind());
        ManagedFields.checkTyped(
                parsed.tree(), request.resource().schema(), request.resource().apiVersion());
        return decode(
                request, parsed, request.resource().kind(), request.resource().form());
    }

    /** An object of another, built-in kind: what subresources take. */
    static ObjectNode object(ResourceRequest request, Parsed parsed, GroupVersionKind kind, Schema schema) {
        ObjectForm form = ObjectForm.builtIn(schema);
        ObjectNode object = decode(request, parsed, kind, form);
        form.applyDefaults(object);
        return object;
    }

    private static ObjectNode decode(ResourceRequest request, Parsed parsed, GroupVersionKind kind, ObjectForm form) {
        checkKind(parsed.tree(), kind);
        Decoder.Decoded decoded = form.decode(parsed.tree(), kind);
        judge(request, kind, Decoder.strictMessages(parsed.duplicateFields(), decoded.unknownFields()));
        ObjectNode object = decoded.object();
        object.put("kind", kind.kind()).put("apiVersion", kind.apiVersion());
        return object;
    }

    private static void judge(ResourceRequest request, GroupVersionKind kind, List<String> objections) {
        String validation = request.query().text("fieldValidation");
        switch (validation) {
            case "Strict" -> {
                if (!objections.isEmpty()) {
                    throw Decoder.strictFailure(kind, objections);
                }
            }
            case "Ignore" -> {}
            case "", "Warn" -> request.warnings().addAll(objections);
            default -> throw StatusException.badRequest("fieldValidation parameter is unsupported: " + validation);
        }
    }

    private static void checkKind(JsonNode tree, GroupVersionKind kind) {
        if (!tree.isObject()) {
            throw StatusException.badRequest("couldn't get version/kind; json parse error: json: cannot unmarshal "
                    + goType(tree) + " into Go value of type struct { APIVersion string \"json:\\\"apiVersion,"
                    + "omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }");
        }
        String apiVersion = tree.path("apiVersion").asText("");
        String name = tree.path("kind").asText("");
        // An absent kind or version is that of the path, as upstream's decoder defaults it.
        boolean sameKind = name.isEmpty() || name.equals(kind.kind());
        boolean sameVersion = apiVersion.isEmpty() || apiVersion.equals(kind.apiVersion());
        if (sameKind && sameVersion) {
            return;
        }
        if (!sameKind && sameVersion) {
            throw StatusException.badRequest(name + " in version \"" + kind.version() + "\" cannot be handled as a "
                    + kind.kind() + ": expected kind " + kind.kind());
        }
        throw StatusException.badRequest("the API version in the data (" + apiVersion
                + ") does not match the expected API version (" + kind.apiVersion() + ")");
    }

    private static String goType(JsonNode tree) {
        return switch (tree.getNodeType()) {
            case ARRAY -> "array";
            case STRING -> "string";
            case NUMBER -> "number";
            case BOOLEAN -> "bool";
            default -> "null";
        };
    }

    /** Makes name and namespace of a body agree with the path. */
    static void placeAt(ObjectNode object, ResourceRequest request, boolean nameInPath) {
        ObjectNode metadata = ObjectTree.metadata(object);
        String namespace = metadata.path("namespace").asText("");
        if (request.resource().namespaced()) {
            if (!namespace.isEmpty() && !namespace.equals(request.namespace())) {
                throw StatusException.badRequest(
                        "the namespace of the provided object does not match the namespace sent on the request");
            }
            metadata.put("namespace", request.namespace());
        } else if (!namespace.isEmpty()) {
            throw StatusException.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request");
        }
        String name = metadata.path("name").asText("");
        if (nameInPath) {
            if (name.isEmpty()) {
                metadata.put("name", request.name());
            } else if (!name.equals(request.name())) {
                throw StatusException.badRequest("the name of the object (" + name
                        + ") does not match the name on the URL (" + request.name() + ")");
            }
        }
    }
}
