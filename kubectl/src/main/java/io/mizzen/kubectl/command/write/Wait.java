// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.print.JsonPath;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@code kubectl wait --for=condition=…|jsonpath=…|delete|create}. Looks at each object several times a second. */
public final class Wait extends Command {
    private static final long POLL_MILLIS = 100;
    private static final Duration LONGEST = Duration.ofDays(7);

    @Override
    public String flags() {
        return "all:b=false all-namespaces,A:b=false field-selector:s= for:a= local:b=false selector,l:s= timeout:d=30s"
                + " filename,f:l= recursive,R:b=true" + PRINT;
    }

    @Override
    public String synopsis() {
        return "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)])"
                + " [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]";
    }

    /** What is waited for. */
    private sealed interface Goal {}

    private record Deleted() implements Goal {}

    private record Created() implements Goal {}

    private record Condition(String name, String value) implements Goal {}

    private record Field(JsonPath path, String value, boolean any) implements Goal {}

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        List<Goal> goals = new ArrayList<>();
        for (String text : flags.list("for")) {
            goals.add(goal(text));
        }
        if (goals.isEmpty()) {
            throw CommandFailure.error("unrecognized condition: []");
        }
        Duration timeout = flags.duration("timeout");
        long deadline = System.nanoTime() + (timeout.isNegative() ? LONGEST : timeout).toNanos();
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (call.arguments().isEmpty() && !targets.fromFiles()) {
            throw CommandFailure.error("You must provide one or more resources by argument or filename.\n"
                    + "Example resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n"
                    + "   '<resource> <name>'\n   '<resource>'");
        }
        boolean creating = goals.stream().anyMatch(Created.class::isInstance);
        boolean deleting = goals.stream().anyMatch(Deleted.class::isInstance);
        List<Target> found = find(call, targets, deleting, creating ? deadline : System.nanoTime());
        if (found.isEmpty() && !deleting) {
            throw CommandFailure.error("no matching resources found");
        }
        Report report = new Report(call, true);
        for (Target target : found) {
            failures.attempt(() -> await(call, target, goals, deadline, report));
        }
        return failures.exitCode();
    }

    private static Goal goal(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.equals("delete")) {
            return new Deleted();
        }
        if (lower.equals("create")) {
            return new Created();
        }
        if (text.startsWith("condition=")) {
            String rest = text.substring(10);
            int equals = rest.indexOf('=');
            return equals < 0
                    ? new Condition(rest, "true")
                    : new Condition(rest.substring(0, equals), rest.substring(equals + 1));
        }
        if (text.startsWith("jsonpath=")) {
            String rest = text.substring(9);
            if (rest.startsWith("'") && rest.endsWith("'") && rest.length() > 1) {
                rest = rest.substring(1, rest.length() - 1);
            }
            int close = rest.lastIndexOf('}');
            int equals = rest.indexOf('=', close < 0 ? 0 : close);
            String path = equals < 0 ? rest : rest.substring(0, equals);
            if (path.isEmpty()) {
                throw CommandFailure.error("jsonpath expression cannot be empty");
            }
            String value = equals < 0 ? "" : rest.substring(equals + 1);
            if (equals >= 0 && value.isEmpty()) {
                throw CommandFailure.error("jsonpath wait value cannot be empty");
            }
            return new Field(JsonPath.relaxed(path), unquoted(value), equals < 0);
        }
        throw CommandFailure.error("unrecognized condition: \"" + text + "\"");
    }

    private static String unquoted(String value) {
        boolean quoted = value.length() > 1 && (value.startsWith("\"") || value.startsWith("'"));
        return quoted ? value.substring(1, value.length() - 1) : value;
    }

    private static List<Target> find(Invocation call, Targets targets, boolean deleting, long deadline) {
        while (true) {
            List<Target> found = new ArrayList<>();
            try {
                if (targets.fromFiles()) {
                    found.addAll(targets.documents());
                } else {
                    for (Targets.Wanted wanted : targets.wanted(call.arguments())) {
                        look(call, targets, wanted, found);
                    }
                }
                if (!found.isEmpty() || System.nanoTime() >= deadline) {
                    return found;
                }
            } catch (StatusFailure e) {
                if (!e.reason().equals("NotFound") || !deleting && System.nanoTime() >= deadline) {
                    throw e;
                }
                if (deleting) {
                    return found;
                }
            }
            Pause.millis(POLL_MILLIS);
        }
    }

    private static void look(Invocation call, Targets targets, Targets.Wanted wanted, List<Target> found) {
        switch (wanted) {
            case Targets.Named named -> {
                JsonNode object = call.connection().get(named.type().path(named.namespace(), named.name()));
                found.add(new Target(named.type(), named.namespace(), named.name(), object, ""));
            }
            case Targets.Listed listed -> {
                Flags flags = call.flags();
                if (flags.text("selector").isEmpty()
                        && flags.text("field-selector").isEmpty()
                        && !flags.is("all")) {
                    throw CommandFailure.error("resource(s) were provided, but no name was specified");
                }
                for (JsonNode item : targets.list(listed).path("items")) {
                    found.add(new Target(listed.type(), Json.namespace(item), Json.name(item), item, ""));
                }
            }
        }
    }

    private static void await(Invocation call, Target target, List<Goal> goals, long deadline, Report report) {
        String uid = Json.text(target.object(), "metadata", "uid");
        JsonNode object = MissingNode.getInstance();
        for (Goal goal : goals) {
            while (true) {
                object = get(call, target);
                if (isReached(goal, object, uid)) {
                    break;
                }
                if (object.isMissingNode() && !(goal instanceof Created)) {
                    object = call.connection().get(target.path());
                }
                if (System.nanoTime() >= deadline) {
                    String what = call.flags().duration("timeout").isZero()
                            ? "condition not met for "
                            : "timed out waiting for the condition on ";
                    throw CommandFailure.error(what + target.type().plural() + "/" + target.name());
                }
                Pause.millis(POLL_MILLIS);
            }
        }
        report.done(target.shown(), "condition met", object.isMissingNode() ? target.object() : object);
    }

    private static JsonNode get(Invocation call, Target target) {
        try {
            return call.connection().get(target.path());
        } catch (StatusFailure e) {
            if (e.reason().equals("NotFound")) {
                return MissingNode.getInstance();
            }
            throw e;
        }
    }

    private static boolean isReached(Goal goal, JsonNode object, String uid) {
        return switch (goal) {
            case Deleted _ ->
                object.isMissingNode()
                        || !uid.isEmpty()
                                && !Json.text(object, "metadata", "uid").equals(uid);
            case Created _ -> !object.isMissingNode();
            case Condition condition -> holds(condition, object);
            case Field field -> {
                List<JsonNode> values = field.path().find(object);
                yield field.any()
                        ? !values.isEmpty()
                        : values.size() == 1 && Json.show(values.getFirst()).equals(field.value());
            }
        };
    }

    private static boolean holds(Condition wanted, JsonNode object) {
        for (JsonNode condition : object.path("status").path("conditions")) {
            if (Json.text(condition, "type").equalsIgnoreCase(wanted.name())) {
                JsonNode observed = condition.path("observedGeneration");
                boolean stale =
                        observed.isNumber() && observed.asLong() < Json.number(object, "metadata", "generation");
                return !stale && Json.text(condition, "status").equalsIgnoreCase(wanted.value());
            }
        }
        return false;
    }
}
