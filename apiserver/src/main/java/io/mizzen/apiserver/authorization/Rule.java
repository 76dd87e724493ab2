// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authorization;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import java.util.List;

/**
 * A PolicyRule of a role. Pure.
 *
 * @param verbs verbs, {@code *} for all
 * @param groups API groups
 * @param resources resources with subresource, {@code *} or {@code *}{@code /scale}
 * @param names objects by name; empty for all
 * @param paths URL paths, with {@code *} at the end
 */
record Rule(List<String> verbs, List<String> groups, List<String> resources, List<String> names, List<String> paths) {
    static final Rule EVERYTHING = new Rule(List.of("*"), List.of("*"), List.of("*"), List.of(), List.of());
    static final Rule EVERY_PATH = new Rule(List.of("*"), List.of(), List.of(), List.of(), List.of("*"));

    static Rule of(JsonNode rule) {
        return new Rule(
                ObjectTree.texts(rule.path("verbs")),
                ObjectTree.texts(rule.path("apiGroups")),
                ObjectTree.texts(rule.path("resources")),
                ObjectTree.texts(rule.path("resourceNames")),
                ObjectTree.texts(rule.path("nonResourceURLs")));
    }

    boolean allows(Attributes wanted) {
        if (!has(verbs, wanted.verb())) {
            return false;
        }
        if (!wanted.isResource()) {
            return paths.stream().anyMatch(path -> pathMatches(path, wanted.path()));
        }
        return has(groups, wanted.group())
                && allowsResource(wanted)
                && (names.isEmpty()
                        || names.contains(wanted.name()) && !wanted.name().isEmpty());
    }

    private boolean allowsResource(Attributes wanted) {
        return has(resources, wanted.qualifiedResource())
                || !wanted.subresource().isEmpty() && resources.contains("*/" + wanted.subresource());
    }

    private static boolean has(List<String> list, String value) {
        return list.contains("*") || list.contains(value);
    }

    private static boolean pathMatches(String pattern, String path) {
        return pattern.equals("*")
                || pattern.equals(path)
                || pattern.endsWith("*") && path.startsWith(pattern.substring(0, pattern.length() - 1));
    }

    void describe(ArrayNode resourceRules, ArrayNode pathRules) {
        if (!resources.isEmpty()) {
            ObjectNode rule = resourceRules.addObject();
            put(rule, "verbs", verbs);
            put(rule, "apiGroups", groups);
            put(rule, "resources", resources);
            put(rule, "resourceNames", names);
        }
        if (!paths.isEmpty()) {
            ObjectNode rule = pathRules.addObject();
            put(rule, "verbs", verbs);
            put(rule, "nonResourceURLs", paths);
        }
    }

    private static void put(ObjectNode rule, String field, List<String> values) {
        if (!values.isEmpty()) {
            ArrayNode list = rule.putArray(field);
            values.forEach(list::add);
        }
    }
}
