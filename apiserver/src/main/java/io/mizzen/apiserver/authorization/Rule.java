// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authorization;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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

    /** The same for other verbs. */
    Rule withVerbs(List<String> others) {
        return new Rule(others, groups, resources, names, paths);
    }

    /** This rule as rules of one verb for one resource, object or path each. */
    List<Rule> parts() {
        List<Rule> parts = new ArrayList<>();
        for (String verb : verbs) {
            for (String group : groups) {
                for (String resource : resources) {
                    if (names.isEmpty()) {
                        parts.add(resourcePart(verb, group, resource, List.of()));
                    }
                    names.forEach(name -> parts.add(resourcePart(verb, group, resource, List.of(name))));
                }
            }
            paths.forEach(path -> parts.add(new Rule(List.of(verb), List.of(), List.of(), List.of(), List.of(path))));
        }
        return parts;
    }

    private static Rule resourcePart(String verb, String group, String resource, List<String> names) {
        return new Rule(List.of(verb), List.of(group), List.of(resource), names, List.of());
    }

    /** Whether this rule allows all that another does; {@code *} is covered by {@code *} only. */
    boolean covers(Rule other) {
        return hasAll(verbs, other.verbs)
                && hasAll(groups, other.groups)
                && other.resources.stream().allMatch(this::coversResource)
                && other.paths.stream().allMatch(path -> paths.stream().anyMatch(mine -> pathMatches(mine, path)))
                && (names.isEmpty() || !other.names.isEmpty() && names.containsAll(other.names));
    }

    private boolean coversResource(String resource) {
        int slash = resource.indexOf('/');
        return has(resources, resource) || slash >= 0 && resources.contains("*" + resource.substring(slash));
    }

    private static boolean hasAll(List<String> list, List<String> wanted) {
        return list.contains("*") || list.containsAll(wanted);
    }

    /** One line for people, in upstream's form: <code>{APIGroups:[""], Resources:["pods"], Verbs:["get"]}</code>. */
    String compact() {
        return Stream.of(
                        compact("APIGroups", groups),
                        compact("Resources", resources),
                        compact("NonResourceURLs", paths),
                        compact("ResourceNames", names),
                        compact("Verbs", verbs))
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining(", ", "{", "}"));
    }

    private static String compact(String field, List<String> values) {
        return values.isEmpty()
                ? ""
                : values.stream().map(value -> '"' + value + '"').collect(Collectors.joining(" ", field + ":[", "]"));
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
