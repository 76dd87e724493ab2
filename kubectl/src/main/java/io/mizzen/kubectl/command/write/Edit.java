// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

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
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.Yaml;
import io.mizzen.kubectl.tree.YamlWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code kubectl edit}: an object in the user's editor; what is saved is sent as a patch, and what is invalid opens the editor again. */
public final class Edit extends Command {
    private static final String HEAD =
            "# Lines that begin with '#' are left out. An empty file ends the edit without a change;\n"
                    + "# when the server refuses what was saved, the file is opened again with the reason.\n#\n";
    private static final String UNREADABLE = "<nil>: Invalid value: \"The edited file failed validation\": ";

    @Override
    public String flags() {
        return "field-manager:s=kubectl-edit output-patch:b=false save-config:b=false selector,l:s= subresource:s="
                + " windows-line-endings:b=false" + PRINT + FILES + VALIDATE;
    }

    @Override
    public String synopsis() {
        return "(RESOURCE/NAME | -f FILENAME)";
    }

    @Override
    public int run(Invocation call) {
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (call.arguments().isEmpty() && !targets.fromFiles()) {
            throw CommandFailure.error("You must provide one or more resources by argument or filename.\n"
                    + "Example resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n"
                    + "   '<resource> <name>'\n   '<resource>'");
        }
        Report report = new Report(call, true);
        for (Target target : targets.liveOrUsage(call.arguments())) {
            failures.attempt(() -> edit(call, target, report));
        }
        return failures.exitCode();
    }

    private static void edit(Invocation call, Target target, Report report) {
        ObjectNode shown = target.object().deepCopy();
        if (!call.flags().is("show-managed-fields")) {
            Json.child(shown, "metadata").remove("managedFields");
        }
        Target base = target.with(shown);
        boolean json = call.flags().text("output").equals("json");
        String original = json ? Json.pretty(shown, true) + "\n" : YamlWriter.write(shown);
        String text = original;
        String reason = "";
        try {
            Path file = Files.createTempFile("kubectl-edit-", json ? ".json" : ".yaml");
            while (true) {
                String head =
                        json ? "" : HEAD + (reason.isEmpty() ? "" : "# " + reason.replace("\n", "\n# ") + "\n#\n");
                Files.writeString(file, head + text);
                openEditor(call, file);
                String saved = json ? Files.readString(file) : withoutComments(Files.readString(file));
                if (saved.isBlank() || saved.equals(original)) {
                    Files.deleteIfExists(file);
                    call.io()
                            .errorLine(
                                    saved.isBlank()
                                            ? "Edit cancelled, saved file was empty."
                                            : "Edit cancelled, no changes made.");
                    return;
                }
                if (saved.equals(text) && !reason.isEmpty()) {
                    throw kept(call, file, CommandFailure.error("Edit cancelled, no valid changes were saved."));
                }
                text = saved;
                reason = send(call, base, saved, file, report);
                if (reason.isEmpty()) {
                    Files.deleteIfExists(file);
                    return;
                }
            }
        } catch (IOException e) {
            throw CommandFailure.error(String.valueOf(e.getMessage()));
        }
    }

    /** Sends the change; returns what has to be mended, empty when it is done. Other refusals are failures: the file stays. */
    private static String send(Invocation call, Target base, String saved, Path file, Report report) {
        ObjectNode changed;
        try {
            if (!(Yaml.parse(saved) instanceof ObjectNode object)) {
                return invalid(call, base, List.of(UNREADABLE + "not an object"));
            }
            changed = object;
        } catch (Yaml.Malformed e) {
            return invalid(call, base, List.of(UNREADABLE + e.getMessage()));
        }
        if (!identity(changed).equals(identity(base.object()))) {
            throw kept(call, file, CommandFailure.error("At least one of apiVersion, kind and name was changed"));
        }
        if (!Json.namespace(changed).equals(Json.namespace(base.object()))) {
            throw kept(call, file, Targets.otherNamespace(Json.namespace(changed), base.namespace()));
        }
        Flags flags = call.flags();
        Apply.Patch patch = Change.between(base, changed);
        if (patch.body().isEmpty()) {
            call.io().errorLine("Edit cancelled, no changes made.");
            return "";
        }
        if (flags.is("output-patch")) {
            call.io().line("Patch: " + Json.compact(patch.body()));
        }
        String subresource = flags.text("subresource");
        String path = subresource.isEmpty() ? base.path() : base.path() + "/" + subresource;
        JsonNode result;
        try {
            result = call.connection()
                    .patch(Connection.query(path, call.changeParameters()), patch.form(), patch.body());
        } catch (StatusFailure e) {
            return refused(call, base, file, e);
        }
        report.done(base.shown(), "edited", result);
        return "";
    }

    /** What the server finds invalid can be mended in the editor; anything else cannot. */
    private static String refused(Invocation call, Target base, Path file, StatusFailure refusal) {
        return switch (refusal.reason()) {
            case "Invalid" -> {
                List<String> causes = new ArrayList<>();
                for (JsonNode cause : refusal.status().path("details").path("causes")) {
                    causes.add(Json.text(cause, "field") + ": " + Json.text(cause, "message"));
                }
                yield invalid(call, base, causes);
            }
            case "NotFound" -> {
                call.io().errorLine("error: " + quoted(base) + " could not be found on the server");
                call.io().errorLine("The edits you made on deleted resources have been saved to \"" + file + "\"");
                throw new CommandFailure(1, "");
            }
            default -> {
                call.io().errorLine("error: " + quoted(base) + " could not be patched: " + refusal.serverMessage());
                call.io().errorLine("You can run `kubectl replace -f " + file + "` to try this update again.");
                throw new CommandFailure(1, "");
            }
        };
    }

    private static String invalid(Invocation call, Target base, List<String> causes) {
        call.io().errorLine("error: " + quoted(base) + " is invalid");
        StringBuilder reason = new StringBuilder(quoted(base)).append(" was not valid");
        if (!causes.isEmpty()) {
            reason.append(":\n* ").append(String.join("\n* ", causes));
        }
        return reason.toString();
    }

    private static CommandFailure kept(Invocation call, Path file, CommandFailure why) {
        call.io().errorLine("A copy of your changes has been stored to \"" + file + "\"");
        return why;
    }

    private static String quoted(Target target) {
        return target.type().qualified() + " \"" + target.name() + "\"";
    }

    private static List<String> identity(JsonNode object) {
        return List.of(Json.text(object, "apiVersion"), Json.text(object, "kind"), Json.name(object));
    }

    private static String withoutComments(String text) {
        StringBuilder out = new StringBuilder();
        for (String line : text.split("(?<=\n)", -1)) {
            if (!line.startsWith("#")) {
                out.append(line);
            }
        }
        return out.toString();
    }

    private static void openEditor(Invocation call, Path file) {
        String editor = call.environment()
                .getOrDefault("KUBE_EDITOR", call.environment().getOrDefault("EDITOR", "vi"));
        List<String> words = new ArrayList<>(List.of("sh", "-c", editor + " \"$1\"", "sh", file.toString()));
        try {
            int code = new ProcessBuilder(words).inheritIO().start().waitFor();
            if (code != 0) {
                throw CommandFailure.error("there was a problem with the editor \"" + editor + "\"");
            }
        } catch (IOException e) {
            throw CommandFailure.error("unable to launch the editor \"" + editor + "\"");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(130, "");
        }
    }
}
