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
import io.mizzen.kubectl.patch.MergePatch;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code kubectl label} and {@code kubectl annotate}: set and remove {@code metadata.labels} or {@code metadata.annotations}. */
public final class Label extends Command {
    private final boolean annotate;

    /** @param annotate whether annotations are meant instead of labels */
    public Label(boolean annotate) {
        this.annotate = annotate;
    }

    @Override
    public String flags() {
        return "all:b=false all-namespaces,A:b=false field-manager:s="
                + (annotate ? "kubectl-annotate" : "kubectl-label")
                + " field-selector:s= list:b=false local:b=false overwrite:b=false resource-version:s= selector,l:s="
                + PRINT
                + FILES + DRY_RUN;
    }

    @Override
    public String synopsis() {
        return "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]";
    }

    private final Map<String, String> set = new LinkedHashMap<>();
    private final List<String> removed = new ArrayList<>();

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        List<String> resources = split(call.arguments());
        String what = annotate ? "annotation" : "label";
        if (set.isEmpty() && removed.isEmpty() && !flags.is("list")) {
            throw CommandFailure.error("at least one " + what + " update is required");
        }
        for (String key : removed) {
            if (set.containsKey(key)) {
                throw CommandFailure.error("can not both modify and remove " + (annotate ? "an annotation" : "a label")
                        + " in the same command");
            }
        }
        Failures failures = new Failures(call.io());
        Report report = new Report(call, true);
        for (Target target : new Targets(call, failures).liveOrUsage(resources)) {
            failures.attempt(() -> change(call, target, report));
        }
        return failures.exitCode();
    }

    private List<String> split(List<String> arguments) {
        List<String> resources = new ArrayList<>();
        boolean pairs = false;
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            boolean isPair = equals > 0 || argument.endsWith("-");
            if (pairs && !isPair) {
                throw CommandFailure.error("all resources must be specified before "
                        + (annotate ? "annotation" : "label") + " changes: " + argument);
            }
            pairs |= isPair;
            if (!isPair) {
                resources.add(argument);
            } else if (equals > 0) {
                set.put(argument.substring(0, equals), argument.substring(equals + 1));
            } else {
                removed.add(argument.substring(0, argument.length() - 1));
            }
        }
        return resources;
    }

    private void change(Invocation call, Target target, Report report) {
        Flags flags = call.flags();
        String field = annotate ? "annotations" : "labels";
        JsonNode before = target.object().path("metadata").path(field);
        if (!flags.is("overwrite")) {
            refuseOverwrite(before);
        }
        ObjectNode after = target.object().deepCopy();
        ObjectNode map = Json.child(after, "metadata", field);
        for (String key : removed) {
            if (!annotate && !before.has(key) && !flags.is("local")) {
                call.io().line("label \"" + key + "\" not found.");
            }
            map.remove(key);
        }
        set.forEach(map::put);
        if (map.isEmpty()) {
            Json.child(after, "metadata").remove(field);
        }
        if (!flags.text("resource-version").isEmpty()) {
            Json.child(after, "metadata").put("resourceVersion", flags.text("resource-version"));
        }
        String done =
                annotate ? "annotated" : word(before, after.path("metadata").path(field));
        JsonNode result = after;
        ObjectNode patch = MergePatch.twoWay(target.object(), after);
        if (!flags.is("local") && call.dryRun() != DryRun.CLIENT) {
            if (!patch.isEmpty()) {
                result = call.connection()
                        .patch(Connection.query(target.path(), call.changeParameters()), Connection.MERGE, patch);
            }
        }
        if (flags.is("list")) {
            list(call, target, result.path("metadata").path(field));
            return;
        }
        report.done(target.shown(), done, result);
    }

    private String word(JsonNode before, JsonNode after) {
        if (before.equals(after) || before.isEmpty() && after.isEmpty()) {
            return "not labeled";
        }
        boolean adds = set.entrySet().stream()
                .anyMatch(entry ->
                        !Json.text(before, entry.getKey()).equals(entry.getValue()) || !before.has(entry.getKey()));
        boolean removes = removed.stream().anyMatch(before::has);
        return adds ? removes ? "modified" : "labeled" : "unlabeled";
    }

    private void refuseOverwrite(JsonNode before) {
        List<String> problems = new ArrayList<>();
        for (Map.Entry<String, String> entry : set.entrySet()) {
            if (before.has(entry.getKey()) && !Json.text(before, entry.getKey()).equals(entry.getValue())) {
                problems.add(
                        annotate
                                ? "--overwrite is false but found the following declared annotation(s): '"
                                        + entry.getKey() + "' already has a value (" + Json.text(before, entry.getKey())
                                        + ")"
                                : "'" + entry.getKey() + "' already has a value (" + Json.text(before, entry.getKey())
                                        + "), and --overwrite is false");
            }
        }
        if (!problems.isEmpty()) {
            throw CommandFailure.error(
                    problems.size() == 1 ? problems.getFirst() : "[" + String.join(", ", problems) + "]");
        }
    }

    private static void list(Invocation call, Target target, JsonNode map) {
        call.io()
                .line("Listing labels for " + target.type().kind() + "."
                        + target.type().apiVersion() + "/" + target.name() + ":");
        for (String key : Json.sortedKeys(map)) {
            call.io().line(" " + key + "=" + Json.text(map, key));
        }
    }
}
