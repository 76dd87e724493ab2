// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Roles, bindings and priority classes. Pure. */
final class Access {
    private Access() {}

    static void priorityClass(Description out, JsonNode object) {
        out.field(0, "Name", Json.name(object));
        out.field(0, "Value", Json.text(object, "value"));
        out.field(
                0,
                "GlobalDefault",
                Boolean.toString(object.path("globalDefault").asBoolean(false)));
        out.field(0, "PreemptionPolicy", Json.text(object, "preemptionPolicy"));
        out.field(0, "Description", Json.text(object, "description"));
        out.field(0, "Annotations", Description.inline(object.path("metadata").path("annotations")));
    }

    /** One line a resource; the verbs of several rules for one resource are put together. */
    static void role(Description out, JsonNode object) {
        out.field(0, "Name", Json.name(object));
        out.metadata(object);
        out.line(0, "PolicyRule:");
        out.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
        out.line(1, "---------\t-----------------\t--------------\t-----");
        List<String[]> rows = new ArrayList<>();
        Map<String, String[]> merged = new LinkedHashMap<>();
        for (JsonNode rule : object.path("rules")) {
            String names = list(rule.path("resourceNames"));
            String verbs = words(rule.path("verbs"));
            for (JsonNode group : rule.path("apiGroups")) {
                for (JsonNode resource : rule.path("resources")) {
                    String[] row = {
                        group.asText(), shown(resource.asText(), group.asText()), "[]", names, verbs, resource.asText()
                    };
                    merged.merge(row[1] + "\t" + names, row, (old, more) -> {
                        old[4] = old[4] + " " + more[4];
                        return old;
                    });
                }
            }
            for (JsonNode url : rule.path("nonResourceURLs")) {
                rows.add(new String[] {"", "", "[" + url.asText() + "]", names, verbs, ""});
            }
        }
        rows.addAll(0, merged.values());
        // Upstream's order: by verbs, then group, then resource, each as it is printed in brackets.
        rows.sort(Comparator.comparing((String[] row) -> row[4] + "]")
                .thenComparing(row -> row[0] + "]")
                .thenComparing(row -> row[5] + "]"));
        for (String[] row : rows) {
            out.line(1, row[1] + "\t" + row[2] + "\t" + row[3] + "\t[" + row[4] + "]");
        }
    }

    private static String shown(String resource, String group) {
        int slash = resource.indexOf('/');
        String name = slash < 0 ? resource : resource.substring(0, slash);
        String sub = slash < 0 ? "" : resource.substring(slash);
        return name + (group.isEmpty() ? "" : "." + group) + sub;
    }

    private static String list(JsonNode list) {
        return "[" + words(list) + "]";
    }

    private static String words(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(one -> texts.add(one.asText()));
        return String.join(" ", texts);
    }

    static void binding(Description out, JsonNode object) {
        out.field(0, "Name", Json.name(object));
        out.metadata(object);
        out.line(0, "Role:");
        out.field(1, "Kind", Json.text(object, "roleRef", "kind"));
        out.field(1, "Name", Json.text(object, "roleRef", "name"));
        out.line(0, "Subjects:");
        out.line(1, "Kind\tName\tNamespace");
        out.line(1, "----\t----\t---------");
        for (JsonNode subject : object.path("subjects")) {
            out.line(
                    1,
                    Json.text(subject, "kind") + "\t" + Json.text(subject, "name") + "\t"
                            + Json.text(subject, "namespace"));
        }
    }
}
