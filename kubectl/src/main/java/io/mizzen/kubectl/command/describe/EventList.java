// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The events at a description's end. Pure. */
final class EventList {
    private EventList() {}

    static void describe(Description out, JsonNode events) {
        if (events.isEmpty()) {
            out.field(0, "Events", "<none>");
            return;
        }
        out.endColumns();
        List<JsonNode> sorted = new ArrayList<>();
        events.forEach(sorted::add);
        sorted.sort(Comparator.comparing(event -> Json.text(event, "lastTimestamp")));
        out.append("Events:\n  Type\tReason\tAge\tFrom\tMessage\n");
        out.line(1, "----\t------\t----\t----\t-------");
        for (JsonNode event : sorted) {
            String source = Json.text(event, "source", "component");
            out.line(
                    1,
                    Json.text(event, "type") + "\t" + Json.text(event, "reason") + "\t" + interval(event) + "\t"
                            + (source.isEmpty() ? Json.text(event, "reportingComponent") : source) + "\t"
                            + Json.text(event, "message").strip());
        }
    }

    private static String interval(JsonNode event) {
        String eventTime = Json.text(event, "eventTime");
        String since = PodTemplates.age(eventTime.isEmpty() ? Json.text(event, "firstTimestamp") : eventTime);
        if (event.path("series").isObject()) {
            JsonNode series = event.path("series");
            return PodTemplates.age(Json.text(series, "lastObservedTime")) + " (x" + Json.number(series, "count")
                    + " over " + since + ")";
        }
        long count = Json.number(event, "count");
        return count > 1
                ? PodTemplates.age(Json.text(event, "lastTimestamp")) + " (x" + count + " over " + since + ")"
                : since;
    }
}
