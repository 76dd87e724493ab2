// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;

/** The environment of a container, with the values of a pod's own fields filled in. Pure. */
final class Environment {
    private Environment() {}

    static void describe(Description out, JsonNode container, JsonNode pod) {
        JsonNode variables = container.path("env");
        out.line(2, "Environment:" + (variables.isEmpty() ? "\t<none>" : ""));
        for (JsonNode variable : variables) {
            String name = Json.text(variable, "name");
            JsonNode from = variable.path("valueFrom");
            if (!from.isObject()) {
                String[] lines = Json.text(variable, "value").split("\n", -1);
                out.line(3, name + ":\t" + lines[0]);
                for (int i = 1; i < lines.length; i++) {
                    out.line(3, "\t" + lines[i]);
                }
            } else if (from.has("fieldRef")) {
                JsonNode reference = from.path("fieldRef");
                String version = Json.text(reference, "apiVersion");
                out.line(
                        3,
                        name + ":\t" + value(pod, Json.text(reference, "fieldPath")) + " ("
                                + (version.isEmpty() ? "v1" : version) + ":" + Json.text(reference, "fieldPath") + ")");
            } else if (from.has("resourceFieldRef")) {
                JsonNode reference = from.path("resourceFieldRef");
                out.line(
                        3,
                        name + ":\t" + resource(container, reference) + " (" + Json.text(reference, "resource") + ")");
            } else if (from.has("secretKeyRef")) {
                JsonNode reference = from.path("secretKeyRef");
                out.line(
                        3,
                        name + ":\t<set to the key '" + Json.text(reference, "key") + "' in secret '"
                                + Json.text(reference, "name") + "'>\tOptional: "
                                + reference.path("optional").asBoolean(false));
            } else if (from.has("configMapKeyRef")) {
                JsonNode reference = from.path("configMapKeyRef");
                out.line(
                        3,
                        name + ":\t<set to the key '" + Json.text(reference, "key") + "' of config map '"
                                + Json.text(reference, "name") + "'>\tOptional: "
                                + reference.path("optional").asBoolean(false));
            }
        }
    }

    private static String value(JsonNode pod, String path) {
        int open = path.indexOf('[');
        if (open > 0) {
            String key = path.substring(open + 1, path.length() - 1).replace("'", "");
            return Json.text(Json.at(pod, path.substring(0, open).split("\\.")), key);
        }
        return Json.text(pod, path.split("\\."));
    }

    private static String resource(JsonNode container, JsonNode reference) {
        String[] parts = Json.text(reference, "resource").split("\\.", 2);
        String amount = parts.length < 2 ? "" : Json.text(container, "resources", parts[0], parts[1]);
        return amount.isEmpty() ? "0" : amount;
    }
}
