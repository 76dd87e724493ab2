// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.Yaml;
import java.util.Map;

/** {@code --overrides}: a piece of JSON laid over the object that the flags made (RFC 7386). Stateless. */
final class Overrides {
    static final String FLAGS = " override-type:s=merge overrides:s= ";

    private Overrides() {}

    static void lay(Flags flags, ObjectNode object) {
        String text = flags.text("overrides");
        if (text.isEmpty()) {
            return;
        }
        try {
            merge(object, Yaml.parse(text));
        } catch (Yaml.Malformed e) {
            throw CommandFailure.error("Invalid JSON Patch: " + e.getMessage());
        }
    }

    private static void merge(ObjectNode target, JsonNode patch) {
        for (Map.Entry<String, JsonNode> field : patch.properties()) {
            JsonNode value = field.getValue();
            if (value.isNull()) {
                target.remove(field.getKey());
            } else if (value.isObject()) {
                merge(Json.child(target, field.getKey()), value);
            } else {
                target.set(field.getKey(), value);
            }
        }
    }
}
