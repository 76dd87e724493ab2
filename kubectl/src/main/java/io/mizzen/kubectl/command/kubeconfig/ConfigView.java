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
import io.mizzen.kubectl.print.Output;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/** {@code kubectl config view}: the merged configuration, secrets hidden unless {@code --raw}. */
public final class ConfigView extends Command {
    @Override
    public String flags() {
        return "flatten:b=false merge:b=true minify:b=false raw:b=false allow-missing-template-keys:b=true output,o:s=yaml"
                + " show-managed-fields:b=false template:s=";
    }

    @Override
    public String synopsis() {
        return "";
    }

    @Override
    public int run(Invocation call) {
        if (!call.arguments().isEmpty()) {
            throw call.usage("unexpected arguments: [" + String.join(" ", call.arguments()) + "]");
        }
        Flags flags = call.flags();
        ObjectNode config = Kubeconfig.empty();
        for (Path path : ConfigFiles.paths(call)) {
            if (Files.isRegularFile(path)) {
                config = Kubeconfig.load(flags.text("kubeconfig"), call.environment())
                        .merged();
                break;
            }
        }
        String current = flags.changed("context") ? flags.text("context") : Json.text(config, "current-context");
        if (flags.is("minify")) {
            minify(config, current);
        }
        if (flags.is("flatten")) {
            flatten(config);
        }
        if (!flags.is("raw")) {
            hide(config);
        }
        Output output = new Output(flags, call.io().out(), false);
        if (!output.isObjectForm()) {
            throw output.unknownForm("");
        }
        output.printer().accept(ConfigFiles.forOutput(config));
        return 0;
    }

    private static void minify(ObjectNode config, String current) {
        if (current.isEmpty()) {
            throw CommandFailure.error("current-context must exist in order to minify");
        }
        int at = Kubeconfig.find(config.path("contexts"), current);
        if (at < 0) {
            throw CommandFailure.error("cannot locate context " + current);
        }
        JsonNode context = config.path("contexts").path(at).path("context");
        keep(config, "contexts", current);
        keep(config, "clusters", Json.text(context, "cluster"));
        keep(config, "users", Json.text(context, "user"));
        config.put("current-context", current);
    }

    private static void keep(ObjectNode config, String list, String name) {
        ArrayNode kept = Json.array();
        for (JsonNode entry : config.path(list)) {
            if (Json.text(entry, "name").equals(name)) {
                kept.add(entry);
            }
        }
        config.set(list, kept);
    }

    private static void flatten(ObjectNode config) {
        for (String list : List.of("clusters", "users")) {
            String inner = list.substring(0, list.length() - 1);
            for (JsonNode entry : config.path(list)) {
                if (entry.path(inner) instanceof ObjectNode value) {
                    for (String key : List.of("certificate-authority", "client-certificate", "client-key")) {
                        String file = Json.text(value, key);
                        if (!file.isEmpty()) {
                            value.put(key + "-data", data(file));
                            value.remove(key);
                        }
                    }
                }
            }
        }
    }

    static String data(String file) {
        try {
            return Base64.getEncoder().encodeToString(Files.readAllBytes(Path.of(file)));
        } catch (IOException e) {
            throw CommandFailure.error("could not read " + file + ": open " + file + ": no such file or directory");
        }
    }

    private static void hide(ObjectNode config) {
        for (String list : List.of("clusters", "users")) {
            String inner = list.substring(0, list.length() - 1);
            for (JsonNode entry : config.path(list)) {
                if (entry.path(inner) instanceof ObjectNode value) {
                    for (String key : Json.keys(value)) {
                        if (key.endsWith("-data")) {
                            value.put(key, "DATA+OMITTED");
                        } else if (key.equals("token") || key.equals("password")) {
                            value.put(key, "REDACTED");
                        }
                    }
                }
            }
        }
    }
}
