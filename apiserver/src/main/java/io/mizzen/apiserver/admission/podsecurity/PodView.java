// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission.podsecurity;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.ObjectTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** A pod as the checks look at it. */
record PodView(JsonNode spec, Map<String, String> annotations, List<JsonNode> containers) {

    static PodView of(JsonNode pod) {
        JsonNode spec = pod.path("spec");
        List<JsonNode> containers = new ArrayList<>();
        for (String list : List.of("initContainers", "containers", "ephemeralContainers")) {
            spec.path(list).forEach(containers::add);
        }
        return new PodView(spec, new TreeMap<>(ObjectTree.annotations(pod)), containers);
    }

    boolean isWindows() {
        return ObjectTree.text(spec, "os", "name").equals("windows");
    }

    /** Only an explicit false puts the pod into a user namespace. */
    boolean hasUserNamespace() {
        return spec.path("hostUsers").isBoolean() && !spec.path("hostUsers").asBoolean();
    }

    JsonNode security() {
        return spec.path("securityContext");
    }

    static JsonNode security(JsonNode container) {
        return container.path("securityContext");
    }

    /** Names of the containers for which something holds. */
    List<String> named(Predicate<JsonNode> test) {
        return containers.stream()
                .filter(test)
                .map(container -> container.path("name").asText())
                .toList();
    }

    /** {@code container "a"} or {@code containers "a", "b"}. */
    static String text(List<String> names) {
        return text("container", names);
    }

    static String text(String word, List<String> names) {
        return word + (names.size() == 1 ? " " : "s ") + quoted(names);
    }

    static String quoted(List<String> names) {
        return String.join(", ", names.stream().map(name -> '"' + name + '"').toList());
    }
}
