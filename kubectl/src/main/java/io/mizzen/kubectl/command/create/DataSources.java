// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The data of ConfigMaps and Secrets from {@code --from-literal}, {@code --from-file}, {@code --from-env-file}. Stateless. */
final class DataSources {
    static final String FLAGS = "append-hash:b=false from-env-file:l= from-file:l= from-literal:a=";

    private DataSources() {}

    static Map<String, byte[]> read(Invocation call) {
        Flags flags = call.flags();
        boolean env = !flags.list("from-env-file").isEmpty();
        if (env
                && (!flags.list("from-file").isEmpty()
                        || !flags.list("from-literal").isEmpty())) {
            throw CommandFailure.error("from-env-file cannot be combined with from-file or from-literal");
        }
        Map<String, byte[]> data = new TreeMap<>();
        for (String source : flags.list("from-file")) {
            file(source, data);
        }
        for (String source : flags.list("from-literal")) {
            int equals = source.indexOf('=');
            if (equals <= 0) {
                throw CommandFailure.error("invalid literal source " + source + ", expected key=value");
            }
            String value = source.substring(equals + 1);
            add(data, source.substring(0, equals), value.getBytes(StandardCharsets.UTF_8));
        }
        for (String source : flags.list("from-env-file")) {
            environment(call, source, data);
        }
        return data;
    }

    private static void add(Map<String, byte[]> data, String key, byte[] value) {
        if (!key.matches("[-._a-zA-Z0-9]+")) {
            throw CommandFailure.error(
                    "\"" + key + "\" is not a valid key name for a ConfigMap: a valid config key must"
                            + " consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name',"
                            + " regex used for validation is '[-._a-zA-Z0-9]+')");
        }
        if (data.putIfAbsent(key, value) != null) {
            throw CommandFailure.error("cannot add key \"" + key
                    + "\", another key by that name already exists in Data for" + " ConfigMap");
        }
    }

    private static void file(String source, Map<String, byte[]> data) {
        int equals = source.indexOf('=');
        Path path = Path.of(equals < 0 ? source : source.substring(equals + 1));
        if (!Files.exists(path)) {
            throw CommandFailure.error("error reading " + path + ": no such file or directory");
        }
        if (!Files.isDirectory(path)) {
            add(data, equals < 0 ? String.valueOf(path.getFileName()) : source.substring(0, equals), bytes(path));
            return;
        }
        if (equals >= 0) {
            throw CommandFailure.error("cannot give a key name for a directory path");
        }
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                add(data, String.valueOf(file.getFileName()), bytes(file));
            }
        } catch (IOException e) {
            throw CommandFailure.error("error listing files in " + path + ": " + e.getMessage());
        }
    }

    static byte[] bytes(Path path) {
        try {
            return Files.readAllBytes(path);
        } catch (IOException e) {
            throw CommandFailure.error("open " + path + ": no such file or directory");
        }
    }

    private static void environment(Invocation call, String source, Map<String, byte[]> data) {
        String text = new String(bytes(Path.of(source)), StandardCharsets.UTF_8);
        for (String raw : text.split("\n", -1)) {
            String line = raw.stripLeading();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int equals = line.indexOf('=');
            String key = equals < 0 ? line : line.substring(0, equals);
            String value = equals < 0 ? call.environment().getOrDefault(key, "") : line.substring(equals + 1);
            add(data, key, value.stripTrailing().getBytes(StandardCharsets.UTF_8));
        }
    }

    static boolean isText(byte[] bytes) {
        try {
            String decoded = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return bytes.length == 0 || !decoded.isEmpty();
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** Appends the hash of the content to the name, as {@code --append-hash} wants it. */
    static void appendHash(ObjectNode object, List<String> fields, boolean typed) {
        ObjectNode hashed = Json.object();
        hashed.put("kind", Json.text(object, "kind")).put("name", Json.name(object));
        if (typed) {
            hashed.put("type", Json.text(object, "type"));
        }
        hashed.set(
                "data",
                object.has("data") ? object.path("data") : typed ? Json.NODES.nullNode() : Json.NODES.textNode(""));
        for (String field : fields) {
            if (object.has(field)) {
                hashed.set(field, object.path(field));
            }
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(Json.compact(hashed).getBytes(StandardCharsets.UTF_8));
            StringBuilder hash = new StringBuilder();
            for (int i = 0; i < 5; i++) {
                hash.append(String.format("%02x", digest[i] & 0xff));
            }
            String safe = hash.toString()
                    .replace('0', 'g')
                    .replace('1', 'h')
                    .replace('3', 'k')
                    .replace('a', 'm')
                    .replace('e', 't');
            Json.child(object, "metadata").put("name", Json.name(object) + "-" + safe);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
