// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.protobuf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.name.GroupVersion;
import io.mizzen.api.schema.Schema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;

/**
 * Decodes one object. The field numbers are data of the catalogue; a few types have an encoding of their own. Go writes
 * the zero value of every plain field; such zeros are left out, as they are in JSON, but for fields that are pointers in
 * Go, where a zero says something.
 */
public final class ProtobufDecoder {
    /** The Content-Type of such bodies. */
    public static final String MEDIA_TYPE = "application/vnd.kubernetes.protobuf";

    private static final byte[] MAGIC = {'k', '8', 's', 0};
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final FieldNumbers numbers = FieldNumbers.builtIn();

    private ProtobufDecoder() {}

    /**
     * The object in a body.
     *
     * @throws IllegalArgumentException when it is malformed or of a kind without known encoding
     */
    public static ObjectNode decode(byte[] body) {
        if (body.length < MAGIC.length || !startsWithMagic(body)) {
            throw new IllegalArgumentException(
                    "provided data does not appear to be a protobuf message, " + "expected prefix [107 56 115 0]");
        }
        try {
            return new ProtobufDecoder().envelope(CodedInputStream.newInstance(body, 4, body.length - 4));
        } catch (IOException malformed) {
            throw new IllegalArgumentException("proto: " + malformed.getMessage());
        }
    }

    private static boolean startsWithMagic(byte[] body) {
        for (int i = 0; i < MAGIC.length; i++) {
            if (body[i] != MAGIC[i]) {
                return false;
            }
        }
        return true;
    }

    /** {@code runtime.Unknown}: the kind, then the object's own bytes. */
    private ObjectNode envelope(CodedInputStream in) throws IOException {
        String apiVersion = "";
        String kind = "";
        byte[] raw = new byte[0];
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> {
                    CodedInputStream type = CodedInputStream.newInstance(in.readByteArray());
                    for (int field = type.readTag(); field != 0; field = type.readTag()) {
                        if (WireFormat.getTagFieldNumber(field) == 1) {
                            apiVersion = type.readString();
                        } else {
                            kind = type.readString();
                        }
                    }
                }
                case 2 -> raw = in.readByteArray();
                default -> in.skipField(tag);
            }
        }
        Schema schema =
                Catalog.builtIn().schemaOf(GroupVersion.parse(apiVersion).withKind(kind));
        if (schema == null || !numbers.knows(schema.name())) {
            throw new IllegalArgumentException("no kind \"" + kind + "\" is registered for version \"" + apiVersion
                    + "\" in the protobuf encoding");
        }
        ObjectNode object = NODES.objectNode();
        object.put("kind", kind).put("apiVersion", apiVersion);
        message(CodedInputStream.newInstance(raw), schema, numbers.of(schema.name()), object);
        return object;
    }

    private void message(CodedInputStream in, Schema schema, FieldNumbers.Message known, ObjectNode object)
            throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            int number = WireFormat.getTagFieldNumber(tag);
            FieldNumbers.Message inlined = known.inlined(number);
            String name = known.field(number);
            if (name != null) {
                field(in, tag, schema, name, object);
            } else if (inlined != null) {
                // A struct that Go embeds: its fields stand on this level in JSON.
                message(CodedInputStream.newInstance(in.readByteArray()), schema, inlined, object);
            } else {
                in.skipField(tag);
            }
        }
    }

    private void field(CodedInputStream in, int tag, Schema owner, String name, ObjectNode object) throws IOException {
        Schema schema = owner.property(name);
        if (schema == null) {
            in.skipField(tag);
            return;
        }
        if (schema.type() == Schema.Type.ARRAY) {
            Schema items = schema.items();
            JsonNode value = value(in, tag, items == null ? schema : items, true);
            object.withArray("/" + escape(name)).add(value == null ? NODES.nullNode() : value);
        } else if (schema.isMap()) {
            entry(in, schema, object.get(name) instanceof ObjectNode map ? map : object.putObject(name));
        } else {
            JsonNode value = value(in, tag, schema, numbers.keepsZero(owner.name(), name));
            if (value != null) {
                object.set(name, value);
            }
        }
    }

    private static String escape(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }

    private void entry(CodedInputStream in, Schema schema, ObjectNode map) throws IOException {
        CodedInputStream entry = CodedInputStream.newInstance(in.readByteArray());
        Schema values = schema.additionalProperties();
        String key = "";
        JsonNode value = null;
        for (int tag = entry.readTag(); tag != 0; tag = entry.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> key = entry.readString();
                case 2 -> value = values == null ? null : value(entry, tag, values, true);
                default -> entry.skipField(tag);
            }
        }
        map.set(key, value == null ? NODES.textNode("") : value);
    }

    /** A value; null when it is a zero that JSON leaves out. */
    private @org.jspecify.annotations.Nullable JsonNode value(
            CodedInputStream in, int tag, Schema schema, boolean keepZero) throws IOException {
        JsonNode special = special(in, tag, schema);
        if (special != null) {
            return special.isMissingNode() ? null : special;
        }
        return switch (schema.type()) {
            case BOOLEAN -> {
                boolean flag = in.readBool();
                yield flag || keepZero ? NODES.booleanNode(flag) : null;
            }
            case INTEGER -> {
                long number = in.readInt64();
                yield number != 0 || keepZero ? NODES.numberNode(number) : null;
            }
            case NUMBER -> NODES.numberNode(in.readDouble());
            case STRING -> {
                byte[] bytes = in.readByteArray();
                if (bytes.length == 0 && !keepZero) {
                    yield null;
                }
                yield schema.format().equals("byte")
                        ? NODES.textNode(Base64.getEncoder().encodeToString(bytes))
                        : NODES.textNode(new String(bytes, StandardCharsets.UTF_8));
            }
            case ARRAY -> wrappedList(in, schema);
            default -> {
                ObjectNode object = NODES.objectNode();
                message(CodedInputStream.newInstance(in.readByteArray()), schema, numbers.of(schema.name()), object);
                yield object;
            }
        };
    }

    /** A list that Go gives a name ({@code ExtraValue}): a message with the list as its first field. */
    private JsonNode wrappedList(CodedInputStream in, Schema schema) throws IOException {
        CodedInputStream list = CodedInputStream.newInstance(in.readByteArray());
        Schema items = schema.items();
        var array = NODES.arrayNode();
        for (int tag = list.readTag(); tag != 0; tag = list.readTag()) {
            JsonNode value = items == null ? null : value(list, tag, items, true);
            if (value != null) {
                array.add(value);
            }
        }
        return array;
    }

    /** Types with an encoding of their own; null for all others, a missing node for an empty value. */
    private static @org.jspecify.annotations.Nullable JsonNode special(CodedInputStream in, int tag, Schema schema)
            throws IOException {
        String type = schema.simpleName();
        boolean embedded = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
        if (!embedded || !SPECIAL.contains(type)) {
            return null;
        }
        CodedInputStream message = CodedInputStream.newInstance(in.readByteArray());
        long number = 0;
        int nanos = 0;
        int kind = 0;
        boolean empty = true;
        byte[] bytes = new byte[0];
        for (int field = message.readTag(); field != 0; field = message.readTag()) {
            empty = false;
            boolean varint = WireFormat.getTagWireType(field) == WireFormat.WIRETYPE_VARINT;
            int at = WireFormat.getTagFieldNumber(field);
            if (!varint) {
                bytes = message.readByteArray();
            } else if (type.equals("IntOrString") && at == 1) {
                kind = message.readInt32();
            } else if (type.endsWith("Time") && at == 2) {
                nanos = message.readInt32();
            } else {
                number = message.readInt64();
            }
        }
        return switch (type) {
            case "Quantity" -> NODES.textNode(new String(bytes, StandardCharsets.UTF_8));
            case "Time", "MicroTime" ->
                empty ? NODES.missingNode() : NODES.textNode(time(type, Instant.ofEpochSecond(number, nanos)));
            case "IntOrString" ->
                kind == 0 ? NODES.numberNode(number) : NODES.textNode(new String(bytes, StandardCharsets.UTF_8));
            default -> bytes.length == 0 ? NODES.missingNode() : MAPPER.readTree(bytes);
        };
    }

    private static final java.util.Set<String> SPECIAL =
            java.util.Set.of("Quantity", "Time", "MicroTime", "IntOrString", "RawExtension", "FieldsV1", "JSON");

    private static String time(String type, Instant instant) {
        if (type.equals("Time")) {
            return instant.truncatedTo(java.time.temporal.ChronoUnit.SECONDS).toString();
        }
        return java.time.format.DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
                .withZone(java.time.ZoneOffset.UTC)
                .format(instant);
    }
}
