// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.http.ApiRequest;
import io.mizzen.apiserver.http.MediaType;
import io.mizzen.apiserver.http.Query;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.table.Tables;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The form in which a client wants objects: whole, as a table, or their metadata only (API page "Resource formats"), as
 * JSON or YAML.
 *
 * @param form what is shown
 * @param yaml whether as YAML
 * @param contentType value for Content-Type
 * @param include what table rows carry
 */
record Representation(Form form, boolean yaml, String contentType, Tables.IncludeObject include) {

    /** What is shown of an object. */
    enum Form {
        OBJECT,
        TABLE,
        METADATA
    }

    private static final String META = "meta.k8s.io";

    /** What Accept asks for, most preferred first; 406 when nothing can be had. */
    static Representation of(ApiRequest request) {
        for (MediaType type : MediaType.parseAccept(request.headerList("Accept"))) {
            boolean yaml = type.type().equals(MediaType.YAML);
            if (!yaml && !type.acceptsJson()) {
                continue;
            }
            String as = type.parameter("as");
            if (as.isEmpty()) {
                return new Representation(
                        Form.OBJECT, yaml, yaml ? MediaType.YAML : MediaType.JSON, Tables.IncludeObject.METADATA);
            }
            boolean known =
                    type.parameter("g").equals(META) && type.parameter("v").matches("v1(beta1)?");
            if (known && as.equals("Table")) {
                return new Representation(Form.TABLE, yaml, MediaType.JSON, include(request.query()));
            }
            if (known && (as.equals("PartialObjectMetadata") || as.equals("PartialObjectMetadataList"))) {
                return new Representation(Form.METADATA, yaml, MediaType.JSON, Tables.IncludeObject.METADATA);
            }
        }
        throw StatusException.of(
                StatusReason.NotAcceptable,
                "only the following media types are accepted: application/json, application/yaml, "
                        + "application/json;stream=watch");
    }

    private static Tables.IncludeObject include(Query query) {
        return switch (query.text("includeObject")) {
            case "", "Metadata" -> Tables.IncludeObject.METADATA;
            case "Object" -> Tables.IncludeObject.OBJECT;
            case "None" -> Tables.IncludeObject.NONE;
            default ->
                throw StatusException.badRequest(
                        "unrecognized includeObject value: '" + query.text("includeObject") + "'");
        };
    }

    /** Whether cached bytes can be passed on as they are. */
    boolean passesBytes(ServedResource resource) {
        return form == Form.OBJECT && !yaml && resource.converter().isIdentity();
    }

    /** A stored object in the version that the client asked for. */
    static ObjectNode tree(ServedResource resource, CachedObject object) {
        return resource.converter().fromStored(ObjectCodec.parse(object.json()));
    }

    /** The bytes of one object. */
    byte[] object(ServedResource resource, ObjectNode object, Instant now) {
        return bytes(
                switch (form) {
                    case OBJECT -> object;
                    case METADATA -> partial(object);
                    case TABLE ->
                        Tables.table(
                                resource.definition(),
                                List.of(object),
                                include,
                                now,
                                ObjectTree.resourceVersion(object),
                                "",
                                null);
                });
    }

    byte[] bytes(ObjectNode node) {
        return yaml ? YamlOutput.bytes(node) : ObjectCodec.toBytes(node);
    }

    /** The metadata of an object, as a kind of its own. */
    static ObjectNode partial(ObjectNode object) {
        ObjectNode partial = object.objectNode();
        partial.put("kind", "PartialObjectMetadata").put("apiVersion", META + "/v1");
        partial.set("metadata", ObjectTree.metadata(object));
        return partial;
    }

    /** A list of objects of the store. */
    List<byte[]> stored(
            ServedResource resource,
            List<CachedObject> items,
            String resourceVersion,
            String continueToken,
            @org.jspecify.annotations.Nullable Long remaining,
            Instant now) {
        if (passesBytes(resource)) {
            return joined(resource, items, resourceVersion, continueToken, remaining);
        }
        List<ObjectNode> trees = new ArrayList<>(items.size());
        items.forEach(item -> trees.add(tree(resource, item)));
        return List.of(list(resource, trees, resourceVersion, continueToken, remaining, now));
    }

    /** A list of objects that are stored nowhere. */
    byte[] list(ServedResource resource, List<ObjectNode> objects, Instant now) {
        return list(resource, objects, "", "", null, now);
    }

    private byte[] list(
            ServedResource resource,
            List<ObjectNode> trees,
            String resourceVersion,
            String continueToken,
            @org.jspecify.annotations.Nullable Long remaining,
            Instant now) {
        if (form == Form.TABLE) {
            return bytes(Tables.table(
                    resource.definition(), trees, include, now, resourceVersion, continueToken, remaining));
        }
        ObjectNode list = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.objectNode();
        ResourceDefinition definition = resource.definition();
        boolean metadataOnly = form == Form.METADATA;
        list.put("kind", metadataOnly ? "PartialObjectMetadataList" : definition.listKind());
        list.put("apiVersion", metadataOnly ? META + "/v1" : resource.apiVersion());
        listMetadata(list.putObject("metadata"), resourceVersion, continueToken, remaining);
        var array = list.putArray("items");
        trees.forEach(tree -> array.add(metadataOnly ? partial(tree) : tree));
        return bytes(list);
    }

    private static void listMetadata(
            ObjectNode metadata,
            String resourceVersion,
            String continueToken,
            @org.jspecify.annotations.Nullable Long remaining) {
        if (!resourceVersion.isEmpty()) {
            metadata.put("resourceVersion", resourceVersion);
        }
        if (!continueToken.isEmpty()) {
            metadata.put("continue", continueToken);
        }
        if (remaining != null && remaining > 0) {
            metadata.put("remainingItemCount", remaining);
        }
    }

    /** A list made of the slices that the cache holds; nothing is parsed or copied. */
    private static List<byte[]> joined(
            ServedResource resource,
            List<CachedObject> items,
            String resourceVersion,
            String continueToken,
            @org.jspecify.annotations.Nullable Long remaining) {
        ObjectNode head = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.objectNode();
        head.put("kind", resource.definition().listKind()).put("apiVersion", resource.apiVersion());
        listMetadata(head.putObject("metadata"), resourceVersion, continueToken, remaining);
        byte[] start = ObjectCodec.toBytes(head);
        List<byte[]> pieces = new ArrayList<>(items.size() * 2 + 2);
        byte[] opening = new byte[start.length - 1 + ITEMS.length];
        System.arraycopy(start, 0, opening, 0, start.length - 1);
        System.arraycopy(ITEMS, 0, opening, start.length - 1, ITEMS.length);
        pieces.add(opening);
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) {
                pieces.add(COMMA);
            }
            pieces.add(items.get(i).json());
        }
        pieces.add(END);
        return pieces;
    }

    private static final byte[] ITEMS = ",\"items\":[".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    private static final byte[] COMMA = {','};
    private static final byte[] END = {']', '}', '\n'};
}
