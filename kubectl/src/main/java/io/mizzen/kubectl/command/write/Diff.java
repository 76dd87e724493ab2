// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.YamlWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** {@code kubectl diff}: what an apply would change, by a trial run on the server. Exit code 1 when there is a difference. */
public final class Diff extends Command {
    @Override
    public String flags() {
        return "concurrency:i=1 field-manager:s=kubectl-client-side-apply force-conflicts:b=false prune:b=false"
                + " prune-allowlist:a= selector,l:s= server-side:b=false show-managed-fields:b=false show-secrets:b=false"
                + FILES;
    }

    @Override
    public String synopsis() {
        return "-f FILENAME";
    }

    @Override
    public int run(Invocation call) {
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (!targets.fromFiles()) {
            throw CommandFailure.error("must specify one of -f and -k");
        }
        if (!call.arguments().isEmpty()) {
            throw call.usage("Unexpected args: [" + String.join(" ", call.arguments()) + "]");
        }
        List<Target> documents = targets.documents();
        Path live = null;
        Path merged = null;
        try {
            live = Files.createTempDirectory("LIVE-");
            merged = Files.createTempDirectory("MERGED-");
            for (Target target : documents) {
                write(call, target, live, merged);
            }
            if (failures.exitCode() != 0) {
                return 2;
            }
            return compare(call, live, merged);
        } catch (CommandFailure e) {
            throw new CommandFailure(2, e.text());
        } catch (IOException e) {
            throw new CommandFailure(2, "error: " + e.getMessage());
        } finally {
            remove(live);
            remove(merged);
        }
    }

    private static void remove(@org.jspecify.annotations.Nullable Path folder) {
        if (folder == null) {
            return;
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // A left-over temporary folder harms nobody.
            return;
        }
    }

    private static void write(Invocation call, Target target, Path live, Path merged) throws IOException {
        JsonNode now;
        try {
            now = call.connection().get(target.path());
        } catch (StatusFailure e) {
            if (!e.reason().equals("NotFound")) {
                throw e;
            }
            now = MissingNode.getInstance();
        }
        JsonNode wanted = trial(call, target, now);
        String file = (target.type().apiVersion().replace('/', '.') + "."
                + target.type().kind() + "." + target.namespace() + "." + target.name());
        boolean secret = target.type().kind().equals("Secret") && !call.flags().is("show-secrets");
        JsonNode before = clean(call, now);
        JsonNode after = clean(call, wanted);
        if (secret) {
            mask(before, after);
        }
        Files.writeString(live.resolve(file), before.isMissingNode() ? "" : YamlWriter.write(before));
        Files.writeString(merged.resolve(file), YamlWriter.write(after));
    }

    private static JsonNode trial(Invocation call, Target target, JsonNode now) {
        Flags flags = call.flags();
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("dryRun", "All");
        String manager = flags.text("field-manager");
        if (flags.is("server-side")) {
            parameters.put("fieldManager", manager.equals("kubectl-client-side-apply") ? "kubectl" : manager);
            parameters.put("force", flags.is("force-conflicts") ? "true" : "false");
            return call.connection()
                    .patch(Connection.query(target.path(), parameters), Connection.APPLY, target.object());
        }
        parameters.put("fieldManager", manager);
        ObjectNode modified = LastApplied.annotate(target.object());
        if (now.isMissingNode()) {
            return call.connection().post(Connection.query(target.collection(), parameters), modified);
        }
        Apply.Patch patch = Apply.patch(target, modified, now);
        return patch.body().isEmpty()
                ? now
                : call.connection().patch(Connection.query(target.path(), parameters), patch.form(), patch.body());
    }

    private static JsonNode clean(Invocation call, JsonNode object) {
        if (!(object instanceof ObjectNode whole)) {
            return object;
        }
        ObjectNode copy = whole.deepCopy();
        if (!call.flags().is("show-managed-fields") && copy.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove("managedFields");
            if (metadata.path("annotations") instanceof ObjectNode annotations) {
                annotations.remove(LastApplied.KEY);
                if (annotations.isEmpty()) {
                    metadata.remove("annotations");
                }
            }
        }
        return copy;
    }

    private static void mask(JsonNode before, JsonNode after) {
        JsonNode left = before.path("data");
        JsonNode right = after.path("data");
        for (String key : Json.keys(right)) {
            boolean changed = left.has(key) && !left.path(key).equals(right.path(key));
            ((ObjectNode) right).put(key, changed ? "*** (after)" : "***");
            if (left.has(key)) {
                ((ObjectNode) left).put(key, changed ? "*** (before)" : "***");
            }
        }
        for (String key : Json.keys(left)) {
            if (!right.has(key)) {
                ((ObjectNode) left).put(key, "***");
            }
        }
    }

    private static int compare(Invocation call, Path live, Path merged) {
        String program = call.environment().getOrDefault("KUBECTL_EXTERNAL_DIFF", "diff -u -N");
        List<String> words = new ArrayList<>(List.of(program.strip().split("\\s+")));
        words.add(live.toString());
        words.add(merged.toString());
        try {
            Process process = new ProcessBuilder(words)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            process.getOutputStream().close();
            process.getInputStream().transferTo(call.io().out());
            int code = process.waitFor();
            if (code > 1) {
                throw new CommandFailure(code, "error: exit status " + code);
            }
            return code;
        } catch (IOException e) {
            throw new CommandFailure(2, "error: failed to run \"diff\": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(130, "");
        }
    }
}
