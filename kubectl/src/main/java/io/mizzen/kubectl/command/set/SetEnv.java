// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@code kubectl set env}: set, remove and list variables, also from a ConfigMap or Secret. */
public final class SetEnv extends SetCommand {
    private final List<String> pairs = new ArrayList<>();
    private final List<ObjectNode> references = new ArrayList<>();

    @Override
    public String flags() {
        return "containers,c:s=* env,e:a= from:s= keys:l= list:b=false overwrite:b=true prefix:s= resolve:b=false"
                + COMMON;
    }

    @Override
    public String synopsis() {
        return "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N";
    }

    @Override
    public int run(Invocation call) {
        if (!call.flags().is("list")) {
            return super.run(call);
        }
        Failures failures = new Failures(call.io());
        for (Target target : new Targets(call, failures).liveOrUsage(split(call.arguments(), pairs))) {
            for (ObjectNode container : containers(target.object(), call.flags().text("containers"), true)) {
                call.io()
                        .line("# " + target.type().kind() + " " + target.name() + ", container "
                                + Json.text(container, "name"));
                container.path("env").forEach(one -> call.io().line(listed(one)));
            }
        }
        return failures.exitCode();
    }

    private static String listed(JsonNode variable) {
        String name = Json.text(variable, "name");
        JsonNode from = variable.path("valueFrom");
        if (!from.isObject()) {
            return name + "=" + Json.text(variable, "value");
        }
        JsonNode config = from.path("configMapKeyRef");
        JsonNode secret = from.path("secretKeyRef");
        if (config.isObject()) {
            return "# " + name + " from configmap " + Json.text(config, "name") + ", key " + Json.text(config, "key");
        }
        if (secret.isObject()) {
            return "# " + name + " from secret " + Json.text(secret, "name") + ", key " + Json.text(secret, "key");
        }
        return "# " + name + " from field path " + Json.text(from, "fieldRef", "fieldPath");
    }

    @Override
    List<String> prepare(Invocation call) {
        Flags flags = call.flags();
        List<String> resources = new ArrayList<>();
        boolean stdin = false;
        for (String argument : call.arguments()) {
            if (argument.equals("-")) {
                stdin = true;
            } else {
                resources.add(argument);
            }
        }
        List<String> named = split(resources, pairs);
        pairs.addAll(flags.list("env"));
        if (stdin) {
            try {
                for (String line : new String(call.io().in().readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                    if (line.indexOf('=') > 0) {
                        pairs.add(line.strip());
                    }
                }
            } catch (IOException e) {
                throw CommandFailure.error(String.valueOf(e.getMessage()));
            }
        }
        if (!flags.text("from").isEmpty()) {
            from(call, flags);
        }
        if (pairs.isEmpty() && references.isEmpty()) {
            throw CommandFailure.error("at least one environment variable must be provided");
        }
        return named;
    }

    private void from(Invocation call, Flags flags) {
        String[] parts = flags.text("from").split("/", 2);
        if (parts.length < 2) {
            throw CommandFailure.error("all resources must be of the form TYPE/NAME: " + flags.text("from"));
        }
        ResourceType type = call.mapper().resource(parts[0]);
        boolean secret = type.plural().equals("secrets");
        if (!secret && !type.plural().equals("configmaps")) {
            throw CommandFailure.error("unsupported resource specified in --from");
        }
        JsonNode source = call.connection().get(type.path(call.namespace(), parts[1]));
        for (String key : Json.sortedKeys(source.path("data"))) {
            if (!flags.list("keys").isEmpty() && !flags.list("keys").contains(key)) {
                continue;
            }
            ObjectNode variable = Json.object();
            String name = key.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9_]", "_");
            variable.put("name", flags.text("prefix") + name);
            variable.putObject("valueFrom")
                    .putObject(secret ? "secretKeyRef" : "configMapKeyRef")
                    .put("key", key)
                    .put("name", parts[1]);
            references.add(variable);
        }
    }

    @Override
    boolean change(Invocation call, Target target, ObjectNode object) {
        if (!podSpec(object).isObject()) {
            return false;
        }
        String pattern = call.flags().text("containers");
        List<ObjectNode> containers = containers(object, pattern, true);
        if (containers.isEmpty()) {
            call.io()
                    .errorLine("warning: " + target.shown() + " does not have any containers matching \"" + pattern
                            + "\"");
        }
        for (ObjectNode container : containers) {
            ArrayNode variables = container.path("env") instanceof ArrayNode there ? there : container.putArray("env");
            for (String pair : pairs) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    ObjectNode variable = Json.object();
                    variable.put("name", pair.substring(0, equals)).put("value", pair.substring(equals + 1));
                    set(call, variables, variable);
                } else {
                    remove(variables, pair.substring(0, pair.length() - 1));
                }
            }
            references.forEach(variable -> set(call, variables, variable));
            if (variables.isEmpty()) {
                container.remove("env");
            }
        }
        return true;
    }

    private static void remove(ArrayNode variables, String name) {
        for (int i = variables.size() - 1; i >= 0; i--) {
            if (Json.text(variables.path(i), "name").equals(name)) {
                variables.remove(i);
            }
        }
    }

    private static void set(Invocation call, ArrayNode variables, ObjectNode variable) {
        String name = Json.text(variable, "name");
        for (int i = 0; i < variables.size(); i++) {
            if (Json.text(variables.path(i), "name").equals(name)) {
                if (!call.flags().is("overwrite")) {
                    throw CommandFailure.error("'" + name + "' already has a value ("
                            + Json.text(variables.path(i), "value") + "), and --overwrite is false");
                }
                variables.set(i, variable.deepCopy());
                return;
            }
        }
        variables.add(variable.deepCopy());
    }

    @Override
    String done() {
        return "env updated";
    }
}
