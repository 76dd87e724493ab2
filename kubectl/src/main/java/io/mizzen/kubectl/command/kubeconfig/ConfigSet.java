// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.kubeconfig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.config.Kubeconfig;
import io.mizzen.kubectl.tree.Json;
import java.nio.file.Path;
import java.util.List;

/** {@code kubectl config set-cluster|set-context|set-credentials}. */
public final class ConfigSet extends Command {
    private final String what;

    /** @param what {@code cluster}, {@code context} or {@code credentials} */
    public ConfigSet(String what) {
        this.what = what;
    }

    @Override
    public String flags() {
        return switch (what) {
            case "cluster" ->
                "certificate-authority:s= embed-certs:b=false insecure-skip-tls-verify:b=false proxy-url:s= server:s="
                        + " tls-server-name:s=";
            case "context" -> "cluster:s= current:b=false user:s=";
            default ->
                "auth-provider:s= auth-provider-arg:a= client-certificate:s= client-key:s= embed-certs:b=false"
                        + " exec-api-version:s= exec-arg:a= exec-command:s= exec-env:a= exec-interactive-mode:s="
                        + " exec-provide-cluster-info:b=false password:s= token:s= username:s=";
        };
    }

    @Override
    public String synopsis() {
        return "NAME";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        List<String> words = call.arguments();
        boolean current = what.equals("context") && flags.is("current");
        if (words.size() != 1 && !(current && words.isEmpty())) {
            throw call.usage("Unexpected args: [" + String.join(" ", words) + "]");
        }
        String list = switch (what) {
            case "cluster" -> "clusters";
            case "context" -> "contexts";
            default -> "users";
        };
        String name = current ? Kubeconfig.load("", call.environment()).currentContext() : words.getFirst();
        if (name.isEmpty()) {
            throw CommandFailure.error("no current context is set");
        }
        Path file = ConfigFiles.fileOf(call, list, name);
        ObjectNode config = ConfigFiles.read(file);
        boolean there = Kubeconfig.find(config.path(list), name) >= 0;
        ObjectNode entry = ConfigFiles.entry(config, list, name);
        switch (what) {
            case "cluster" -> cluster(flags, entry);
            case "context" -> {
                for (String key : List.of("cluster", "user", "namespace")) {
                    text(flags, entry, key);
                }
            }
            default -> credentials(flags, entry);
        }
        ConfigFiles.write(file, config);
        switch (what) {
            case "cluster" -> call.io().line("Cluster \"" + name + "\" set.");
            case "context" -> call.io().line("Context \"" + name + "\" " + (there ? "modified." : "created."));
            default -> call.io().line("User \"" + name + "\" set.");
        }
        return 0;
    }

    private static void text(Flags flags, ObjectNode entry, String key) {
        if (flags.changed(key)) {
            if (flags.text(key).isEmpty()) {
                entry.remove(key);
            } else {
                entry.put(key, flags.text(key));
            }
        }
    }

    private static void file(Flags flags, ObjectNode entry, String key) {
        if (!flags.changed(key)) {
            return;
        }
        String file = flags.text(key);
        entry.remove(key);
        entry.remove(key + "-data");
        if (flags.is("embed-certs") && !file.isEmpty()) {
            entry.put(key + "-data", ConfigView.data(file));
        } else if (!file.isEmpty()) {
            entry.put(key, Path.of(file).toAbsolutePath().normalize().toString());
        }
    }

    private static void cluster(Flags flags, ObjectNode entry) {
        for (String key : List.of("server", "tls-server-name", "proxy-url")) {
            text(flags, entry, key);
        }
        file(flags, entry, "certificate-authority");
        if (flags.changed("insecure-skip-tls-verify")) {
            if (flags.is("insecure-skip-tls-verify")) {
                entry.put("insecure-skip-tls-verify", true);
            } else {
                entry.remove("insecure-skip-tls-verify");
            }
        }
    }

    private static void credentials(Flags flags, ObjectNode entry) {
        if (!flags.text("token").isEmpty() && (flags.changed("username") || flags.changed("password"))) {
            throw CommandFailure.error(
                    "you cannot specify more than one authentication method at the same time: --token or"
                            + " --username/--password");
        }
        for (String key : List.of("token", "username", "password")) {
            text(flags, entry, key);
        }
        file(flags, entry, "client-certificate");
        file(flags, entry, "client-key");
        if (flags.changed("exec-command")) {
            ObjectNode exec = Json.child(entry, "exec");
            exec.put("command", flags.text("exec-command"));
            if (flags.changed("exec-api-version")) {
                exec.put("apiVersion", flags.text("exec-api-version"));
            }
            ArrayNode arguments = exec.putArray("args");
            flags.list("exec-arg").forEach(arguments::add);
            ArrayNode variables = exec.putArray("env");
            for (String pair : flags.list("exec-env")) {
                int equals = pair.indexOf('=');
                JsonNode one = variables
                        .addObject()
                        .put("name", equals < 0 ? pair : pair.substring(0, equals))
                        .put("value", equals < 0 ? "" : pair.substring(equals + 1));
                if (one.isEmpty()) {
                    throw CommandFailure.error("invalid --exec-env: " + pair);
                }
            }
            exec.put(
                    "interactiveMode",
                    flags.text("exec-interactive-mode").isEmpty()
                            ? "IfAvailable"
                            : flags.text("exec-interactive-mode"));
            exec.put("provideClusterInfo", flags.is("exec-provide-cluster-info"));
        }
    }
}
