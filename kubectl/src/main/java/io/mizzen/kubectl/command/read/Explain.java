// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** {@code kubectl explain}: the fields of a kind, from the server's OpenAPI v3 documents. */
public final class Explain extends Command {
    private static final int WIDTH = 76;

    @Override
    public String flags() {
        return "api-version:s= output,o:s=plaintext recursive,R:b=false";
    }

    @Override
    public String synopsis() {
        return "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext]";
    }

    private JsonNode schemas = MissingNode.getInstance();

    @Override
    public int run(Invocation call) {
        List<String> words = call.arguments();
        if (words.isEmpty()) {
            throw CommandFailure.error(
                    "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a"
                            + " complete list of supported resources.");
        }
        if (words.size() > 1) {
            throw CommandFailure.error("We accept only this format: explain RESOURCE");
        }
        if (!call.flags().text("output").equals("plaintext")) {
            throw CommandFailure.error("unrecognized format: " + call.flags().text("output"));
        }
        String[] parts = words.getFirst().split("\\.", -1);
        ResourceType type = type(call, words.getFirst(), parts);
        List<String> path = fieldPath(call, words.getFirst(), type);
        load(call, type);
        JsonNode schema = find(type);
        StringBuilder out = new StringBuilder();
        if (!type.group().isEmpty()) {
            out.append("GROUP:      ").append(type.group()).append('\n');
        }
        out.append("KIND:       ").append(type.kind()).append('\n');
        out.append("VERSION:    ").append(type.version()).append("\n\n");
        explain(call, schema, path, out);
        call.io().out().print(out);
        return 0;
    }

    private static ResourceType type(Invocation call, String word, String[] parts) {
        String version = call.flags().text("api-version");
        // The longest leading part that is a resource: deployments.apps.spec names a group before a field.
        for (int length = parts.length; length > 0; length--) {
            String candidate = String.join(".", List.of(parts).subList(0, length));
            if (length > 1 && !isGrouped(call, candidate)) {
                continue;
            }
            ResourceType type = call.mapper().resource(candidate);
            if (version.isEmpty()) {
                return type;
            }
            return call.mapper()
                    .kind(version, type.kind())
                    .orElseThrow(() -> CommandFailure.error(
                            "couldn't find resource for \"" + version + ", Kind=" + type.kind() + "\""));
        }
        return call.mapper().resource(word);
    }

    private static boolean isGrouped(Invocation call, String candidate) {
        int dot = candidate.indexOf('.');
        String rest = candidate.substring(dot + 1);
        for (ResourceType type : call.mapper().all()) {
            boolean named = type.plural().equals(candidate.substring(0, dot))
                    || type.singular().equals(candidate.substring(0, dot))
                    || type.shortNames().contains(candidate.substring(0, dot));
            if (named && (rest.equals(type.group()) || rest.equals(type.version() + "." + type.group()))) {
                return true;
            }
        }
        return false;
    }

    private static List<String> fieldPath(Invocation call, String word, ResourceType type) {
        List<String> parts = new ArrayList<>(List.of(word.split("\\.")));
        int length = 1;
        for (int i = parts.size(); i > 1; i--) {
            if (isGrouped(call, String.join(".", parts.subList(0, i)))) {
                length = i;
                break;
            }
        }
        return type.plural().isEmpty() ? List.of() : parts.subList(length, parts.size());
    }

    private void load(Invocation call, ResourceType type) {
        String key = (type.group().isEmpty() ? "api/" : "apis/") + type.apiVersion();
        JsonNode root = call.connection().get("/openapi/v3");
        String url = Json.text(root, "paths", key, "serverRelativeURL");
        if (url.isEmpty()) {
            throw CommandFailure.error(
                    "couldn't find resource for \"" + type.apiVersion() + ", Resource=" + type.plural() + "\"");
        }
        schemas = call.connection().get(url).path("components").path("schemas");
    }

    private JsonNode find(ResourceType type) {
        for (String name : Json.keys(schemas)) {
            for (JsonNode kind : schemas.path(name).path("x-kubernetes-group-version-kind")) {
                if (Json.text(kind, "group").equals(type.group())
                        && Json.text(kind, "version").equals(type.version())
                        && Json.text(kind, "kind").equals(type.kind())) {
                    return schemas.path(name);
                }
            }
        }
        throw CommandFailure.error(
                "GVR (" + type.apiVersion() + ", Resource=" + type.plural() + ") not found in OpenAPI schema");
    }

    /** Follows references and single-element compositions to the schema that has the fields. */
    private JsonNode resolve(JsonNode schema) {
        JsonNode here = schema;
        for (int i = 0; i < 20; i++) {
            if (here.has("$ref")) {
                String reference = Json.text(here, "$ref");
                here = schemas.path(reference.substring(reference.lastIndexOf('/') + 1));
            } else if (here.has("allOf") && here.path("allOf").size() == 1 && !here.has("properties")) {
                here = here.path("allOf").path(0);
            } else {
                return here;
            }
        }
        return here;
    }

    /** The schema whose fields a value of this schema has: that of the elements for lists and maps. */
    private JsonNode fieldsOf(JsonNode schema) {
        JsonNode here = resolve(schema);
        for (int i = 0; i < 20; i++) {
            if (here.has("items")) {
                here = resolve(here.path("items"));
            } else if (here.path("additionalProperties").isObject()) {
                here = resolve(here.path("additionalProperties"));
            } else {
                return here;
            }
        }
        return here;
    }

    private String typeName(JsonNode schema) {
        if (schema.has("items")) {
            return "[]" + typeName(schema.path("items"));
        }
        if (schema.path("additionalProperties").isObject()) {
            return "map[string]" + typeName(schema.path("additionalProperties"));
        }
        JsonNode reference = schema.has("allOf") && schema.path("allOf").size() == 1
                ? schema.path("allOf").path(0)
                : schema;
        if (reference.has("$ref")) {
            String name = Json.text(reference, "$ref");
            JsonNode target = resolve(reference);
            String type = Json.text(target, "type");
            if (!target.has("properties") && !type.isEmpty() && !type.equals("object")) {
                return type;
            }
            return name.substring(name.lastIndexOf('.') + 1);
        }
        String type = Json.text(schema, "type");
        return type.isEmpty()
                ? schema.has("x-kubernetes-int-or-string") ? "IntOrString" : "Object"
                : type.equals("object") ? "Object" : type;
    }

    private void explain(Invocation call, JsonNode root, List<String> path, StringBuilder out) {
        JsonNode schema = root;
        JsonNode field = root;
        for (String name : path) {
            JsonNode next = fieldsOf(schema).path("properties").path(name);
            if (next.isMissingNode()) {
                throw CommandFailure.error("field \"" + name + "\" does not exist");
            }
            field = next;
            schema = next;
        }
        if (!path.isEmpty()) {
            out.append("FIELD: ")
                    .append(path.getLast())
                    .append(" <")
                    .append(typeName(field))
                    .append(">\n");
            enumeration(out, field, "ENUM:", "    ");
            out.append('\n');
        }
        out.append("\nDESCRIPTION:\n");
        String own = Json.text(field, "description");
        JsonNode resolved = fieldsOf(field);
        String below = resolved == field ? "" : Json.text(resolved, "description");
        String text = own.isEmpty() ? below : below.isEmpty() ? own : own + "\n" + below;
        wrap(out, text.isEmpty() ? "<empty>" : text, WIDTH, "    ");
        out.append("    \n");
        if (resolved.has("properties")) {
            out.append("FIELDS:\n");
            fields(call.flags().is("recursive"), resolved, 1, out, new HashSet<>());
        }
        out.append('\n');
    }

    private static void enumeration(StringBuilder out, JsonNode field, String title, String indent) {
        if (field.path("enum").isEmpty()) {
            return;
        }
        out.append(title).append('\n');
        field.path("enum").forEach(one -> {
            String shown = one.asText().isEmpty() ? "\"\"" : one.asText();
            out.append(indent).append(shown).append('\n');
        });
    }

    private void fields(boolean recursive, JsonNode schema, int depth, StringBuilder out, Set<String> above) {
        Set<String> required = new HashSet<>();
        schema.path("required").forEach(one -> required.add(one.asText()));
        for (String name : Json.sortedKeys(schema.path("properties"))) {
            JsonNode field = schema.path("properties").path(name);
            out.append("  ".repeat(depth))
                    .append(name)
                    .append("\t<")
                    .append(typeName(field))
                    .append('>');
            out.append(required.contains(name) ? " -required-" : "").append('\n');
            if (recursive) {
                enumLine(out, field, depth);
                descend(field, depth, out, above);
                continue;
            }
            enumLine(out, field, depth);
            String text = Json.text(field, "description");
            JsonNode target = resolve(field);
            if (text.isEmpty()) {
                text = Json.text(target, "description");
            }
            wrap(out, text.isEmpty() ? "<no description>" : text, WIDTH - 2 * depth + 2, "  ".repeat(depth) + "  ");
            out.append('\n');
        }
    }

    private static void enumLine(StringBuilder out, JsonNode field, int depth) {
        if (!field.path("enum").isEmpty()) {
            List<String> values = new ArrayList<>();
            field.path("enum").forEach(one -> values.add(one.asText().isEmpty() ? "\"\"" : one.asText()));
            out.append("  ".repeat(depth))
                    .append("enum: ")
                    .append(String.join(", ", values))
                    .append('\n');
        }
    }

    private void descend(JsonNode field, int depth, StringBuilder out, Set<String> above) {
        JsonNode target = fieldsOf(field);
        if (!target.has("properties")) {
            return;
        }
        String key = Integer.toString(System.identityHashCode(target));
        if (above.add(key)) {
            fields(true, target, depth + 1, out, above);
            above.remove(key);
        }
    }

    private static void wrap(StringBuilder out, String text, int width, String indent) {
        for (String paragraph : text.split("\n", -1)) {
            StringBuilder line = new StringBuilder();
            for (String word : paragraph.strip().split("\\s+")) {
                if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
                    out.append(indent).append(line).append('\n');
                    line.setLength(0);
                }
                line.append(line.isEmpty() ? "" : " ").append(word);
            }
            out.append(indent).append(line).append('\n');
        }
    }
}
