// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.YamlWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * The output forms that show objects: {@code json}, {@code yaml}, {@code kyaml}, {@code name}, templates, JSONPath, columns. One
 * instance prints the objects of one call in their order. One thread.
 */
public final class Output {
    /** Forms that every printing command takes, as its complaint lists them. */
    private static final String ALLOWED =
            "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";

    private final Flags flags;
    private final PrintStream out;
    private final boolean sorted;
    private final String form;
    private final String argument;
    private int printed;

    /**
     * @param sorted whether JSON's keys are sorted (objects as the server sent them) or keep their order (objects made here)
     */
    public Output(Flags flags, PrintStream out, boolean sorted) {
        this.flags = flags;
        this.out = out;
        this.sorted = sorted;
        String text = flags.text("output");
        if (text.isEmpty() && !flags.text("template").isEmpty()) {
            text = "go-template";
        }
        int equals = text.indexOf('=');
        form = (equals < 0 ? text : text.substring(0, equals)).toLowerCase(Locale.ROOT);
        String given = equals < 0 ? "" : text.substring(equals + 1);
        argument = given.isEmpty() ? flags.text("template") : given;
    }

    /** The form's name; empty for the human one. */
    public String form() {
        return form;
    }

    /** What follows the form's {@code =}. */
    public String argument() {
        return argument;
    }

    /** Whether the form is one of those that print an object. */
    public boolean isObjectForm() {
        return switch (form) {
            case "json",
                    "yaml",
                    "kyaml",
                    "name",
                    "jsonpath",
                    "jsonpath-file",
                    "jsonpath-as-json",
                    "go-template",
                    "go-template-file",
                    "template",
                    "templatefile" -> true;
            default -> false;
        };
    }

    /** The complaint about a form that is none. */
    public CommandFailure unknownForm(String more) {
        return CommandFailure.error("unable to match a printer suitable for the output format \"" + flags.text("output")
                + "\", allowed formats are: " + (more.isEmpty() ? ALLOWED : more));
    }

    /** A printer for the form. @throws CommandFailure when the form is none or its template malformed */
    public Consumer<JsonNode> printer() {
        return switch (form) {
            case "json" -> object -> out.print(Json.pretty(shown(object), sorted) + "\n");
            case "yaml" -> this::yaml;
            case "kyaml" -> object -> out.print("---\n" + KyamlWriter.write(shown(object), sorted));
            case "jsonpath" -> jsonPath(required("template format specified but no template given"));
            case "jsonpath-file" -> jsonPath(file("template format specified but no template file given"));
            case "jsonpath-as-json" -> {
                JsonPath path = JsonPath.parse(required("template format specified but no template given"));
                yield object -> out.print(path.fillAsJson(object));
            }
            case "go-template", "template" -> goTemplate(required("template format specified but no template given"));
            case "go-template-file", "templatefile" ->
                goTemplate(file("template format specified but no template file given"));
            default -> throw unknownForm("");
        };
    }

    private String required(String complaint) {
        if (argument.isEmpty()) {
            throw CommandFailure.error(complaint);
        }
        return argument;
    }

    private String file(String complaint) {
        String name = required(complaint);
        try {
            return Files.readString(Path.of(name));
        } catch (IOException e) {
            throw CommandFailure.error(
                    "error reading --template " + name + ", open " + name + ": no such file or directory");
        }
    }

    private void yaml(JsonNode object) {
        String text = YamlWriter.write(shown(object));
        out.print(printed++ > 0 ? "---\n" + text : text);
    }

    private Consumer<JsonNode> jsonPath(String template) {
        JsonPath path = JsonPath.parse(template);
        boolean allowMissing = flags.is("allow-missing-template-keys");
        return object -> out.print(path.fill(object, allowMissing));
    }

    private Consumer<JsonNode> goTemplate(String template) {
        GoTemplate parsed = GoTemplate.parse(template);
        return object -> out.print(parsed.fill(object));
    }

    /** The object without what only machines read, unless {@code --show-managed-fields}. */
    private JsonNode shown(JsonNode object) {
        if (flags.is("show-managed-fields") || !hasManagedFields(object)) {
            return object;
        }
        ObjectNode copy = object.deepCopy();
        strip(copy);
        copy.path("items").forEach(Output::strip);
        return copy;
    }

    private static boolean hasManagedFields(JsonNode object) {
        if (object.path("metadata").has("managedFields")) {
            return true;
        }
        for (JsonNode item : object.path("items")) {
            if (item.path("metadata").has("managedFields")) {
                return true;
            }
        }
        return false;
    }

    private static void strip(JsonNode object) {
        if (object.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove("managedFields");
        }
    }
}
