// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.command.write.Change;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;

/** What the {@code set} commands share: find objects, change a copy of each, send the difference. */
abstract class SetCommand extends Command {
    static final String COMMON =
            " all:b=false field-manager:s=kubectl-set local:b=false selector,l:s=" + PRINT + FILES + DRY_RUN;

    /** Takes what is to be set out of the arguments and returns those that name objects. */
    abstract List<String> prepare(Invocation call);

    /** Changes {@code object}; false when it has nothing of that sort. */
    abstract boolean change(Invocation call, Target target, ObjectNode object);

    /** What happened, e.g. {@code image updated}. */
    abstract String done();

    @Override
    public int run(Invocation call) {
        List<String> resources = prepare(call);
        Flags flags = call.flags();
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (resources.isEmpty() && !targets.fromFiles()) {
            throw CommandFailure.error(
                    "one or more resources must be specified as <resource> <name> or <resource>/<name>");
        }
        Report report = new Report(call, true);
        for (Target target : targets.liveOrUsage(resources)) {
            failures.attempt(() -> {
                ObjectNode changed = target.object().deepCopy();
                if (!change(call, target, changed)) {
                    throw CommandFailure.error(target.shown() + " does not have a pod template");
                }
                boolean local = flags.is("local");
                if (!local && !Change.differs(target, changed) && report.isHuman()) {
                    return;
                }
                JsonNode result = Change.send(call, target, changed);
                report.done(target.shown(), done(), result);
            });
        }
        return failures.exitCode();
    }

    /** The pod spec inside a workload or pod; a missing node when there is none. */
    static JsonNode podSpec(JsonNode object) {
        return switch (Json.text(object, "kind")) {
            case "Pod" -> object.path("spec");
            case "CronJob" ->
                object.path("spec")
                        .path("jobTemplate")
                        .path("spec")
                        .path("template")
                        .path("spec");
            default -> object.path("spec").path("template").path("spec");
        };
    }

    /** The containers whose names fit a pattern ({@code *} and {@code ?}). */
    static List<ObjectNode> containers(JsonNode object, String pattern, boolean withInit) {
        List<ObjectNode> found = new ArrayList<>();
        String regex = pattern.replace(".", "\\.").replace("*", ".*").replace("?", ".");
        for (String list : withInit ? List.of("initContainers", "containers") : List.of("containers")) {
            for (JsonNode one : podSpec(object).path(list)) {
                if (one instanceof ObjectNode container
                        && Json.text(one, "name").matches(regex)) {
                    found.add(container);
                }
            }
        }
        return found;
    }

    /** Arguments that name objects: those before the first with an equals sign. */
    static List<String> split(List<String> arguments, List<String> pairs) {
        List<String> resources = new ArrayList<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            if (equals > 0 || argument.endsWith("-") && argument.length() > 1) {
                pairs.add(argument);
            } else {
                resources.add(argument);
            }
        }
        return resources;
    }
}
