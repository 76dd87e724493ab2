// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.ObjectTree;

/** Reads the value of a selectable field; the few that are no plain paths are known here. Pure. */
final class SelectableFields {
    private SelectableFields() {}

    static String value(JsonNode object, String path) {
        return switch (path) {
            case "status.successful" ->
                Integer.toString(object.path("status").path("succeeded").asInt(0));
            case "status.replicas" ->
                Integer.toString(object.path("status").path("replicas").asInt(0));
            case "spec.unschedulable" ->
                Boolean.toString(object.path("spec").path("unschedulable").asBoolean(false));
            case "spec.hostNetwork" ->
                Boolean.toString(object.path("spec").path("hostNetwork").asBoolean(false));
            case "source" -> {
                String component = ObjectTree.text(object, "source", "component");
                yield component.isEmpty() ? ObjectTree.text(object, "reportingComponent") : component;
            }
            default -> ObjectTree.text(object, path.split("\\."));
        };
    }
}
