// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.describe.Description;
import io.mizzen.kubectl.command.describe.PodTemplates;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code kubectl rollout undo}: puts the template of an earlier revision back. */
public final class RolloutUndo extends Command {
    @Override
    public String flags() {
        return "selector,l:s= to-revision:i=0" + PRINT + FILES + DRY_RUN;
    }

    @Override
    public String synopsis() {
        return "(TYPE NAME | TYPE/NAME) [flags]";
    }

    @Override
    public int run(Invocation call) {
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (call.arguments().isEmpty() && !targets.fromFiles()) {
            throw call.usage("required resource not specified");
        }
        Report report = new Report(call, true);
        List<Target> found = targets.live(call.arguments());
        if (found.isEmpty() && failures.exitCode() == 0) {
            call.io().errorLine("No resources found in " + call.namespace() + " namespace.");
        }
        for (Target target : found) {
            failures.attempt(() -> undo(call, target, report));
        }
        return failures.exitCode();
    }

    private static void undo(Invocation call, Target target, Report report) {
        String applied = "kubectl.kubernetes.io/last-applied-configuration";
        if (target.object().path("metadata").path("annotations").has(applied)) {
            call.io()
                    .errorLine("Warning: resource " + target.type().plural() + "/" + target.name()
                            + " was previously managed with 'kubectl apply'. Rolling back will not update the "
                            + applied
                            + " annotation, which may cause unexpected behavior on future 'kubectl apply' operations."
                            + " Consider using 'kubectl apply' with your previous configuration file instead.");
        }
        long wanted = call.flags().number("to-revision");
        if (wanted < 0) {
            throw CommandFailure.error("unable to find specified revision " + wanted + " in history");
        }
        Map<Long, JsonNode> revisions = History.of(call, target);
        JsonNode revision = choose(target, revisions, wanted);
        if (call.dryRun() == DryRun.CLIENT) {
            Description out = new Description();
            PodTemplates.describe(out, History.template(target, revision));
            report.done(target.shown(), "Pod Template:\n" + out.text(), target.object());
            return;
        }
        boolean deployment = target.type().kind().equals("Deployment");
        if (deployment && target.object().path("spec").path("paused").asBoolean(false)) {
            throw CommandFailure.error(
                    "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume'"
                            + " and try again");
        }
        boolean same = deployment
                ? withoutHash(History.template(target, revision))
                        .equals(withoutHash(target.object().path("spec").path("template")))
                : History.template(target, revision)
                        .equals(target.object().path("spec").path("template"));
        if (same) {
            report.done(
                    target.shown(),
                    "skipped rollback (current template already matches revision " + numberOf(revisions, revision)
                            + ")",
                    target.object());
            return;
        }
        JsonNode changed = deployment ? rollBack(call, target, revision) : rollBackByPatch(call, target, revision);
        report.done(target.shown(), "rolled back", changed);
    }

    private static long numberOf(Map<Long, JsonNode> revisions, JsonNode revision) {
        for (Map.Entry<Long, JsonNode> entry : revisions.entrySet()) {
            if (entry.getValue() == revision) {
                return entry.getKey();
            }
        }
        return 0;
    }

    private static JsonNode choose(Target target, Map<Long, JsonNode> revisions, long wanted) {
        if (wanted > 0) {
            JsonNode revision = revisions.get(wanted);
            if (revision == null) {
                throw CommandFailure.error("unable to find specified revision " + wanted + " in history");
            }
            return revision;
        }
        List<JsonNode> ordered = List.copyOf(revisions.values());
        if (ordered.size() < 2) {
            throw CommandFailure.error("no rollout history found for "
                    + target.type().kind().toLowerCase(java.util.Locale.ROOT) + " \"" + target.name() + "\"");
        }
        return ordered.get(ordered.size() - 2);
    }

    private static JsonNode withoutHash(JsonNode template) {
        ObjectNode copy = template.deepCopy();
        if (copy.path("metadata").path("labels") instanceof ObjectNode labels) {
            labels.remove("pod-template-hash");
        }
        return copy;
    }

    private static JsonNode rollBack(Invocation call, Target target, JsonNode revision) {
        ArrayNode patch = Json.array();
        ObjectNode template = patch.addObject();
        template.put("op", "replace").put("path", "/spec/template");
        template.set("value", withoutHash(revision.path("spec").path("template")));
        ObjectNode annotations = Json.object();
        JsonNode old = revision.path("metadata").path("annotations");
        for (String key : Json.keys(target.object().path("metadata").path("annotations"))) {
            if (key.equals("kubectl.kubernetes.io/last-applied-configuration") || key.equals(History.REVISION)) {
                annotations.put(key, Json.text(target.object(), "metadata", "annotations", key));
            }
        }
        for (String key : Json.keys(old)) {
            if (!key.startsWith("deployment.kubernetes.io/")
                    && !key.equals("kubectl.kubernetes.io/last-applied-configuration")) {
                annotations.put(key, Json.text(old, key));
            }
        }
        ObjectNode second = patch.addObject();
        second.put("op", "replace").put("path", "/metadata/annotations");
        second.set("value", annotations);
        return call.connection().patch(Connection.query(target.path(), parameters(call)), Connection.JSON_PATCH, patch);
    }

    private static JsonNode rollBackByPatch(Invocation call, Target target, JsonNode revision) {
        return call.connection()
                .patch(Connection.query(target.path(), parameters(call)), Connection.STRATEGIC, revision.path("data"));
    }

    private static Map<String, String> parameters(Invocation call) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("dryRun", call.dryRun().parameter());
        return parameters;
    }
}
