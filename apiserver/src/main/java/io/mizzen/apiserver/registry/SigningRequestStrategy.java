// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.apiserver.authentication.UserInfo;
import java.util.Set;

/**
 * CertificateSigningRequests: the server says who asks, the specification never changes, and each of the subresources
 * changes its own part of the status (API page "Certificates and Certificate Signing Requests").
 */
final class SigningRequestStrategy implements Strategy {
    private static final Set<String> DECISIONS = Set.of("Approved", "Denied");

    @Override
    public void prepareForCreate(WriteContext context, ObjectNode request) {
        ObjectNode spec = ObjectTree.child(request, "spec");
        UserInfo user = context.user();
        spec.put("username", user.name());
        spec.remove(java.util.List.of("uid", "groups", "extra"));
        if (!user.uid().isEmpty()) {
            spec.put("uid", user.uid());
        }
        ArrayNode groups = spec.putArray("groups");
        user.groups().forEach(groups::add);
        if (!user.extra().isEmpty()) {
            ObjectNode extra = spec.putObject("extra");
            user.extra().forEach((key, values) -> {
                ArrayNode list = extra.putArray(key);
                values.forEach(list::add);
            });
        }
    }

    @Override
    public void prepareForUpdate(WriteContext context, ObjectNode request, ObjectNode old) {
        ObjectTree.setOrRemove(request, "spec", old.get("spec"));
    }

    @Override
    public void prepareForSubresource(WriteContext context, ObjectNode request, ObjectNode old) {
        ObjectTree.setOrRemove(request, "spec", old.get("spec"));
        ObjectNode status = ObjectTree.child(request, "status");
        JsonNode before = old.path("status");
        if (context.subresource().equals("approval")) {
            JsonNode conditions = status.get("conditions");
            status.removeAll();
            before.properties().forEach(field -> status.set(field.getKey(), field.getValue()));
            ObjectTree.setOrRemove(status, "conditions", conditions);
        } else {
            status.set("conditions", withDecisionsOf(before, status));
            if (status.path("conditions").isEmpty()) {
                status.remove("conditions");
            }
        }
        complete(context, status, before);
        if (status.isEmpty()) {
            request.remove("status");
        }
    }

    /** The conditions wanted, but the decisions as they were: only the approval subresource decides. */
    private static ArrayNode withDecisionsOf(JsonNode before, ObjectNode status) {
        ArrayNode conditions = JsonNodeFactory.instance.arrayNode();
        before.path("conditions").forEach(condition -> {
            if (DECISIONS.contains(condition.path("type").asText(""))) {
                conditions.add(condition);
            }
        });
        status.path("conditions").forEach(condition -> {
            if (!DECISIONS.contains(condition.path("type").asText(""))) {
                conditions.add(condition);
            }
        });
        return conditions;
    }

    private static void complete(WriteContext context, ObjectNode status, JsonNode before) {
        String now = Metadata.time(context.now());
        for (JsonNode condition : status.path("conditions")) {
            ObjectNode mutable = (ObjectNode) condition;
            JsonNode earlier = find(before, condition.path("type").asText(""));
            if (condition.path("lastUpdateTime").asText("").isEmpty()) {
                mutable.put("lastUpdateTime", now);
            }
            if (condition.path("lastTransitionTime").asText("").isEmpty()) {
                boolean same = earlier.path("status").equals(condition.path("status"))
                        && !earlier.path("lastTransitionTime").asText("").isEmpty();
                mutable.put(
                        "lastTransitionTime",
                        same ? earlier.path("lastTransitionTime").asText() : now);
            }
        }
    }

    private static JsonNode find(JsonNode status, String type) {
        for (JsonNode condition : status.path("conditions")) {
            if (condition.path("type").asText("").equals(type)) {
                return condition;
            }
        }
        return JsonNodeFactory.instance.missingNode();
    }
}
