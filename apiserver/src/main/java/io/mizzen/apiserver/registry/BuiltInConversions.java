// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import java.util.List;

/** The few built-in kinds whose served versions differ in shape: HorizontalPodAutoscaler v1 and the newer Event. Pure. */
final class BuiltInConversions {
    private static final VersionConverter AUTOSCALER_V1 = new AutoscalerV1();
    private static final VersionConverter EVENTS = new NewEvents();

    private BuiltInConversions() {}

    static VersionConverter between(ResourceDefinition definition, String version) {
        return switch (definition.groupResource() + "/" + version) {
            case "horizontalpodautoscalers.autoscaling/v1" -> AUTOSCALER_V1;
            case "events.events.k8s.io/v1" -> EVENTS;
            default -> VersionConverter.IDENTITY;
        };
    }

    private static void move(ObjectNode object, String from, String to) {
        JsonNode value = object.remove(from);
        if (value != null) {
            object.set(to, value);
        }
    }

    /** events.k8s.io/v1 names the fields of core/v1 anew. */
    private static final class NewEvents implements VersionConverter {
        private static final List<List<String>> NAMES = List.of(
                List.of("regarding", "involvedObject"),
                List.of("note", "message"),
                List.of("reportingController", "reportingComponent"),
                List.of("deprecatedSource", "source"),
                List.of("deprecatedFirstTimestamp", "firstTimestamp"),
                List.of("deprecatedLastTimestamp", "lastTimestamp"),
                List.of("deprecatedCount", "count"));

        @Override
        public ObjectNode toStored(ObjectNode event) {
            event.put("apiVersion", "v1");
            NAMES.forEach(pair -> move(event, pair.get(0), pair.get(1)));
            return event;
        }

        @Override
        public ObjectNode fromStored(ObjectNode event) {
            event.put("apiVersion", "events.k8s.io/v1");
            NAMES.forEach(pair -> move(event, pair.get(1), pair.get(0)));
            return event;
        }
    }
}
