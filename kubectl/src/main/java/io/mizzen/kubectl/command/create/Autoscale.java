// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;

/** {@code kubectl autoscale}: a HorizontalPodAutoscaler for a scalable object. */
public final class Autoscale extends Command {
    @Override
    public String flags() {
        return "cpu:s= cpu-percent:i=-1 field-manager:s=kubectl-autoscale max:i=-1 memory:s= min:i=-1 name:s="
                + " save-config:b=false" + PRINT + FILES + DRY_RUN;
    }

    @Override
    public String synopsis() {
        return "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY]";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        if (!flags.changed("max")) {
            throw CommandFailure.error("required flag(s) \"max\" not set");
        }
        if (flags.number("max") < 1) {
            throw CommandFailure.error("--max=MAXPODS is required and must be at least 1, max: " + flags.number("max"));
        }
        if (flags.number("max") < flags.number("min")) {
            throw CommandFailure.error("--max=MAXPODS must be larger or equal to --min=MINPODS, max: "
                    + flags.number("max") + ", min: " + flags.number("min"));
        }
        DryRun dryRun = call.dryRun();
        Failures failures = new Failures(call.io());
        Report report = new Report(call, false);
        for (Target target : new Targets(call, failures).liveOrUsage(call.arguments())) {
            failures.attempt(() -> create(call, target, dryRun, report));
        }
        return failures.exitCode();
    }

    private static void create(Invocation call, Target target, DryRun dryRun, Report report) {
        Flags flags = call.flags();
        String name = flags.text("name").isEmpty() ? target.name() : flags.text("name");
        ObjectNode object = Json.object();
        object.put("kind", "HorizontalPodAutoscaler").put("apiVersion", "autoscaling/v2");
        object.putObject("metadata").put("name", name);
        ObjectNode spec = object.putObject("spec");
        spec.putObject("scaleTargetRef")
                .put("kind", target.type().kind())
                .put("name", target.name())
                .put("apiVersion", target.type().apiVersion());
        if (flags.number("min") > 0) {
            spec.put("minReplicas", flags.number("min"));
        }
        spec.put("maxReplicas", flags.number("max"));
        ArrayNode metrics = Json.array();
        if (flags.number("cpu-percent") >= 0) {
            metric(metrics, "cpu", flags.number("cpu-percent") + "%");
        }
        metric(metrics, "cpu", flags.text("cpu"));
        metric(metrics, "memory", flags.text("memory"));
        if (!metrics.isEmpty()) {
            spec.set("metrics", metrics);
        }
        ObjectNode status = object.putObject("status");
        status.put("desiredReplicas", 0);
        status.putNull("currentMetrics");
        var made = dryRun == DryRun.CLIENT
                ? object
                : call.connection()
                        .post(
                                Connection.query(
                                        Generator.path(object, "horizontalpodautoscalers", target.namespace()),
                                        call.changeParameters()),
                                object);
        report.done(Generator.shown(object), "autoscaled", made);
    }

    private static void metric(ArrayNode metrics, String resource, String text) {
        if (text.isEmpty()) {
            return;
        }
        ObjectNode metric = metrics.addObject();
        metric.put("type", "Resource");
        ObjectNode target = metric.putObject("resource").put("name", resource).putObject("target");
        if (text.endsWith("%") || text.matches("\\d+") && resource.equals("cpu")) {
            String number = text.replace("%", "");
            if (!number.matches("\\d+")) {
                throw CommandFailure.error("invalid " + resource + " value: " + text);
            }
            target.put("type", "Utilization").put("averageUtilization", Long.parseLong(number));
        } else {
            target.put("type", "AverageValue").put("averageValue", text);
        }
    }
}
