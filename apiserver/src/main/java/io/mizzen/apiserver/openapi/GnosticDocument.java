// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * The message {@code openapi.v2.Document} of the gnostic project, written field by field: kubectl reads {@code /openapi/v2}
 * only in this form. Field numbers are the interface. Belongs to one thread.
 */
final class GnosticDocument {
    private static final List<String> METHODS = List.of("get", "put", "post", "delete", "options", "head", "patch");

    private final Message paths = new Message();
    private final Message definitions = new Message();
    private final Message parameters = new Message();
    private final String title;
    private final String version;

    GnosticDocument(String title, String version) {
        this.title = title;
        this.version = version;
    }

    void addPath(String path, JsonNode item) {
        paths.message(2, named(path, pathItem(item)));
    }

    void addDefinition(String name, JsonNode schema) {
        definitions.message(1, named(name, schema(schema)));
    }

    void addParameter(String name, JsonNode node) {
        parameters.message(1, named(name, parameter(node)));
    }

    /** The whole message. */
    byte[] bytes() {
        Message document = new Message().text(1, "2.0");
        document.message(2, new Message().text(1, title).text(2, version));
        document.message(8, paths).message(9, definitions).message(10, parameters);
        return document.bytes();
    }

    private static Message named(String name, Message value) {
        return new Message().text(1, name).message(2, value);
    }

    private static Message pathItem(JsonNode item) {
        Message message = new Message();
        for (int i = 0; i < METHODS.size(); i++) {
            JsonNode operation = item.get(METHODS.get(i));
            if (operation != null) {
                message.message(i + 2, operation(operation));
            }
        }
        for (JsonNode parameter : item.path("parameters")) {
            message.message(9, parametersItem(parameter));
        }
        return message;
    }

    private static Message operation(JsonNode operation) {
        Message message = new Message().texts(1, operation.path("tags"));
        message.text(3, operation.path("description").asText(""));
        message.text(5, operation.path("operationId").asText(""));
        message.texts(6, operation.path("produces")).texts(7, operation.path("consumes"));
        for (JsonNode parameter : operation.path("parameters")) {
            message.message(8, parametersItem(parameter));
        }
        Message responses = new Message();
        operation.path("responses").properties().forEach(response -> {
            Message body = new Message()
                    .text(1, response.getValue().path("description").asText(""));
            if (response.getValue().has("schema")) {
                body.message(
                        2, new Message().message(1, schema(response.getValue().get("schema"))));
            }
            responses.message(1, named(response.getKey(), new Message().message(1, body)));
        });
        message.message(9, responses).texts(10, operation.path("schemes"));
        extensions(message, 13, operation);
        return message;
    }

    private static Message parametersItem(JsonNode parameter) {
        if (parameter.has("$ref")) {
            return new Message()
                    .message(2, new Message().text(1, parameter.get("$ref").asText()));
        }
        return new Message().message(1, parameter(parameter));
    }

    private static Message parameter(JsonNode parameter) {
        String in = parameter.path("in").asText("");
        String name = parameter.path("name").asText("");
        String description = parameter.path("description").asText("");
        boolean required = parameter.path("required").asBoolean(false);
        if (in.equals("body")) {
            Message body =
                    new Message().text(1, description).text(2, name).text(3, in).flag(4, required);
            return new Message().message(1, body.message(5, schema(parameter.path("schema"))));
        }
        String type = parameter.path("type").asText("");
        boolean unique = parameter.path("uniqueItems").asBoolean(false);
        Message other =
                new Message().flag(1, required).text(2, in).text(3, description).text(4, name);
        Message choice = in.equals("path")
                ? new Message().message(4, other.text(5, type).flag(19, unique))
                : new Message().message(3, other.text(6, type).flag(20, unique));
        return new Message().message(2, choice);
    }

    private static Message schema(JsonNode schema) {
        Message message = new Message();
        message.text(1, schema.path("$ref").asText(""))
                .text(2, schema.path("format").asText(""));
        message.text(3, schema.path("title").asText(""))
                .text(4, schema.path("description").asText(""));
        if (schema.has("default")) {
            message.message(5, any(schema.get("default")));
        }
        limits(message, schema);
        message.texts(19, schema.path("required"));
        for (JsonNode value : schema.path("enum")) {
            message.message(20, any(value));
        }
        JsonNode additional = schema.path("additionalProperties");
        if (additional.isObject()) {
            message.message(21, new Message().message(1, schema(additional)));
        } else if (additional.isBoolean()) {
            message.message(21, new Message().presentFlag(2, additional.booleanValue()));
        }
        if (schema.has("type")) {
            message.message(22, new Message().text(1, schema.get("type").asText()));
        }
        if (schema.path("items").isObject()) {
            message.message(23, new Message().message(1, schema(schema.get("items"))));
        }
        if (schema.path("properties").isObject()) {
            Message properties = new Message();
            schema.get("properties")
                    .properties()
                    .forEach(field -> properties.message(1, named(field.getKey(), schema(field.getValue()))));
            message.message(25, properties);
        }
        if (schema.has("example")) {
            message.message(30, any(schema.get("example")));
        }
        extensions(message, 31, schema);
        return message;
    }

    private static void limits(Message message, JsonNode schema) {
        message.number(6, schema.path("multipleOf")).number(7, schema.path("maximum"));
        message.flag(8, schema.path("exclusiveMaximum").asBoolean(false));
        message.number(9, schema.path("minimum"));
        message.flag(10, schema.path("exclusiveMinimum").asBoolean(false));
        message.integer(11, schema.path("maxLength")).integer(12, schema.path("minLength"));
        message.text(13, schema.path("pattern").asText(""));
        message.integer(14, schema.path("maxItems")).integer(15, schema.path("minItems"));
        message.flag(16, schema.path("uniqueItems").asBoolean(false));
        message.integer(17, schema.path("maxProperties")).integer(18, schema.path("minProperties"));
    }

    private static void extensions(Message message, int field, JsonNode node) {
        node.properties().forEach(entry -> {
            if (entry.getKey().startsWith("x-")) {
                message.message(field, named(entry.getKey(), any(entry.getValue())));
            }
        });
    }

    /** A value as YAML, of which JSON is a part. */
    private static Message any(JsonNode value) {
        return new Message().text(2, value + "\n");
    }
}
