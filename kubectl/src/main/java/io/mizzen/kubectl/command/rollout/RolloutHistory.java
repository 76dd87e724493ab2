// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.describe.Description;
import io.mizzen.kubectl.command.describe.PodTemplates;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.print.TabWriter;
import io.mizzen.kubectl.tree.Json;
import java.util.List;
import java.util.Map;

/** {@code kubectl rollout history}: the revisions of a workload, or one of them in full. */
public final class RolloutHistory extends Command {
    @Override
    public String flags() {
        return "revision:i=0 selector,l:s=" + PRINT + FILES;
    }

    @Override
    public String synopsis() {
        return "(TYPE NAME | TYPE/NAME) [flags]";
    }

    @Override
    public int run(Invocation call) {
        if (call.flags().number("revision") < 0) {
            throw CommandFailure.error(
                    "revision must be a positive integer: " + call.flags().number("revision"));
        }
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
            failures.attempt(() -> show(call, target, report));
        }
        return failures.exitCode();
    }

    private static void show(Invocation call, Target target, Report report) {
        Map<Long, JsonNode> revisions = History.of(call, target);
        long wanted = call.flags().number("revision");
        JsonNode one = revisions.get(wanted);
        if (wanted > 0 && one == null) {
            throw CommandFailure.error("unable to find the specified revision");
        }
        if (!report.isHuman()) {
            for (Map.Entry<Long, JsonNode> entry : revisions.entrySet()) {
                if (wanted == 0 || entry.getKey() == wanted) {
                    report.done(target.shown(), "", entry.getValue());
                }
            }
            return;
        }
        String text = one == null ? table(revisions) : template(target, one);
        call.io()
                .out()
                .print(target.shown() + " " + (one == null ? "" : "with revision #" + wanted) + "\n" + text + "\n");
    }

    private static String table(Map<Long, JsonNode> revisions) {
        if (revisions.isEmpty()) {
            return "No rollout history found.";
        }
        TabWriter writer = new TabWriter(0, 2, false);
        writer.write("REVISION\tCHANGE-CAUSE\n");
        revisions.forEach((number, revision) -> {
            String cause = Json.text(revision, "metadata", "annotations", History.CAUSE);
            writer.write(number + "\t" + (cause.isEmpty() ? "<none>" : cause) + "\n");
        });
        return writer.flush();
    }

    private static String template(Target target, JsonNode revision) {
        ObjectNode template = History.template(target, revision).deepCopy();
        String cause = Json.text(revision, "metadata", "annotations", History.CAUSE);
        if (!cause.isEmpty()) {
            Json.child(template, "metadata", "annotations").put(History.CAUSE, cause);
        }
        Description out = new Description();
        PodTemplates.describe(out, template);
        return out.text();
    }
}
