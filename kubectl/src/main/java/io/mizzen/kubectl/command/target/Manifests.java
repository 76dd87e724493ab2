// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.target;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Io;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.Yaml;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Reads manifests: files, folders, standard input; YAML of several documents or JSON; lists are taken apart. A document that can't be
 * read is reported and the others are still returned. Used by one thread.
 */
public final class Manifests {
    /**
     * One object and where it stood.
     *
     * @param object the object
     * @param source a file's name or {@code STDIN}
     */
    public record Document(ObjectNode object, String source) {}

    private final Io io;
    private final Consumer<CommandFailure> failures;
    private final List<Document> documents = new ArrayList<>();

    private Manifests(Io io, Consumer<CommandFailure> failures) {
        this.io = io;
        this.failures = failures;
    }

    /** Reads all of {@code names}, where {@code -} is standard input. */
    public static List<Document> read(List<String> names, boolean recursive, Io io, Consumer<CommandFailure> failures) {
        Manifests manifests = new Manifests(io, failures);
        for (String name : names) {
            manifests.readOne(name, recursive);
        }
        return manifests.documents;
    }

    private void readOne(String name, boolean recursive) {
        if (name.equals("-")) {
            try {
                parse(new String(io.in().readAllBytes(), StandardCharsets.UTF_8), "STDIN");
            } catch (IOException e) {
                throw CommandFailure.error("error reading standard input: " + e.getMessage());
            }
            return;
        }
        if (name.startsWith("http://") || name.startsWith("https://")) {
            throw CommandFailure.error("reading manifests from a URL is not supported: " + name);
        }
        Path path = Path.of(name);
        if (!Files.exists(path)) {
            throw CommandFailure.error("the path \"" + name + "\" does not exist");
        }
        if (!Files.isDirectory(path)) {
            file(path, name);
            return;
        }
        List<Path> files = filesOf(path, recursive);
        if (files.isEmpty()) {
            throw CommandFailure.error(
                    "error reading [" + name + "]: recognized file extensions are [.json .yaml .yml]");
        }
        files.forEach(file -> file(file, file.toString()));
    }

    private static List<Path> filesOf(Path folder, boolean recursive) {
        try (Stream<Path> walk = Files.walk(folder, recursive ? Integer.MAX_VALUE : 1)) {
            return walk.filter(Files::isRegularFile)
                    .filter(file -> {
                        String text = file.toString();
                        return text.endsWith(".json") || text.endsWith(".yaml") || text.endsWith(".yml");
                    })
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw CommandFailure.error(String.valueOf(e.getMessage()));
        }
    }

    private void file(Path path, String name) {
        try {
            parse(Files.readString(path, StandardCharsets.UTF_8), name);
        } catch (IOException e) {
            throw CommandFailure.error("open " + name + ": permission denied");
        }
    }

    private void parse(String text, String source) {
        String start = text.stripLeading();
        if (start.startsWith("{")) {
            json(text, source);
            return;
        }
        StringBuilder document = new StringBuilder();
        for (String line : text.split("\n", -1)) {
            if (line.startsWith("---") && (line.length() == 3 || Character.isWhitespace(line.charAt(3)))) {
                yaml(document.toString(), source);
                document.setLength(0);
                if (line.length() > 3 && !line.substring(3).strip().startsWith("#")) {
                    document.append(line, 3, line.length()).append('\n');
                }
            } else {
                document.append(line).append('\n');
            }
        }
        yaml(document.toString(), source);
    }

    private void yaml(String text, String source) {
        try {
            for (JsonNode document : Yaml.parseAll(text)) {
                add(document, source);
            }
        } catch (Yaml.Malformed e) {
            failures.accept(CommandFailure.error(
                    "error parsing " + source + ": error converting YAML to JSON: " + e.getMessage()));
        }
    }

    /** One JSON document after the other; from the first that is none on, it is YAML, whose braces look the same. */
    private void json(String text, String source) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Json.Stream stream = Json.stream(new ByteArrayInputStream(bytes));
        int read = 0;
        try {
            JsonNode document = stream.next();
            while (document != null) {
                add(document, source);
                read = stream.offset();
                document = stream.next();
            }
        } catch (IOException | UncheckedIOException notJson) {
            try {
                Yaml.parseAll(new String(bytes, read, bytes.length - read, StandardCharsets.UTF_8))
                        .forEach(document -> add(document, source));
            } catch (Yaml.Malformed notYaml) {
                String reason =
                        String.valueOf(notJson.getMessage()).lines().findFirst().orElse("");
                failures.accept(CommandFailure.error("error parsing " + source + ": json: " + reason));
            }
        }
    }

    private void add(JsonNode document, String source) {
        if (document.isNull()) {
            return;
        }
        if (!(document instanceof ObjectNode object)) {
            failures.accept(CommandFailure.error("error validating \"" + source
                    + "\": error validating data: invalid object to validate; if you choose to ignore these errors, turn"
                    + " validation off with --validate=false"));
            return;
        }
        String kind = Json.text(object, "kind");
        if (kind.endsWith("List") && object.path("items").isArray()) {
            for (JsonNode item : object.path("items")) {
                if (item instanceof ObjectNode inner) {
                    inherit(object, inner);
                }
                add(item, source);
            }
            return;
        }
        documents.add(new Document(object, source));
    }

    private static void inherit(ObjectNode list, ObjectNode item) {
        String kind = Json.text(list, "kind");
        if (!item.has("kind") && kind.length() > 4) {
            item.put("kind", kind.substring(0, kind.length() - 4));
        }
        for (Map.Entry<String, JsonNode> field : list.properties()) {
            if (field.getKey().equals("apiVersion") && !item.has("apiVersion")) {
                item.set("apiVersion", field.getValue());
            }
        }
    }
}
