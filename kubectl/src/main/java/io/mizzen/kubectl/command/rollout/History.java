// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Selectors;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.tree.Json;
import java.util.Map;
import java.util.TreeMap;

/** The revisions of a workload: ReplicaSets of a Deployment, ControllerRevisions of the others. Stateless. */
final class History {
    static final String REVISION = "deployment.kubernetes.io/revision";
    static final String CAUSE = "kubernetes.io/change-cause";

    private History() {}

    /** Every revision by its number: the ReplicaSet or ControllerRevision that holds it. */
    static Map<Long, JsonNode> of(Invocation call, Target target) {
        boolean deployment = target.type().kind().equals("Deployment");
        switch (target.type().kind()) {
            case "Deployment", "DaemonSet", "StatefulSet" -> {}
            default ->
                throw CommandFailure.error("no history viewer has been implemented for \""
                        + target.type().kind() + "\"");
        }
        ResourceType type = call.mapper().resource(deployment ? "replicasets.apps" : "controllerrevisions.apps");
        Map<String, String> parameters = new TreeMap<>();
        parameters.put(
                "labelSelector", Selectors.text(target.object().path("spec").path("selector")));
        JsonNode list = call.connection().get(Connection.query(type.path(target.namespace()), parameters));
        Map<Long, JsonNode> revisions = new TreeMap<>();
        String uid = Json.text(target.object(), "metadata", "uid");
        for (JsonNode item : list.path("items")) {
            long number =
                    deployment ? Json.number(item, "metadata", "annotations", REVISION) : Json.number(item, "revision");
            if (isOwned(item, uid) && (number > 0 || !deployment)) {
                revisions.put(number, item);
            }
        }
        return revisions;
    }

    private static boolean isOwned(JsonNode item, String uid) {
        for (JsonNode owner : item.path("metadata").path("ownerReferences")) {
            if (owner.path("controller").asBoolean(false)
                    && Json.text(owner, "uid").equals(uid)) {
                return true;
            }
        }
        return false;
    }

    /** The pod template that a revision holds. */
    static JsonNode template(Target target, JsonNode revision) {
        return target.type().kind().equals("Deployment")
                ? revision.path("spec").path("template")
                : revision.path("data").path("spec").path("template");
    }
}
