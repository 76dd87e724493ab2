// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.name.GroupVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Writes the operations at a path in the form of one version of OpenAPI. */
final class PathForm {
    /** Parameters that old clients look for in the operation itself, not behind a reference. */
    private static final Set<String> INLINE = Set.of("dryRun", "fieldValidation");

    private final boolean third;
    private final SchemaForm schemas;

    PathForm(boolean third, SchemaForm schemas) {
        this.third = third;
        this.schemas = schemas;
    }

    ObjectNode path(String path, GroupVersion version, List<Operation> operations) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        for (Operation operation : operations) {
            node.set(operation.method(), third ? third(operation, version) : second(operation, version));
        }
        List<String> names = new ArrayList<>();
        for (String name : List.of("name", "namespace", "path")) {
            if (path.contains("{" + name + "}")) {
                names.add(name);
            }
        }
        if (!names.isEmpty()) {
            ArrayNode parameters = node.putArray("parameters");
            Parameter.of(names.toArray(String[]::new)).forEach(parameter -> parameters.add(parameter(parameter)));
        }
        return node;
    }

    /** A parameter in full. */
    ObjectNode parameter(Parameter parameter) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("name", parameter.name()).put("in", parameter.in()).put("description", parameter.description());
        if (parameter.in().equals("path")) {
            node.put("required", true);
        }
        ObjectNode type = third ? node.putObject("schema") : node;
        type.put("type", parameter.type()).put("uniqueItems", true);
        return node;
    }

    private static void head(ObjectNode node, Operation operation, GroupVersion version) {
        node.putArray("tags").add(Operations.tag(version));
        node.put("operationId", operation.id());
        node.put("x-kubernetes-action", operation.action());
        node.putObject("x-kubernetes-group-version-kind")
                .put("group", operation.kind().group())
                .put("kind", operation.kind().kind())
                .put("version", operation.kind().version());
    }

    private ObjectNode third(Operation operation, GroupVersion version) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        head(node, operation, version);
        if (!operation.parameters().isEmpty()) {
            ArrayNode parameters = node.putArray("parameters");
            operation.parameters().forEach(parameter -> parameters.add(parameter(parameter)));
        }
        if (!operation.body().isEmpty()) {
            ObjectNode body = node.putObject("requestBody");
            if (!operation.method().equals("delete")) {
                body.put("required", true);
            }
            ObjectNode content = body.putObject("content");
            for (String type : operation.consumes()) {
                content.putObject(type).set("schema", schemas.refer(operation.body()));
            }
        }
        ObjectNode responses = node.putObject("responses");
        for (String code : operation.codes()) {
            ObjectNode content = response(responses, code).putObject("content");
            for (String type : operation.produces()) {
                content.putObject(type)
                        .set(
                                "schema",
                                operation.answer().isEmpty()
                                        ? JsonNodeFactory.instance.objectNode().put("type", "string")
                                        : schemas.refer(operation.answer()));
            }
        }
        response(responses, "401");
        return node;
    }

    private static ObjectNode response(ObjectNode responses, String code) {
        String text = switch (code) {
            case "200" -> "OK";
            case "201" -> "Created";
            case "202" -> "Accepted";
            default -> "Unauthorized";
        };
        return responses.putObject(code).put("description", text);
    }

    private ObjectNode second(Operation operation, GroupVersion version) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        head(node, operation, version);
        ArrayNode consumes = node.putArray("consumes");
        operation.consumes().forEach(consumes::add);
        ArrayNode produces = node.putArray("produces");
        operation.produces().forEach(produces::add);
        node.putArray("schemes").add("https");
        ArrayNode parameters = node.putArray("parameters");
        if (!operation.body().isEmpty()) {
            ObjectNode body = parameters.addObject().put("name", "body").put("in", "body");
            body.put("required", !operation.method().equals("delete"));
            body.set("schema", schemas.refer(operation.body()));
        }
        for (Parameter parameter : operation.parameters()) {
            if (INLINE.contains(parameter.name())) {
                parameters.add(parameter(parameter));
            } else {
                parameters.addObject().put("$ref", "#/parameters/" + parameter.name());
            }
        }
        ObjectNode responses = node.putObject("responses");
        for (String code : operation.codes()) {
            response(responses, code)
                    .set(
                            "schema",
                            operation.answer().isEmpty()
                                    ? JsonNodeFactory.instance.objectNode().put("type", "string")
                                    : schemas.refer(operation.answer()));
        }
        response(responses, "401");
        return node;
    }
}
