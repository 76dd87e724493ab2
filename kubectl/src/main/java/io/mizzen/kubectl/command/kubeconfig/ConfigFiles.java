// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.kubeconfig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.config.Kubeconfig;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.YamlWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** Changes kubeconfig files: an entry where it stands, a new one in the default file. Stateless. */
final class ConfigFiles {
    private ConfigFiles() {}

    static List<Path> paths(Invocation call) {
        return Kubeconfig.paths(call.flags().text("kubeconfig"), call.environment());
    }

    static ObjectNode read(Path file) {
        return Files.isRegularFile(file) ? Kubeconfig.read(file) : Kubeconfig.empty();
    }

    /** The file that holds an entry, or the first that exists, or the first. */
    static Path fileOf(Invocation call, String list, String name) {
        List<Path> paths = paths(call);
        for (Path path : paths) {
            if (Kubeconfig.find(read(path).path(list), name) >= 0) {
                return path;
            }
        }
        for (Path path : paths) {
            if (Files.isRegularFile(path)) {
                return path;
            }
        }
        return paths.getFirst();
    }

    /** The file that sets the current context, or the first. */
    static Path fileOfCurrent(Invocation call) {
        List<Path> paths = paths(call);
        for (Path path : paths) {
            if (!Json.text(read(path), "current-context").isEmpty()) {
                return path;
            }
        }
        return paths.getFirst();
    }

    static void write(Path file, ObjectNode config) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder == null) {
                throw new IOException("no folder for " + file);
            }
            Files.createDirectories(folder);
            ObjectNode shown = forOutput(config);
            Path draft = Files.createTempFile(
                    folder,
                    ".config",
                    ".tmp",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(draft, YamlWriter.write(shown));
            Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw CommandFailure.error("open " + file + ": " + e.getMessage());
        }
    }

    /** Empty lists shown as null, as upstream writes them; entries sorted by name. */
    static ObjectNode forOutput(ObjectNode config) {
        ObjectNode out = Json.object();
        out.put("kind", "Config").put("apiVersion", "v1");
        for (String list : List.of("clusters", "users", "contexts")) {
            JsonNode entries = config.path(list);
            if (entries.isEmpty()) {
                out.putNull(list);
            } else {
                String inner = list.substring(0, list.length() - 1);
                ArrayNode sorted = out.putArray(list);
                java.util.List<JsonNode> all = new java.util.ArrayList<>();
                entries.forEach(all::add);
                all.sort(java.util.Comparator.comparing(one -> Json.text(one, "name")));
                for (JsonNode entry : all) {
                    ObjectNode one = sorted.addObject();
                    one.put("name", Json.text(entry, "name"));
                    one.set(inner, entry.path(inner).isObject() ? entry.path(inner) : Json.object());
                }
            }
        }
        out.put("current-context", Json.text(config, "current-context"));
        for (String key : Json.keys(config)) {
            if (!out.has(key) && !config.path(key).isEmpty()) {
                out.set(key, config.path(key));
            }
        }
        return out;
    }

    /** The content of an entry, made when it is not there. */
    static ObjectNode entry(ObjectNode config, String list, String name) {
        String inner = list.substring(0, list.length() - 1);
        ArrayNode entries = config.path(list) instanceof ArrayNode there ? there : config.putArray(list);
        int at = Kubeconfig.find(entries, name);
        ObjectNode entry = at < 0 ? entries.addObject().put("name", name) : (ObjectNode) entries.path(at);
        return Json.child(entry, inner);
    }
}
