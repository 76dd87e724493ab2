// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
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

/** {@code kubectl taint}: adds, changes and removes taints of nodes. */
public final class Taint extends Command {
    private static final List<String> EFFECTS = List.of("NoSchedule", "PreferNoSchedule", "NoExecute");

    @Override
    public String flags() {
        return "all:b=false field-manager:s=kubectl-taint overwrite:b=false selector,l:s=" + PRINT + DRY_RUN + VALIDATE;
    }

    @Override
    public String synopsis() {
        return "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N";
    }

    private record Mark(String key, String value, String effect) {
        boolean sameAs(JsonNode taint) {
            return Json.text(taint, "key").equals(key)
                    && (effect.isEmpty() || Json.text(taint, "effect").equals(effect));
        }
    }

    private final List<Mark> added = new ArrayList<>();
    private final List<Mark> removed = new ArrayList<>();

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        List<String> resources = new ArrayList<>();
        for (String argument : call.arguments()) {
            boolean mark = argument.indexOf('=') > 0 || argument.indexOf(':') > 0 || argument.endsWith("-");
            if (mark) {
                parse(argument);
            } else if (!added.isEmpty() || !removed.isEmpty()) {
                throw CommandFailure.error("all resources must be specified before taint changes: " + argument);
            } else {
                resources.add(argument);
            }
        }
        if (resources.isEmpty()) {
            throw CommandFailure.error("one or more resources must be specified as <resource> <name>");
        }
        if (added.isEmpty() && removed.isEmpty()) {
            throw CommandFailure.error("at least one taint update is required");
        }
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (targets.types(resources.getFirst().split("/")[0]).stream()
                .anyMatch(type -> !type.qualified().equals("nodes"))) {
            throw CommandFailure.error(
                    "invalid resource type " + resources.getFirst() + ", only node types are supported");
        }
        if (resources.size() < 2
                && flags.text("selector").isEmpty()
                && !flags.is("all")
                && resources.getFirst().indexOf('/') < 0) {
            throw CommandFailure.error("at least one resource name must be specified since 'all' parameter is not set");
        }
        Report report = new Report(call, true);
        for (Target target : targets.live(resources)) {
            failures.attempt(() -> taint(call, target, report));
        }
        return failures.exitCode();
    }

    private void parse(String argument) {
        boolean removal = argument.endsWith("-");
        String text = removal ? argument.substring(0, argument.length() - 1) : argument;
        int colon = text.lastIndexOf(':');
        String pair = colon < 0 ? text : text.substring(0, colon);
        String effect = colon < 0 ? "" : text.substring(colon + 1);
        int equals = pair.indexOf('=');
        String key = equals < 0 ? pair : pair.substring(0, equals);
        String value = equals < 0 ? "" : pair.substring(equals + 1);
        if (!effect.isEmpty() && !EFFECTS.contains(effect)) {
            throw CommandFailure.error("invalid taint effect: " + effect + ", unsupported taint effect");
        }
        if (!removal && effect.isEmpty()) {
            throw CommandFailure.error("invalid taint spec: " + argument);
        }
        (removal ? removed : added).add(new Mark(key, value, effect));
    }

    private void taint(Invocation call, Target target, Report report) {
        ObjectNode changed = target.object().deepCopy();
        List<JsonNode> taints = new ArrayList<>();
        changed.path("spec").path("taints").forEach(taints::add);
        boolean overwrites = false;
        for (Mark mark : removed) {
            if (!taints.removeIf(mark::sameAs)) {
                throw CommandFailure.error("taint \"" + mark.key()
                        + (mark.effect().isEmpty() ? "" : ":" + mark.effect()) + "\" not found");
            }
        }
        ArrayNode all = Json.array();
        for (Mark mark : added) {
            boolean there = taints.removeIf(mark::sameAs);
            overwrites |= there;
            if (there && !call.flags().is("overwrite")) {
                throw CommandFailure.error("node " + target.name() + " already has " + mark.key()
                        + " taint(s) with same effect(s) and --overwrite is false");
            }
            ObjectNode one = all.addObject();
            one.put("effect", mark.effect()).put("key", mark.key());
            if (!mark.value().isEmpty()) {
                one.put("value", mark.value());
            }
        }
        taints.forEach(all::add);
        if (all.isEmpty()) {
            Json.child(changed, "spec").remove("taints");
        } else {
            Json.child(changed, "spec").set("taints", all);
        }
        String done = added.isEmpty() ? "untainted" : overwrites || !removed.isEmpty() ? "modified" : "tainted";
        report.done(target.shown(), done, Change.send(call, target, changed));
    }
}
