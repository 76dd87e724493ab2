// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.Yaml;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The kubeconfig files of a call, merged: of two entries with one name the first file's stands, and so does the first
 * {@code current-context}. Relative file names in an entry count from the file that holds it. Immutable after loading.
 */
public final class Kubeconfig {
    private final ObjectNode merged;
    private final List<Path> files;

    private Kubeconfig(ObjectNode merged, List<Path> files) {
        this.merged = merged;
        this.files = files;
    }

    /**
     * Loads the file named by {@code --kubeconfig}, else those of {@code KUBECONFIG}, else {@code ~/.kube/config}. Files that are
     * not there count as empty, save one that the flag names.
     */
    public static Kubeconfig load(String flag, Map<String, String> environment) {
        List<Path> files = paths(flag, environment);
        ObjectNode merged = empty();
        for (Path file : files) {
            if (Files.isRegularFile(file)) {
                merge(merged, read(file), file.toAbsolutePath());
            } else if (!flag.isEmpty()) {
                throw CommandFailure.error("stat " + file + ": no such file or directory");
            }
        }
        return new Kubeconfig(merged, files);
    }

    /** The files that a change is looked for in; the last is where a new entry goes. */
    public static List<Path> paths(String flag, Map<String, String> environment) {
        List<Path> files = new ArrayList<>();
        if (!flag.isEmpty()) {
            files.add(Path.of(flag));
            return files;
        }
        String list = environment.getOrDefault("KUBECONFIG", "");
        for (String part : list.split(":", -1)) {
            if (!part.isEmpty() && !files.contains(Path.of(part))) {
                files.add(Path.of(part));
            }
        }
        if (files.isEmpty()) {
            files.add(Path.of(home(environment), ".kube", "config"));
        }
        return files;
    }

    /** The user's home folder. */
    public static String home(Map<String, String> environment) {
        String home = environment.getOrDefault("HOME", "");
        return home.isEmpty() ? System.getProperty("user.home", "/") : home;
    }

    /** One file as a tree with all its lists present. */
    public static ObjectNode read(Path file) {
        try {
            JsonNode tree = Yaml.parse(Files.readString(file, StandardCharsets.UTF_8));
            ObjectNode config = empty();
            for (Map.Entry<String, JsonNode> field : tree.properties()) {
                if (!field.getValue().isNull()) {
                    config.set(field.getKey(), field.getValue());
                }
            }
            return config;
        } catch (Yaml.Malformed e) {
            throw CommandFailure.error("error loading config file \"" + file + "\": " + e.getMessage());
        } catch (IOException e) {
            throw CommandFailure.error(
                    "error loading config file \"" + file + "\": open " + file + ": permission denied");
        }
    }

    /** A config with nothing in it. */
    public static ObjectNode empty() {
        ObjectNode config = Json.object();
        config.put("apiVersion", "v1");
        config.put("kind", "Config");
        config.set("clusters", Json.array());
        config.set("contexts", Json.array());
        config.set("users", Json.array());
        config.put("current-context", "");
        return config;
    }

    private static void merge(ObjectNode into, ObjectNode from, Path file) {
        for (String list : List.of("clusters", "contexts", "users")) {
            String inner = list.substring(0, list.length() - 1);
            ArrayNode target = (ArrayNode) into.path(list);
            for (JsonNode entry : from.path(list)) {
                if (find(target, Json.text(entry, "name")) < 0) {
                    target.add(absolute((ObjectNode) entry, inner, file));
                }
            }
        }
        if (Json.text(into, "current-context").isEmpty()) {
            into.put("current-context", Json.text(from, "current-context"));
        }
    }

    private static ObjectNode absolute(ObjectNode entry, String inner, Path place) {
        if (entry.path(inner) instanceof ObjectNode value) {
            for (String key : List.of("certificate-authority", "client-certificate", "client-key", "tokenFile")) {
                String file = Json.text(value, key);
                if (!file.isEmpty()) {
                    value.put(key, place.resolveSibling(file).normalize().toString());
                }
            }
        }
        return entry;
    }

    /** The place of the entry of that name in a list of entries, or -1. */
    public static int find(JsonNode list, String name) {
        for (int i = 0; i < list.size(); i++) {
            if (Json.text(list.path(i), "name").equals(name)) {
                return i;
            }
        }
        return -1;
    }

    /** The whole, merged. */
    public ObjectNode merged() {
        return merged;
    }

    /** Where it came from or would be written. */
    public List<Path> files() {
        return files;
    }

    /** Whether nothing was found in any file. */
    public boolean isEmpty() {
        return merged.path("clusters").isEmpty() && merged.path("contexts").isEmpty();
    }

    /** An entry's content ({@code cluster}, {@code context} or {@code user}); a missing node when there is none. */
    public JsonNode entry(String list, String name) {
        JsonNode entries = merged.path(list);
        int at = find(entries, name);
        return entries.path(at).path(list.substring(0, list.length() - 1));
    }

    /** The context in force without a flag. */
    public String currentContext() {
        return Json.text(merged, "current-context");
    }
}
