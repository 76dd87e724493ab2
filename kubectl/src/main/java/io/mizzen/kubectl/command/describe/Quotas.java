// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;
import java.util.List;
import java.util.TreeSet;

/** Resource quotas and limits of a namespace. Pure. */
final class Quotas {
    private Quotas() {}

    static void describe(Description out, List<JsonNode> quotas, List<JsonNode> limits) {
        out.append("\n");
        if (quotas.isEmpty()) {
            out.line(0, "No resource quota.");
        } else {
            out.line(0, "Resource Quotas");
            for (JsonNode quota : quotas) {
                quota(out, quota);
            }
        }
        out.append("\n");
        if (limits.isEmpty()) {
            out.line(0, "No LimitRange resource.");
        } else {
            out.line(0, "Resource Limits");
            out.line(1, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
            out.line(1, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
            for (JsonNode range : limits) {
                for (JsonNode limit : range.path("spec").path("limits")) {
                    limit(out, limit);
                }
            }
        }
    }

    private static void quota(Description out, JsonNode quota) {
        out.field(1, "Name", Json.name(quota));
        out.line(1, "Resource\tUsed\tHard");
        out.line(1, "--------\t---\t---");
        JsonNode hard = quota.path("status").path("hard");
        for (String name : Json.sortedKeys(hard)) {
            String used = Json.text(quota, "status", "used", name);
            out.line(1, name + "\t" + (used.isEmpty() ? "0" : used) + "\t" + Json.text(hard, name));
        }
    }

    private static void limit(Description out, JsonNode limit) {
        TreeSet<String> names = new TreeSet<>();
        List<String> parts = List.of("min", "max", "defaultRequest", "default", "maxLimitRequestRatio");
        parts.forEach(part -> names.addAll(Json.keys(limit.path(part))));
        for (String name : names) {
            StringBuilder line =
                    new StringBuilder(Json.text(limit, "type")).append('\t').append(name);
            for (String part : parts) {
                String value = Json.text(limit, part, name);
                line.append('\t').append(value.isEmpty() ? "-" : value);
            }
            out.line(1, line.toString());
        }
    }
}
