// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.tree.Json;

/**
 * How far a rollout is, read from one object. Pure.
 *
 * @param message a line with its line feed
 * @param done whether there is nothing left to wait for
 */
record RolloutProgress(String message, boolean done) {

    static RolloutProgress of(Target target, JsonNode object, long revision) {
        return switch (target.type().kind()) {
            case "Deployment" -> deployment(object, revision);
            case "DaemonSet" -> daemonSet(object);
            case "StatefulSet" -> statefulSet(object);
            default ->
                throw CommandFailure.error("no status viewer has been implemented for "
                        + target.type().kind());
        };
    }

    private static boolean isObserved(JsonNode object) {
        return Json.number(object, "metadata", "generation") <= Json.number(object, "status", "observedGeneration");
    }

    private static RolloutProgress deployment(JsonNode object, long revision) {
        String name = Json.name(object);
        if (revision > 0) {
            long actual = Json.number(object, "metadata", "annotations", "deployment.kubernetes.io/revision");
            if (actual != revision) {
                throw CommandFailure.error(
                        "desired revision (" + revision + ") is different from the running revision (" + actual + ")");
            }
        }
        if (!isObserved(object)) {
            return new RolloutProgress("Waiting for deployment spec update to be observed...\n", false);
        }
        for (JsonNode condition : object.path("status").path("conditions")) {
            if (Json.text(condition, "type").equals("Progressing")
                    && Json.text(condition, "reason").equals("ProgressDeadlineExceeded")) {
                throw CommandFailure.error("deployment \"" + name + "\" exceeded its progress deadline");
            }
        }
        JsonNode status = object.path("status");
        long wanted = object.path("spec").path("replicas").asLong(1);
        long updated = Json.number(status, "updatedReplicas");
        long replicas = Json.number(status, "replicas");
        long available = Json.number(status, "availableReplicas");
        String head = "Waiting for deployment \"" + name + "\" rollout to finish: ";
        if (updated < wanted) {
            return new RolloutProgress(
                    head + updated + " out of " + wanted + " new replicas have been updated...\n", false);
        }
        if (replicas > updated) {
            return new RolloutProgress(
                    head + (replicas - updated) + " old replicas are pending termination...\n", false);
        }
        if (available < updated) {
            return new RolloutProgress(
                    head + available + " of " + updated + " updated replicas are available...\n", false);
        }
        return new RolloutProgress("deployment \"" + name + "\" successfully rolled out\n", true);
    }

    private static RolloutProgress daemonSet(JsonNode object) {
        String name = Json.name(object);
        if (!Json.text(object, "spec", "updateStrategy", "type").equals("RollingUpdate")) {
            throw CommandFailure.error("rollout status is only available for RollingUpdate strategy type");
        }
        if (!isObserved(object)) {
            return new RolloutProgress("Waiting for daemon set spec update to be observed...\n", false);
        }
        JsonNode status = object.path("status");
        long wanted = Json.number(status, "desiredNumberScheduled");
        long updated = Json.number(status, "updatedNumberScheduled");
        long available = Json.number(status, "numberAvailable");
        String head = "Waiting for daemon set \"" + name + "\" rollout to finish: ";
        if (updated < wanted) {
            return new RolloutProgress(
                    head + updated + " out of " + wanted + " new pods have been updated...\n", false);
        }
        if (available < wanted) {
            return new RolloutProgress(head + available + " of " + wanted + " updated pods are available...\n", false);
        }
        return new RolloutProgress("daemon set \"" + name + "\" successfully rolled out\n", true);
    }

    private static RolloutProgress statefulSet(JsonNode object) {
        if (!Json.text(object, "spec", "updateStrategy", "type").equals("RollingUpdate")) {
            throw CommandFailure.error("rollout status is only available for RollingUpdate strategy type");
        }
        JsonNode status = object.path("status");
        if (Json.number(status, "observedGeneration") == 0 || !isObserved(object)) {
            return new RolloutProgress("Waiting for statefulset spec update to be observed...\n", false);
        }
        long wanted = object.path("spec").path("replicas").asLong(1);
        long ready = Json.number(status, "readyReplicas");
        long updated = Json.number(status, "updatedReplicas");
        if (ready < wanted) {
            return new RolloutProgress("Waiting for " + (wanted - ready) + " pods to be ready...\n", false);
        }
        JsonNode partition =
                object.path("spec").path("updateStrategy").path("rollingUpdate").path("partition");
        if (partition.asLong(0) > 0) {
            long target = wanted - partition.asLong(0);
            return updated < target
                    ? new RolloutProgress(
                            "Waiting for partitioned roll out to finish: " + updated + " out of " + target
                                    + " new pods have been updated...\n",
                            false)
                    : new RolloutProgress(
                            "partitioned roll out complete: " + updated + " new pods have been updated...\n", true);
        }
        String revision = Json.text(status, "updateRevision");
        if (!revision.equals(Json.text(status, "currentRevision"))) {
            return new RolloutProgress(
                    "waiting for statefulset rolling update to complete " + updated + " pods at revision " + revision
                            + "...\n",
                    false);
        }
        return new RolloutProgress(
                "statefulset rolling update complete " + Json.number(status, "currentReplicas") + " pods at revision "
                        + Json.text(status, "currentRevision") + "...\n",
                true);
    }
}
