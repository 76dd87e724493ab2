// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
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
import io.mizzen.kubectl.tree.Yaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code kubectl patch}: sends a strategic merge, JSON merge or JSON patch. */
public final class PatchObject extends Command {
    @Override
    public String flags() {
        return "field-manager:s=kubectl-patch local:b=false patch,p:s= patch-file:s= subresource:s= type:s=strategic"
                + PRINT + FILES + DRY_RUN;
    }

    @Override
    public String synopsis() {
        return "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        if (flags.is("local")) {
            throw CommandFailure.error("--local is not supported by this kubectl");
        }
        String text = flags.text("patch");
        String file = flags.text("patch-file");
        if (!text.isEmpty() && !file.isEmpty()) {
            throw CommandFailure.error("cannot specify --patch and --patch-file together");
        }
        if (text.isEmpty() && file.isEmpty()) {
            throw CommandFailure.error("must specify --patch or --patch-file containing the contents of the patch");
        }
        String form = switch (flags.text("type")) {
            case "json" -> Connection.JSON_PATCH;
            case "merge" -> Connection.MERGE;
            case "strategic" -> Connection.STRATEGIC;
            default ->
                throw CommandFailure.error(
                        "--type must be one of [json merge strategic], not \"" + flags.text("type") + "\"");
        };
        JsonNode patch = body(text.isEmpty() ? read(file) : text);
        Failures failures = new Failures(call.io());
        Report report = new Report(call, true);
        for (Target target : new Targets(call, failures).liveOrUsage(call.arguments())) {
            failures.attempt(() -> patch(call, target, form, patch, report));
        }
        return failures.exitCode();
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            throw CommandFailure.error("unable to read patch file: open " + file + ": no such file or directory");
        }
    }

    private static JsonNode body(String text) {
        try {
            return Yaml.parse(text);
        } catch (Yaml.Malformed e) {
            throw CommandFailure.error("unable to parse \"" + text + "\": " + e.getMessage());
        }
    }

    private static void patch(Invocation call, Target target, String form, JsonNode patch, Report report) {
        JsonNode changed = target.object();
        if (call.dryRun() != DryRun.CLIENT) {
            String subresource = call.flags().text("subresource");
            String path = subresource.isEmpty() ? target.path() : target.path() + "/" + subresource;
            changed = call.connection().patch(Connection.query(path, call.changeParameters()), form, patch);
        }
        boolean same = Json.text(changed, "metadata", "resourceVersion")
                .equals(Json.text(target.object(), "metadata", "resourceVersion"));
        boolean subresource = !call.flags().text("subresource").isEmpty();
        boolean noChange = same && !subresource && call.dryRun() == DryRun.NONE
                || call.dryRun() != DryRun.NONE && changed.equals(target.object());
        report.done(target.shown(), noChange ? "patched (no change)" : "patched", changed);
    }
}
