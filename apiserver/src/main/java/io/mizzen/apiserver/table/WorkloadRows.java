// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.ObjectTree;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Controllers of pods, and what scales and revises them. */
final class WorkloadRows {
    private WorkloadRows() {}

    static void register(Map<String, RowMaker> makers) {
        makers.put("ReplicationController", WorkloadRows::replicationController);
        makers.put("ReplicaSet.apps", WorkloadRows::replicaSet);
        makers.put("Deployment.apps", WorkloadRows::deployment);
        makers.put("StatefulSet.apps", WorkloadRows::statefulSet);
        makers.put("DaemonSet.apps", WorkloadRows::daemonSet);
        makers.put("Job.batch", WorkloadRows::job);
        makers.put("CronJob.batch", WorkloadRows::cronJob);
        makers.put("ControllerRevision.apps", WorkloadRows::revision);
        makers.put("HorizontalPodAutoscaler.autoscaling", WorkloadRows::autoscaler);
    }

    private static void replicas(Row row) {
        row.name().number(row.spec().path("replicas"));
        row.number(row.status().path("replicas")).number(row.status().path("readyReplicas"));
        row.age().containersAndImages(row.spec().path("template"));
    }

    private static void replicationController(Row row) {
        replicas(row);
        row.text(Row.labels(row.spec().path("selector")));
    }

    private static void replicaSet(Row row) {
        replicas(row);
        row.selector(row.spec().path("selector"));
    }

    private static String readyOfWanted(Row row) {
        return row.status().path("readyReplicas").asLong(0) + "/"
                + row.spec().path("replicas").asLong(0);
    }

    private static void deployment(Row row) {
        row.name().text(readyOfWanted(row));
        row.number(row.status().path("updatedReplicas")).number(row.status().path("availableReplicas"));
        row.age().containersAndImages(row.spec().path("template"));
        row.text(Row.selectorText(row.spec().path("selector"), "", "<invalid>"));
    }

    private static void statefulSet(Row row) {
        row.name().text(readyOfWanted(row)).age().containersAndImages(row.spec().path("template"));
    }

    private static void daemonSet(Row row) {
        JsonNode status = row.status();
        JsonNode template = row.spec().path("template");
        row.name().number(status.path("desiredNumberScheduled")).number(status.path("currentNumberScheduled"));
        row.number(status.path("numberReady")).number(status.path("updatedNumberScheduled"));
        row.number(status.path("numberAvailable"));
        row.text(Row.labels(template.path("spec").path("nodeSelector"))).age();
        row.containersAndImages(template).selector(row.spec().path("selector"));
    }

    private static void job(Row row) {
        JsonNode spec = row.spec();
        row.name().text(jobStatus(row.object()));
        long succeeded = row.status().path("succeeded").asLong(0);
        long parallelism = spec.path("parallelism").asLong(0);
        if (spec.hasNonNull("completions")) {
            row.text(succeeded + "/" + spec.path("completions").asLong());
        } else {
            row.text(succeeded + "/1" + (parallelism > 1 ? " of " + parallelism : ""));
        }
        row.text(jobDuration(row)).age().containersAndImages(spec.path("template"));
        row.selector(spec.path("selector"));
    }

    private static String jobStatus(JsonNode job) {
        for (String type : List.of("Complete", "Failed")) {
            if (Row.condition(job, type).equals("True")) {
                return type;
            }
        }
        if (ObjectTree.isTerminating(job)) {
            return "Terminating";
        }
        for (String type : List.of("Suspended", "FailureTarget", "SuccessCriteriaMet")) {
            if (Row.condition(job, type).equals("True")) {
                return type;
            }
        }
        return "Running";
    }

    private static String jobDuration(Row row) {
        Instant start = Row.time(row.status().path("startTime"));
        if (start == null) {
            return "";
        }
        Instant end = Row.time(row.status().path("completionTime"));
        return HumanDuration.between(start, end == null ? row.now() : end);
    }

    private static void cronJob(Row row) {
        JsonNode spec = row.spec();
        JsonNode jobSpec = spec.path("jobTemplate").path("spec");
        row.name().text(spec.path("schedule").asText("")).text(spec.path("timeZone"), Row.NONE);
        row.text(spec.hasNonNull("suspend") ? capital(spec.path("suspend").asBoolean()) : Row.UNSET);
        row.number(row.status().path("active").size());
        JsonNode last = row.status().path("lastScheduleTime");
        row.text(last.isTextual() ? row.since(last) : Row.NONE).age();
        row.containersAndImages(jobSpec.path("template")).selector(jobSpec.path("selector"));
    }

    private static String capital(boolean flag) {
        return flag ? "True" : "False";
    }

    private static void revision(Row row) {
        String controller = Row.NONE;
        for (JsonNode owner : row.object().path("metadata").path("ownerReferences")) {
            if (owner.path("controller").asBoolean(false)) {
                String apiVersion = owner.path("apiVersion").asText("");
                int slash = apiVersion.indexOf('/');
                String group = slash < 0 ? "" : "." + apiVersion.substring(0, slash);
                controller = owner.path("kind").asText("").toLowerCase(Locale.ROOT) + group + "/"
                        + owner.path("name").asText("");
            }
        }
        row.name().text(controller).number(row.object().path("revision")).age();
    }

    private static void autoscaler(Row row) {
        JsonNode spec = row.spec();
        JsonNode target = spec.path("scaleTargetRef");
        row.name()
                .text(target.path("kind").asText("") + "/" + target.path("name").asText(""));
        boolean old = row.object().path("apiVersion").asText("").equals("autoscaling/v1");
        List<String> targets = old ? percentTarget(row) : metricTargets(row);
        row.text(targets.isEmpty() ? Row.NONE : Row.limited(targets, 2, ", "));
        row.text(spec.path("minReplicas"), Row.UNSET).number(spec.path("maxReplicas"));
        row.number(row.status().path("currentReplicas")).age();
    }

    /** The one target that the first version of the kind knows. */
    private static List<String> percentTarget(Row row) {
        JsonNode wanted = row.spec().path("targetCPUUtilizationPercentage");
        if (!wanted.isNumber()) {
            return List.of();
        }
        JsonNode current = row.status().path("currentCPUUtilizationPercentage");
        return List.of(
                "cpu: " + (current.isNumber() ? current.asText() + "%" : Row.UNKNOWN) + "/" + wanted.asText() + "%");
    }

    private static List<String> metricTargets(Row row) {
        List<String> texts = new ArrayList<>();
        JsonNode current = row.status().path("currentMetrics");
        int index = 0;
        for (JsonNode metric : row.spec().path("metrics")) {
            texts.add(metricTarget(metric, current.path(index)));
            index++;
        }
        return texts;
    }

    private static String metricTarget(JsonNode metric, JsonNode status) {
        String type = metric.path("type").asText("");
        return switch (type) {
            case "External" -> valueOrAverage(metric.path("external"), status.path("external"));
            case "Object" -> valueOrAverage(metric.path("object"), status.path("object"));
            case "Pods" ->
                Row.textOr(status.path("pods").path("current").path("averageValue"), Row.UNKNOWN) + "/"
                        + metric.path("pods")
                                .path("target")
                                .path("averageValue")
                                .asText("");
            case "Resource" -> utilization(metric.path("resource"), status.path("resource"));
            case "ContainerResource" -> utilization(metric.path("containerResource"), status.path("containerResource"));
            default -> "<unknown type>";
        };
    }

    private static String valueOrAverage(JsonNode source, JsonNode status) {
        JsonNode target = source.path("target");
        JsonNode current = status.path("current");
        if (target.hasNonNull("averageValue")) {
            return Row.textOr(current.path("averageValue"), Row.UNKNOWN) + "/"
                    + target.path("averageValue").asText() + " (avg)";
        }
        return Row.textOr(current.path("value"), Row.UNKNOWN) + "/"
                + target.path("value").asText("");
    }

    private static String utilization(JsonNode source, JsonNode status) {
        JsonNode target = source.path("target");
        JsonNode current = status.path("current");
        String head = source.path("name").asText("") + ": ";
        if (target.hasNonNull("averageValue")) {
            return head + Row.textOr(current.path("averageValue"), Row.UNKNOWN) + "/"
                    + target.path("averageValue").asText();
        }
        String now = current.hasNonNull("averageUtilization")
                ? current.path("averageUtilization").asText() + "%"
                : Row.UNKNOWN;
        String wanted = target.hasNonNull("averageUtilization")
                ? target.path("averageUtilization").asText() + "%"
                : "<auto>";
        return head + now + "/" + wanted;
    }

    static String seconds(JsonNode seconds) {
        return HumanDuration.of(Duration.ofSeconds(seconds.asLong()));
    }
}
