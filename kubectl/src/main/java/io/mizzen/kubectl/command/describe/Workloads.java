// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.Durations;
import io.mizzen.kubectl.print.Tables;
import io.mizzen.kubectl.tree.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs. Pure. */
final class Workloads {
    private Workloads() {}

    /** What belongs to a Deployment. */
    record ReplicaSets(List<JsonNode> old, List<JsonNode> current) {}

    static void deployment(Description out, JsonNode object, ReplicaSets sets) {
        JsonNode spec = object.path("spec");
        JsonNode status = object.path("status");
        out.head(object);
        out.field(0, "CreationTimestamp", Description.time(Json.text(object, "metadata", "creationTimestamp")));
        out.metadata(object);
        out.field(0, "Selector", Services.selector(spec.path("selector")));
        out.field(
                0,
                "Replicas",
                Json.number(spec, "replicas") + " desired | " + Json.number(status, "updatedReplicas") + " updated | "
                        + Json.number(status, "replicas") + " total | " + Json.number(status, "availableReplicas")
                        + " available | " + Json.number(status, "unavailableReplicas") + " unavailable");
        out.field(0, "StrategyType", Json.text(spec, "strategy", "type"));
        out.field(0, "MinReadySeconds", Long.toString(Json.number(spec, "minReadySeconds")));
        JsonNode rolling = spec.path("strategy").path("rollingUpdate");
        if (rolling.isObject()) {
            out.field(
                    0,
                    "RollingUpdateStrategy",
                    Json.text(rolling, "maxUnavailable") + " max unavailable, " + Json.text(rolling, "maxSurge")
                            + " max surge");
        }
        PodTemplates.describe(out, spec.path("template"));
        PodTemplates.conditions(out, status);
        if (!sets.old().isEmpty() || !sets.current().isEmpty()) {
            out.field(0, "OldReplicaSets", sets(sets.old()));
            out.field(0, "NewReplicaSet", sets(sets.current()));
        }
    }

    private static String sets(List<JsonNode> sets) {
        List<String> shown = new ArrayList<>();
        for (JsonNode set : sets) {
            shown.add(Json.name(set) + " (" + Json.number(set, "status", "replicas") + "/"
                    + Json.number(set, "spec", "replicas") + " replicas created)");
        }
        return shown.isEmpty() ? "<none>" : String.join(", ", shown);
    }

    /** How many pods are in each phase. */
    static String podsStatus(List<JsonNode> pods) {
        int running = 0;
        int waiting = 0;
        int succeeded = 0;
        int failed = 0;
        for (JsonNode pod : pods) {
            switch (Json.text(pod, "status", "phase")) {
                case "Running" -> running++;
                case "Pending" -> waiting++;
                case "Succeeded" -> succeeded++;
                case "Failed" -> failed++;
                default -> {}
            }
        }
        return running + " Running / " + waiting + " Waiting / " + succeeded + " Succeeded / " + failed + " Failed";
    }

    static void replicaSet(Description out, JsonNode object, List<JsonNode> pods) {
        JsonNode spec = object.path("spec");
        out.head(object);
        out.field(0, "Selector", Services.selector(spec.path("selector")));
        out.metadata(object);
        out.optional(0, "Controlled By", Description.controller(object));
        out.field(
                0,
                "Replicas",
                Json.number(object, "status", "replicas") + " current / " + Json.number(spec, "replicas") + " desired");
        out.field(0, "Pods Status", podsStatus(pods));
        PodTemplates.describe(out, spec.path("template"));
        PodTemplates.conditions(out, object.path("status"));
    }

    static void statefulSet(Description out, JsonNode object, List<JsonNode> pods) {
        JsonNode spec = object.path("spec");
        out.head(object);
        out.field(0, "CreationTimestamp", Description.time(Json.text(object, "metadata", "creationTimestamp")));
        out.field(0, "Selector", Services.selector(spec.path("selector")));
        out.metadata(object);
        out.field(
                0,
                "Replicas",
                Json.number(spec, "replicas") + " desired | " + Json.number(object, "status", "replicas") + " total");
        out.field(0, "Update Strategy", Json.text(spec, "updateStrategy", "type"));
        JsonNode partition = spec.path("updateStrategy").path("rollingUpdate").path("partition");
        if (!partition.isMissingNode()) {
            out.field(1, "Partition", partition.asText());
        }
        out.field(0, "Pods Status", podsStatus(pods));
        PodTemplates.describe(out, spec.path("template"));
        JsonNode claims = spec.path("volumeClaimTemplates");
        out.append("Volume Claims:" + (claims.isEmpty() ? "\t<none>\n" : "\n"));
        for (JsonNode claim : claims) {
            out.field(1, "Name", Json.name(claim));
            out.field(1, "StorageClass", Json.text(claim, "spec", "storageClassName"));
            out.labels("  Labels", claim.path("metadata").path("labels"));
            out.annotations("  Annotations", claim.path("metadata").path("annotations"));
            String storage = Json.text(claim, "spec", "resources", "requests", "storage");
            out.field(1, "Capacity", storage.isEmpty() ? "<default>" : storage);
            List<String> modes = new ArrayList<>();
            claim.path("spec").path("accessModes").forEach(mode -> modes.add(mode.asText()));
            out.field(1, "Access Modes", "[" + String.join(" ", modes) + "]");
        }
    }

    static void daemonSet(Description out, JsonNode object, List<JsonNode> pods) {
        JsonNode spec = object.path("spec");
        JsonNode status = object.path("status");
        out.head(object);
        out.field(0, "Selector", Services.selector(spec.path("selector")));
        JsonNode nodes = spec.path("template").path("spec").path("nodeSelector");
        out.field(0, "Node-Selector", Description.inline(nodes));
        out.metadata(object);
        out.line(0, "Desired Number of Nodes Scheduled: " + number(status, "desiredNumberScheduled"));
        out.line(0, "Current Number of Nodes Scheduled: " + number(status, "currentNumberScheduled"));
        out.line(0, "Number of Nodes Scheduled with Up-to-date Pods: " + number(status, "updatedNumberScheduled"));
        out.line(0, "Number of Nodes Scheduled with Available Pods: " + number(status, "numberAvailable"));
        out.line(0, "Number of Nodes Misscheduled: " + number(status, "numberMisscheduled"));
        out.field(0, "Pods Status", podsStatus(pods));
        PodTemplates.describe(out, spec.path("template"));
    }

    private static String number(JsonNode node, String field) {
        return Long.toString(Json.number(node, field));
    }

    static void job(Description out, JsonNode object) {
        JsonNode spec = object.path("spec");
        JsonNode status = object.path("status");
        out.head(object);
        if (spec.path("selector").isObject()) {
            out.field(0, "Selector", Services.selector(spec.path("selector")));
        }
        out.metadata(object);
        out.optional(0, "Controlled By", Description.controller(object));
        out.optional(0, "Parallelism", Json.text(spec, "parallelism"));
        out.field(0, "Completions", Description.orUnset(Json.text(spec, "completions")));
        out.optional(0, "Completion Mode", Json.text(spec, "completionMode"));
        out.optional(0, "Suspend", Json.text(spec, "suspend"));
        out.optional(0, "Backoff Limit", Json.text(spec, "backoffLimit"));
        out.optional(0, "TTL Seconds After Finished", Json.text(spec, "ttlSecondsAfterFinished"));
        String started = Json.text(status, "startTime");
        String completed = Json.text(status, "completionTime");
        if (!started.isEmpty()) {
            out.field(0, "Start Time", Description.time(started));
        }
        if (!completed.isEmpty()) {
            out.field(0, "Completed At", Description.time(completed));
        }
        if (!started.isEmpty() && !completed.isEmpty()) {
            out.field(
                    0,
                    "Duration",
                    Durations.human(Duration.between(Tables.instant(started), Tables.instant(completed))));
        }
        if (spec.has("activeDeadlineSeconds")) {
            out.field(0, "Active Deadline Seconds", Json.text(spec, "activeDeadlineSeconds") + "s");
        }
        String ready = status.has("ready") ? " (" + number(status, "ready") + " Ready)" : "";
        out.field(
                0,
                "Pods Statuses",
                number(status, "active") + " Active" + ready + " / " + number(status, "succeeded") + " Succeeded / "
                        + number(status, "failed") + " Failed");
        if (Json.text(spec, "completionMode").equals("Indexed")) {
            out.field(0, "Completed Indexes", Description.orNone(Json.text(status, "completedIndexes")));
        }
        PodTemplates.describe(out, spec.path("template"));
    }

    static void cronJob(Description out, JsonNode object) {
        JsonNode spec = object.path("spec");
        out.head(object);
        out.metadata(object);
        out.field(0, "Schedule", Json.text(spec, "schedule"));
        out.field(0, "Concurrency Policy", Json.text(spec, "concurrencyPolicy"));
        out.field(0, "Suspend", spec.path("suspend").asBoolean(false) ? "True" : "False");
        out.field(0, "Time Zone", Description.orUnset(Json.text(spec, "timeZone")));
        out.field(
                0, "Successful Job History Limit", Description.orUnset(Json.text(spec, "successfulJobsHistoryLimit")));
        out.field(0, "Failed Job History Limit", Description.orUnset(Json.text(spec, "failedJobsHistoryLimit")));
        String deadline = Json.text(spec, "startingDeadlineSeconds");
        out.field(0, "Starting Deadline Seconds", deadline.isEmpty() ? "<unset>" : deadline + "s");
        JsonNode job = spec.path("jobTemplate").path("spec");
        out.field(0, "Selector", job.path("selector").isObject() ? Services.selector(job.path("selector")) : "<unset>");
        out.field(0, "Parallelism", Description.orUnset(Json.text(job, "parallelism")));
        out.field(0, "Completions", Description.orUnset(Json.text(job, "completions")));
        if (job.has("activeDeadlineSeconds")) {
            out.field(0, "Active Deadline Seconds", Json.text(job, "activeDeadlineSeconds") + "s");
        }
        PodTemplates.describe(out, job.path("template"));
        String last = Json.text(object, "status", "lastScheduleTime");
        out.field(0, "Last Schedule Time", last.isEmpty() ? "<unset>" : Description.time(last));
        List<String> active = new ArrayList<>();
        object.path("status").path("active").forEach(one -> active.add(Json.text(one, "name")));
        out.field(0, "Active Jobs", active.isEmpty() ? "<none>" : String.join(", ", active));
    }
}
