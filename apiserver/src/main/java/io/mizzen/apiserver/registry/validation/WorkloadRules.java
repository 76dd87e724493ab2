// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.Names;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.schedule.CronSchedule;
import io.mizzen.api.selector.LabelSelector;
import io.mizzen.apiserver.schema.FieldErrors;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Rules of what makes pods: selector and template fit together, and the selector stays. */
final class WorkloadRules {
    private static final Set<String> STATEFUL_CHANGES = Set.of(
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds");

    private WorkloadRules() {}

    static void register(Map<String, KindRules> rules) {
        rules.put("Deployment.apps", of(WorkloadRules::deployment, WorkloadRules::selectorStays));
        rules.put("ReplicaSet.apps", of(WorkloadRules::replicaSet, WorkloadRules::selectorStays));
        rules.put("DaemonSet.apps", of(WorkloadRules::daemonSet, WorkloadRules::selectorStays));
        rules.put("StatefulSet.apps", of(WorkloadRules::statefulSet, WorkloadRules::statefulSetChange));
        rules.put("Job.batch", of(WorkloadRules::job, WorkloadRules::jobChange));
        rules.put("CronJob.batch", of(WorkloadRules::cronJob, (errors, object, old) -> {}));
        rules.put(
                "ControllerRevision.apps",
                of(
                        (errors, object) -> {},
                        (errors, object, old) ->
                                Values.immutable(errors, "data", object.path("data"), old.path("data"))));
        rules.put("HorizontalPodAutoscaler.autoscaling", of(WorkloadRules::autoscaler, (errors, object, old) -> {}));
    }

    /** Rules of an object by itself. */
    interface Check {
        void run(FieldErrors errors, ObjectNode object);
    }

    /** Rules of a change. */
    interface Change {
        void run(FieldErrors errors, ObjectNode object, ObjectNode old);
    }

    static KindRules of(Check check, Change change) {
        return new KindRules() {
            @Override
            public void check(FieldErrors errors, ObjectNode object) {
                check.run(errors, object);
            }

            @Override
            public void change(FieldErrors errors, ObjectNode object, ObjectNode old) {
                change.run(errors, object, old);
            }
        };
    }

    private static void selectorStays(FieldErrors errors, ObjectNode object, ObjectNode old) {
        Values.immutable(
                errors,
                "spec.selector",
                object.path("spec").path("selector"),
                old.path("spec").path("selector"));
    }

    /** Selector and template of the kinds that keep pods running. */
    private static void keepsRunning(FieldErrors errors, JsonNode spec, String kindInText, String kind) {
        JsonNode selector = spec.path("selector");
        if (!selector.isObject()) {
            errors.required("spec.selector", "");
        } else {
            Values.selector(errors, "spec.selector", selector);
            if (Values.isEmptySelector(selector)) {
                errors.invalid("spec.selector", selector, "empty selector is invalid for " + kindInText);
            }
        }
        template(errors, spec, selector);
        JsonNode podSpec = spec.path("template").path("spec");
        if (!podSpec.path("restartPolicy").asText("Always").equals("Always")) {
            errors.notSupported("spec.template.spec.restartPolicy", podSpec.path("restartPolicy"), List.of("Always"));
        }
        if (podSpec.hasNonNull("activeDeadlineSeconds")) {
            errors.forbidden(
                    "spec.template.spec.activeDeadlineSeconds",
                    "activeDeadlineSeconds in " + kind + " is not Supported");
        }
        Values.notNegative(errors, "spec", spec, "replicas", "minReadySeconds", "revisionHistoryLimit");
    }

    private static void template(FieldErrors errors, JsonNode workload, JsonNode selector) {
        JsonNode template = workload.path("template");
        JsonNode labels = template.path("metadata").path("labels");
        if (selector.isObject() && !Values.isEmptySelector(selector)) {
            try {
                if (!LabelSelector.ofObject(selector).matches(ObjectTree.strings(labels))) {
                    errors.invalid(
                            "spec.template.metadata.labels",
                            labels.isObject() ? labels : null,
                            "`selector` does not match template `labels`");
                }
            } catch (IllegalArgumentException reported) {
                // The selector itself has been refused already.
                return;
            }
        }
        MetadataRules.labelsAndAnnotations(errors, template.path("metadata"), "spec.template.metadata");
        Set<String> claims = new HashSet<>();
        workload.path("volumeClaimTemplates").forEach(claim -> claims.add(ObjectTree.name(claim)));
        PodSpecRules.check(errors, template.path("spec"), "spec.template.spec", claims);
    }

    private static void deployment(FieldErrors errors, ObjectNode object) {
        JsonNode spec = object.path("spec");
        keepsRunning(errors, spec, "deployment", "ReplicaSet");
        JsonNode strategy = spec.path("strategy");
        JsonNode rolling = strategy.path("rollingUpdate");
        String type = strategy.path("type").asText("");
        Values.oneOf(errors, "spec.strategy.type", strategy.path("type"), List.of("Recreate", "RollingUpdate"));
        if (type.equals("Recreate") && rolling.isObject()) {
            errors.forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
        } else if (type.equals("RollingUpdate") && rolling.isObject()) {
            String path = "spec.strategy.rollingUpdate";
            Values.numberOrPercent(errors, at(path, "maxUnavailable"), rolling.path("maxUnavailable"));
            Values.numberOrPercent(errors, at(path, "maxSurge"), rolling.path("maxSurge"));
            if (Values.isZero(rolling.path("maxUnavailable")) && Values.isZero(rolling.path("maxSurge"))) {
                errors.invalid(
                        at(path, "maxUnavailable"),
                        rolling.path("maxUnavailable"),
                        "may not be 0 when `maxSurge` is 0");
            }
            atMostAll(errors, at(path, "maxUnavailable"), rolling.path("maxUnavailable"));
        }
        JsonNode deadline = spec.path("progressDeadlineSeconds");
        Values.notNegative(errors, "spec.progressDeadlineSeconds", deadline);
        if (deadline.isNumber()
                && deadline.asLong() <= spec.path("minReadySeconds").asLong(0)) {
            errors.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
        }
    }

    private static void atMostAll(FieldErrors errors, String path, JsonNode node) {
        String text = node.asText("");
        if (node.isTextual()
                && text.matches("[0-9]{1,9}%")
                && Integer.parseInt(text.substring(0, text.length() - 1)) > 100) {
            errors.invalid(path, node, "must not be greater than 100%");
        }
    }

    private static void replicaSet(FieldErrors errors, ObjectNode object) {
        keepsRunning(errors, object.path("spec"), "deployment", "ReplicaSet");
    }

    private static void daemonSet(FieldErrors errors, ObjectNode object) {
        JsonNode spec = object.path("spec");
        keepsRunning(errors, spec, "daemonset", "DaemonSet");
        JsonNode rolling = spec.path("updateStrategy").path("rollingUpdate");
        String path = "spec.updateStrategy.rollingUpdate";
        Values.numberOrPercent(errors, at(path, "maxUnavailable"), rolling.path("maxUnavailable"));
        Values.numberOrPercent(errors, at(path, "maxSurge"), rolling.path("maxSurge"));
        if (!rolling.isObject()) {
            return;
        }
        boolean surge = rolling.hasNonNull("maxSurge") && !Values.isZero(rolling.path("maxSurge"));
        boolean unavailable = rolling.hasNonNull("maxUnavailable") && !Values.isZero(rolling.path("maxUnavailable"));
        if (surge && unavailable) {
            errors.invalid(
                    at(path, "maxSurge"), rolling.path("maxSurge"), "may not be set when maxUnavailable is non-zero");
        } else if (!surge && !unavailable) {
            errors.required(at(path, "maxUnavailable"), "cannot be 0 when maxSurge is 0");
        }
    }

    private static void statefulSet(FieldErrors errors, ObjectNode object) {
        JsonNode spec = object.path("spec");
        keepsRunning(errors, spec, "statefulset", "StatefulSet");
        JsonNode policy = spec.path("podManagementPolicy");
        if (!Values.absent(policy) && !Set.of("OrderedReady", "Parallel").contains(policy.asText())) {
            errors.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'");
        }
        Values.notNegative(errors, "spec.ordinals.start", spec.path("ordinals").path("start"));
    }

    private static void statefulSetChange(FieldErrors errors, ObjectNode object, ObjectNode old) {
        Set<String> fields = new java.util.TreeSet<>();
        object.path("spec").properties().forEach(field -> fields.add(field.getKey()));
        old.path("spec").properties().forEach(field -> fields.add(field.getKey()));
        for (String field : fields) {
            if (!STATEFUL_CHANGES.contains(field)
                    && !Values.same(
                            object.path("spec").path(field), old.path("spec").path(field))) {
                errors.forbidden(
                        "spec",
                        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
                                + "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' "
                                + "and 'minReadySeconds' are forbidden");
                return;
            }
        }
    }

    private static void job(FieldErrors errors, ObjectNode object) {
        JsonNode spec = object.path("spec");
        jobSpec(errors, spec, "spec");
        JsonNode selector = spec.path("selector");
        template(errors, spec, selector);
        boolean indexed = spec.path("completionMode").asText("").equals("Indexed");
        if (indexed && spec.path("completions").asLong(0) > 0) {
            String last =
                    ObjectTree.name(object) + "-" + (spec.path("completions").asLong() - 1);
            if (!Names.labelErrors(last).isEmpty()) {
                errors.invalid(
                        "metadata.name",
                        ObjectTree.name(object),
                        "will not able to create pod with invalid DNS label: " + last);
            }
        }
    }

    private static void jobSpec(FieldErrors errors, JsonNode spec, String path) {
        Values.notNegative(
                errors,
                path,
                spec,
                "parallelism",
                "completions",
                "activeDeadlineSeconds",
                "backoffLimit",
                "ttlSecondsAfterFinished",
                "backoffLimitPerIndex",
                "maxFailedIndexes");
        boolean indexed = spec.path("completionMode").asText("").equals("Indexed");
        if (indexed && !spec.hasNonNull("completions")) {
            errors.required(at(path, "completions"), "when completion mode is Indexed");
        }
        if (!indexed && spec.hasNonNull("backoffLimitPerIndex")) {
            errors.invalid(
                    at(path, "backoffLimitPerIndex"),
                    spec.path("backoffLimitPerIndex"),
                    "requires indexed completion mode");
        }
        JsonNode restart = spec.path("template").path("spec").path("restartPolicy");
        String field = at(path, "template.spec.restartPolicy");
        if (Values.absent(restart) || restart.asText().equals("Always")) {
            errors.required(field, "valid values: \"OnFailure\", \"Never\"");
        } else {
            Values.oneOf(errors, field, restart, List.of("OnFailure", "Never"));
        }
    }

    private static void jobChange(FieldErrors errors, ObjectNode object, ObjectNode old) {
        JsonNode now = object.path("spec");
        JsonNode before = old.path("spec");
        boolean indexed = now.path("completionMode").asText("").equals("Indexed");
        if (!indexed || !Values.same(now.path("completions"), now.path("parallelism"))) {
            Values.immutable(errors, "spec.completions", now.path("completions"), before.path("completions"));
        }
        for (String field : List.of(
                "selector",
                "completionMode",
                "podFailurePolicy",
                "backoffLimitPerIndex",
                "managedBy",
                "successPolicy")) {
            Values.immutable(errors, at("spec", field), now.path(field), before.path(field));
        }
        // While a job is suspended and has not begun, its queue may still decide where the pods go.
        boolean waiting =
                before.path("suspend").asBoolean(false) && !old.path("status").hasNonNull("startTime");
        if (!waiting) {
            Values.immutable(errors, "spec.template", now.path("template"), before.path("template"));
        }
    }

    private static void cronJob(FieldErrors errors, ObjectNode object) {
        JsonNode spec = object.path("spec");
        String name = ObjectTree.name(object);
        if (name.length() > 52) {
            errors.invalid("metadata.name", name, "must be no more than 52 characters");
        }
        JsonNode schedule = spec.path("schedule");
        if (Values.required(errors, "spec.schedule", schedule)) {
            schedule(errors, schedule.asText());
        }
        String zone = spec.path("timeZone").asText("");
        if (!zone.isEmpty() && !isZone(zone)) {
            errors.invalid("spec.timeZone", zone, "unknown time zone " + zone);
        }
        Values.oneOf(
                errors,
                "spec.concurrencyPolicy",
                spec.path("concurrencyPolicy"),
                List.of("Allow", "Forbid", "Replace"));
        Values.notNegative(
                errors,
                "spec",
                spec,
                "startingDeadlineSeconds",
                "successfulJobsHistoryLimit",
                "failedJobsHistoryLimit");
        JsonNode jobSpec = spec.path("jobTemplate").path("spec");
        jobSpec(errors, jobSpec, "spec.jobTemplate.spec");
        PodSpecRules.check(errors, jobSpec.path("template").path("spec"), "spec.jobTemplate.spec.template.spec");
    }

    private static void schedule(FieldErrors errors, String schedule) {
        if (schedule.contains("TZ=")) {
            errors.invalid(
                    "spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
            return;
        }
        try {
            new CronSchedule(schedule);
        } catch (IllegalArgumentException e) {
            errors.invalid("spec.schedule", schedule, String.valueOf(e.getMessage()));
        }
    }

    private static boolean isZone(String zone) {
        try {
            return !zone.toLowerCase(Locale.ROOT).equals("local")
                    && !ZoneId.of(zone).getId().isEmpty();
        } catch (DateTimeException unknown) {
            return false;
        }
    }

    private static void autoscaler(FieldErrors errors, ObjectNode object) {
        JsonNode spec = object.path("spec");
        long most = spec.path("maxReplicas").asLong(0);
        JsonNode least = spec.path("minReplicas");
        if (least.isNumber() && least.asLong() < 1) {
            errors.invalid("spec.minReplicas", least, "must be greater than or equal to 1");
        }
        if (most < 1) {
            errors.invalid("spec.maxReplicas", most, "must be greater than 0");
        }
        if (least.isNumber() && most < least.asLong()) {
            errors.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`");
        }
        Values.required(
                errors, "spec.scaleTargetRef.kind", spec.path("scaleTargetRef").path("kind"));
        Values.required(
                errors, "spec.scaleTargetRef.name", spec.path("scaleTargetRef").path("name"));
    }
}
