// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.time.Duration;
import java.util.List;

/** {@code kubectl scale}: sets the number of replicas through the scale subresource. */
public final class Scale extends Command {
    private static final long POLL_MILLIS = 250;

    @Override
    public String flags() {
        return "all:b=false current-replicas:i=-1 replicas:i=0 resource-version:s= selector,l:s= timeout:d=0s" + PRINT
                + FILES + DRY_RUN;
    }

    @Override
    public String synopsis() {
        return "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        if (!flags.changed("replicas")) {
            throw CommandFailure.error("required flag(s) \"replicas\" not set");
        }
        if (flags.number("replicas") < 0) {
            throw CommandFailure.error(
                    "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
        }
        Failures failures = new Failures(call.io());
        Report report = new Report(call, true);
        List<Target> targets = new Targets(call, failures).liveOrUsage(call.arguments());
        if (targets.isEmpty() && failures.exitCode() == 0) {
            throw CommandFailure.error("no objects passed to scale");
        }
        if (targets.size() > 1 && !flags.text("resource-version").isEmpty()) {
            throw CommandFailure.error("cannot use --resource-version with multiple resources");
        }
        for (Target target : targets) {
            failures.attempt(() -> scale(call, target, report));
        }
        return failures.exitCode();
    }

    private static void scale(Invocation call, Target target, Report report) {
        Flags flags = call.flags();
        if (!target.type().subresources().isEmpty()
                && !target.type().subresources().contains("scale")) {
            throw new CommandFailure(
                    1, "Error from server (NotFound): the server could not find the requested resource");
        }
        String path = target.path() + "/scale";
        long wanted = flags.number("replicas");
        ObjectNode patch = Json.object();
        Json.child(patch, "spec").put("replicas", wanted);
        if (flags.changed("current-replicas") && flags.number("current-replicas") >= 0
                || !flags.text("resource-version").isEmpty()) {
            JsonNode now = call.connection().get(path);
            long current = Json.number(now, "spec", "replicas");
            String version = Json.text(now, "metadata", "resourceVersion");
            if (flags.changed("current-replicas") && current != flags.number("current-replicas")) {
                throw CommandFailure.error(
                        "Expected replicas to be " + flags.number("current-replicas") + ", was " + current);
            }
            String expected = flags.text("resource-version");
            if (!expected.isEmpty() && !version.equals(expected)) {
                throw CommandFailure.error("Expected resource version to be " + expected + ", was " + version);
            }
            Json.child(patch, "metadata").put("resourceVersion", version);
        }
        if (call.dryRun() != DryRun.CLIENT) {
            call.connection().patch(Connection.query(path, call.changeParameters()), Connection.MERGE, patch);
        }
        if (!flags.duration("timeout").isZero() && call.dryRun() == DryRun.NONE) {
            await(call, target, wanted, flags.duration("timeout"));
        }
        JsonNode shown = report.wantsObjects() ? call.connection().get(target.path()) : target.object();
        report.done(target.shown(), "scaled", shown);
    }

    private static void await(Invocation call, Target target, long wanted, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (Json.number(call.connection().get(target.path()), "status", "replicas") != wanted) {
            if (System.nanoTime() > deadline) {
                throw CommandFailure.error("timed out waiting for the condition");
            }
            Pause.millis(POLL_MILLIS);
        }
    }
}
