// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.schema.GoText;
import io.mizzen.apiserver.schema.Numbers;
import io.mizzen.apiserver.schema.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * JSON Patch, RFC 6902, with the habits and texts of the library that upstream uses (json-patch v4): {@code replace} of
 * an absent member adds it, a negative index counts from the end, {@code test} of an absent member succeeds against
 * null. Pure.
 */
public final class JsonPatch {
    /** Most operations in one patch. */
    public static final int MAX_OPERATIONS = 10_000;

    /** Most bytes that {@code copy} operations of one patch may add. */
    public static final int MAX_COPY_BYTES = 3 * 1024 * 1024;

    private static final String MISSING = ": missing value";
    private static final String BAD_INDEX = ": invalid index referenced";

    private JsonNode document;
    private long copiedBytes;

    private JsonPatch(JsonNode document) {
        this.document = document;
    }

    /** An operation that does not apply; the message is the library's. */
    private static final class Inapplicable extends Exception {
        private static final long serialVersionUID = 1L;

        Inapplicable(String message) {
            super(message, null, false, false);
        }

        String text() {
            return String.valueOf(getMessage());
        }
    }

    /**
     * A member of an object or an element of a list, present or not.
     *
     * @param depth how many containers it stands in
     */
    private record Place(JsonNode container, String key, int depth) {}

    /**
     * The target after all operations.
     *
     * @throws StatusException BadRequest when the patch is not a list of operations, RequestEntityTooLarge when it has
     *     too many, Invalid when an operation does not apply; its cause says why
     */
    public static JsonNode apply(JsonNode target, JsonNode patch) {
        if (!patch.isArray()) {
            throw StatusException.badRequest(
                    "json: cannot unmarshal " + kindOf(patch) + " into Go value of type jsonpatch.Patch");
        }
        for (JsonNode operation : patch) {
            if (!operation.isObject()) {
                throw StatusException.badRequest(
                        "json: cannot unmarshal " + kindOf(operation) + " into Go value of type jsonpatch.Operation");
            }
        }
        if (patch.size() > MAX_OPERATIONS) {
            throw StatusException.of(
                    StatusReason.RequestEntityTooLarge,
                    "Request entity too large: The allowed maximum operations in a JSON patch is " + MAX_OPERATIONS
                            + ", got " + patch.size());
        }
        JsonPatch work = new JsonPatch(Numbers.copy(target));
        try {
            for (JsonNode operation : patch) {
                work.perform(operation);
            }
        } catch (Inapplicable failure) {
            throw PatchFailure.unprocessable(failure.text());
        }
        return work.document;
    }

    private static String kindOf(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> "object";
            case ARRAY -> "array";
            case STRING -> "string";
            case BOOLEAN -> "bool";
            default -> "number";
        };
    }

    private void perform(JsonNode operation) throws Inapplicable {
        String kind = operation.path("op").isTextual() ? operation.get("op").textValue() : "unknown";
        switch (kind) {
            case "add" -> add(operation);
            case "remove" -> remove(operation);
            case "replace" -> replace(operation);
            case "move" -> move(operation);
            case "copy" -> copy(operation);
            case "test" -> test(operation);
            default -> throw new Inapplicable("Unexpected kind: " + kind);
        }
    }

    private static String pointer(JsonNode operation, String field, String failure) throws Inapplicable {
        JsonNode pointer = operation.path(field);
        if (!pointer.isTextual()) {
            throw new Inapplicable(failure + MISSING);
        }
        return pointer.textValue();
    }

    private static JsonNode value(JsonNode operation) {
        JsonNode value = operation.get("value");
        return value == null ? JsonNodeFactory.instance.nullNode() : Numbers.copy(value);
    }

    private void add(JsonNode operation) throws Inapplicable {
        String path = pointer(operation, "path", "add operation failed to decode path");
        Place place = find(path);
        if (place == null) {
            throw new Inapplicable("add operation does not apply: doc is missing path: \"" + path + "\"" + MISSING);
        }
        put(place, value(operation), "error in add for path: '" + path + "'");
    }

    private void remove(JsonNode operation) throws Inapplicable {
        String path = pointer(operation, "path", "remove operation failed to decode path");
        Place place = find(path);
        if (place == null) {
            throw new Inapplicable("remove operation does not apply: doc is missing path: \"" + path + "\"" + MISSING);
        }
        take(place, "error in remove for path: '" + path + "'");
    }

    private void replace(JsonNode operation) throws Inapplicable {
        String path =
                pointer(operation, "path", "replace operation failed to decode path: operation missing path field");
        JsonNode value = value(operation);
        if (path.isEmpty()) {
            if (!value.isContainerNode()) {
                throw new Inapplicable("replace operation value must be object or array");
            }
            document = value;
            return;
        }
        Place place = find(path);
        if (place == null) {
            throw new Inapplicable("replace operation does not apply: doc is missing path: " + path + MISSING);
        }
        checkDepth(place, value);
        if (place.container() instanceof ObjectNode object) {
            object.set(place.key(), value);
            return;
        }
        ArrayNode array = (ArrayNode) place.container();
        try {
            array.set(index(place.key(), array.size(), array.size()), value);
        } catch (Inapplicable outside) {
            throw new Inapplicable("replace operation does not apply: doc is missing key: " + path + MISSING);
        }
    }

    private void move(JsonNode operation) throws Inapplicable {
        String from = pointer(operation, "from", "move operation failed to decode from: operation, missing from field");
        Place source = find(from);
        if (source == null) {
            throw new Inapplicable("move operation does not apply: doc is missing from path: " + from + MISSING);
        }
        JsonNode moved = take(source, "error in move for path: '" + source.key() + "'");
        String path = pointer(operation, "path", "move operation failed to decode path: operation missing path field");
        Place target = find(path);
        if (target == null) {
            throw new Inapplicable("move operation does not apply: doc is missing destination path: " + path + MISSING);
        }
        put(target, moved, "error in move for path: '" + path + "'");
    }

    private void copy(JsonNode operation) throws Inapplicable {
        String from = pointer(operation, "from", "copy operation failed to decode from: operation, missing from field");
        Place source = find(from);
        if (source == null) {
            throw new Inapplicable("copy operation does not apply: doc is missing from path: " + from + MISSING);
        }
        JsonNode value = get(source, "error in copy for from: '" + from + "'");
        String path = pointer(operation, "path", "copy operation failed to decode path");
        Place target = find(path);
        if (target == null) {
            throw new Inapplicable("copy operation does not apply: doc is missing destination path: " + path + MISSING);
        }
        copiedBytes += value == null ? 0 : value.toString().length();
        if (copiedBytes > MAX_COPY_BYTES) {
            throw new Inapplicable("Unable to complete the copy, the accumulated size increase of copy is "
                    + copiedBytes + ", exceeding the limit " + MAX_COPY_BYTES);
        }
        JsonNode copied = value == null ? JsonNodeFactory.instance.nullNode() : value.deepCopy();
        put(target, copied, "error while adding value during copy");
    }

    private void test(JsonNode operation) throws Inapplicable {
        String path = pointer(operation, "path", "test operation failed to decode path: operation missing path field");
        JsonNode expected = value(operation);
        JsonNode actual;
        if (path.isEmpty()) {
            actual = document;
        } else {
            Place place = find(path);
            if (place == null) {
                throw new Inapplicable("test operation does not apply: is missing path: " + path + MISSING);
            }
            actual = get(place, "error in test for path: '" + path + "'");
        }
        boolean passed = actual == null ? expected.isNull() : actual.equals(expected);
        if (!passed) {
            throw new Inapplicable("testing value " + path + " failed: test failed");
        }
    }

    /** The place that a pointer names; null when its container does not exist. */
    private @Nullable Place find(String pointer) {
        String[] parts = pointer.split("/", -1);
        if (parts.length < 2) {
            return null;
        }
        JsonNode container = document;
        for (int i = 1; i < parts.length - 1; i++) {
            JsonNode next;
            try {
                next = get(new Place(container, unescape(parts[i]), i), "");
            } catch (Inapplicable missing) {
                return null;
            }
            if (next == null || !next.isContainerNode()) {
                return null;
            }
            container = next;
        }
        return new Place(container, unescape(parts[parts.length - 1]), parts.length - 1);
    }

    private static String unescape(String part) {
        return part.indexOf('~') < 0 ? part : part.replace("~1", "/").replace("~0", "~");
    }

    private static @Nullable JsonNode get(Place place, String failure) throws Inapplicable {
        if (place.container() instanceof ArrayNode array) {
            try {
                return array.get(index(place.key(), array.size(), array.size()));
            } catch (Inapplicable outside) {
                throw new Inapplicable(failure + ": " + outside.text());
            }
        }
        return place.container().get(place.key());
    }

    /** Operations that nest what others put must not outgrow what a parser would take. */
    private static void checkDepth(Place place, JsonNode value) throws Inapplicable {
        if (place.depth() + depth(value) > StrictJson.MAX_DEPTH) {
            throw new Inapplicable("exceeded max depth");
        }
    }

    private static int depth(JsonNode value) {
        int deepest = 0;
        if (value.isContainerNode()) {
            for (JsonNode child : value) {
                deepest = Math.max(deepest, depth(child));
            }
            deepest++;
        }
        return deepest;
    }

    private static void put(Place place, JsonNode value, String failure) throws Inapplicable {
        checkDepth(place, value);
        if (!(place.container() instanceof ArrayNode array)) {
            ((ObjectNode) place.container()).set(place.key(), value);
        } else if (place.key().equals("-")) {
            array.add(value);
        } else {
            try {
                array.insert(index(place.key(), array.size() + 1, array.size() + 1), value);
            } catch (Inapplicable outside) {
                String detail = outside.text().startsWith("strconv")
                        ? "value was not a proper array index: '" + place.key() + "': " + outside.text()
                        : outside.text();
                throw new Inapplicable(failure + ": " + detail);
            }
        }
    }

    private static JsonNode take(Place place, String failure) throws Inapplicable {
        JsonNode taken;
        if (place.container() instanceof ArrayNode array) {
            try {
                taken = array.remove(index(place.key(), array.size(), array.size()));
            } catch (Inapplicable outside) {
                throw new Inapplicable(failure + ": " + outside.text());
            }
        } else {
            taken = ((ObjectNode) place.container()).remove(place.key());
        }
        if (taken == null) {
            throw new Inapplicable(failure + ": Unable to remove nonexistent key: " + place.key() + MISSING);
        }
        return taken;
    }

    /** Reads an index below {@code limit}; a negative one is counted from {@code size}. */
    private static int index(String text, int limit, int size) throws Inapplicable {
        int index;
        try {
            index = Integer.parseInt(text);
        } catch (NumberFormatException notANumber) {
            throw new Inapplicable("strconv.Atoi: parsing " + GoText.quote(text) + ": invalid syntax");
        }
        if (index >= limit || index < -size) {
            throw new Inapplicable("Unable to access invalid index: " + index + BAD_INDEX);
        }
        return index < 0 ? index + size : index;
    }
}
