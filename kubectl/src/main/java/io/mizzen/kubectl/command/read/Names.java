// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.read;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.tree.Json;
import java.util.Locale;

/** Objects as {@code kind.group/name}. Stateless. */
final class Names {
    private Names() {}

    static String of(Invocation call, JsonNode object) {
        String apiVersion = Json.text(object, "apiVersion");
        int slash = apiVersion.indexOf('/');
        String kind = Json.text(object, "kind").toLowerCase(Locale.ROOT);
        String name = Json.name(object);
        return call == null || slash < 0 ? kind + "/" + name : kind + "." + apiVersion.substring(0, slash) + "/" + name;
    }
}
