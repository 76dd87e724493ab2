// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.command.write.Change;
import io.mizzen.kubectl.tree.Json;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** {@code kubectl rollout restart|pause|resume}: small changes of the template or of {@code spec.paused}. */
public final class RolloutChange extends Command {
    private final String verb;

    /** @param verb {@code restart}, {@code pause} or {@code resume} */
    public RolloutChange(String verb) {
        this.verb = verb;
    }

    @Override
    public String flags() {
        return "field-manager:s=kubectl-rollout selector,l:s=" + PRINT + FILES;
    }

    @Override
    public String synopsis() {
        return "RESOURCE";
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
            failures.attempt(() -> change(call, target, report));
        }
        return failures.exitCode();
    }

    private void change(Invocation call, Target target, Report report) {
        ObjectNode changed = target.object().deepCopy();
        String done = switch (verb) {
            case "restart" -> restart(target, changed);
            case "pause" -> pause(target, changed, true);
            default -> pause(target, changed, false);
        };
        JsonNode result = Change.send(call, target, changed);
        report.done(target.shown(), done, result);
    }

    private static String restart(Target target, ObjectNode changed) {
        switch (target.type().kind()) {
            case "Deployment", "DaemonSet", "StatefulSet" -> {}
            default ->
                throw CommandFailure.error(
                        target.type().plural() + " \"" + target.name() + "\" restarting is not supported");
        }
        if (changed.path("spec").path("paused").asBoolean(false)) {
            throw CommandFailure.error(target.type().plural() + " \"" + target.name()
                    + "\" can't restart paused deployment (run rollout resume first)");
        }
        Json.child(changed, "spec", "template", "metadata", "annotations")
                .put(
                        "kubectl.kubernetes.io/restartedAt",
                        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        return "restarted";
    }

    private static String pause(Target target, ObjectNode changed, boolean pause) {
        String doing = pause ? "pausing" : "resuming";
        if (!target.type().kind().equals("Deployment")) {
            throw CommandFailure.error(
                    target.type().plural() + " \"" + target.name() + "\" " + doing + " is not supported");
        }
        boolean paused = changed.path("spec").path("paused").asBoolean(false);
        if (paused == pause) {
            throw CommandFailure.error(target.type().plural() + ".apps \"" + target.name() + "\" "
                    + (pause ? "is already paused" : "is not paused"));
        }
        if (pause) {
            Json.child(changed, "spec").put("paused", true);
        } else {
            Json.child(changed, "spec").remove("paused");
        }
        return pause ? "paused" : "resumed";
    }
}
