// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;
import java.util.List;
import java.util.Locale;

/** A command that makes one object from its flags and creates it, or shows it with {@code --dry-run=client -o yaml}. */
abstract class Generator extends Command {
    private final String plural;
    private final boolean namespaced;
    private final String ownFlags;

    Generator(String plural, boolean namespaced, String ownFlags) {
        this.plural = plural;
        this.namespaced = namespaced;
        this.ownFlags = ownFlags;
    }

    @Override
    public final String flags() {
        return ownFlags + " field-manager:s=kubectl-create save-config:b=false" + PRINT + DRY_RUN + VALIDATE;
    }

    @Override
    public String synopsis() {
        return "NAME [options]";
    }

    /** The object that the flags describe, its fields in the order of the kind's type. */
    abstract ObjectNode build(Invocation call, String name);

    @Override
    public final int run(Invocation call) {
        required(call);
        String name = name(call);
        DryRun dryRun = call.dryRun();
        Report report = new Report(call, false);
        ObjectNode object = build(call, name);
        if (namespaced && call.settings().namespaceGiven()) {
            Json.child(object, "metadata").put("namespace", call.namespace());
        }
        finish(call, object, plural, namespaced ? call.namespace() : "", dryRun, report);
        return 0;
    }

    /** Creates the object, unless this is a trial on the client, and tells of it. */
    static void finish(
            Invocation call, ObjectNode object, String plural, String namespace, DryRun dryRun, Report report) {
        if (call.flags().is("save-config")) {
            ObjectNode annotations = Json.child(object, "metadata", "annotations");
            String text = Json.compact(object) + "\n";
            annotations.put("kubectl.kubernetes.io/last-applied-configuration", text);
        }
        JsonNode made = object;
        if (dryRun != DryRun.CLIENT) {
            made = call.connection()
                    .post(Connection.query(path(object, plural, namespace), call.changeParameters()), object);
        }
        report.done(shown(object), "created", made);
    }

    static String path(JsonNode object, String plural, String namespace) {
        String apiVersion = Json.text(object, "apiVersion");
        String root = (apiVersion.indexOf('/') < 0 ? "/api/" : "/apis/") + apiVersion;
        return root + (namespace.isEmpty() ? "" : "/namespaces/" + Connection.escape(namespace)) + "/" + plural;
    }

    static String shown(JsonNode object) {
        String apiVersion = Json.text(object, "apiVersion");
        int slash = apiVersion.indexOf('/');
        String kind = Json.text(object, "kind").toLowerCase(Locale.ROOT);
        return kind + (slash < 0 ? "" : "." + apiVersion.substring(0, slash)) + "/" + Json.name(object);
    }

    /** The flags that must be given; complained about all at once. */
    List<String> requiredFlags() {
        return List.of();
    }

    private void required(Invocation call) {
        List<String> missing = requiredFlags().stream()
                .filter(flag -> !call.flags().changed(flag))
                .map(flag -> "\"" + flag + "\"")
                .toList();
        if (!missing.isEmpty()) {
            throw CommandFailure.error("required flag(s) " + String.join(", ", missing) + " not set");
        }
    }

    private String name(Invocation call) {
        int dash = call.flags().argumentsBeforeDash();
        List<String> names = dash < 0 ? call.arguments() : call.arguments().subList(0, dash);
        if (names.size() != 1 && !(takesCommand() && !names.isEmpty())) {
            throw call.usage(
                    "exactly one NAME is required, got " + call.arguments().size());
        }
        return names.getFirst();
    }

    /** Whether further words are a program to run. */
    boolean takesCommand() {
        return false;
    }

    static List<String> command(Invocation call) {
        return call.arguments().subList(1, call.arguments().size());
    }

    static ObjectNode object(String kind, String apiVersion, String name) {
        ObjectNode object = Json.object();
        object.put("kind", kind).put("apiVersion", apiVersion);
        object.putObject("metadata").put("name", name);
        return object;
    }

    static ObjectNode container(String name, String image, List<String> command) {
        ObjectNode container = Json.object();
        container.put("name", name).put("image", image);
        if (!command.isEmpty()) {
            var words = container.putArray("command");
            command.forEach(words::add);
        }
        container.putObject("resources");
        return container;
    }

    /** {@code key=value,…} as a map. */
    static ObjectNode pairs(List<String> pairs, String what) {
        ObjectNode map = Json.object();
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                throw CommandFailure.error(what + ": " + pair);
            }
            map.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        return map;
    }
}
