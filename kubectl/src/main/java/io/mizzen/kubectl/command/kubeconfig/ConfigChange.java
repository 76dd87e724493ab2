// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.kubeconfig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.config.Kubeconfig;
import io.mizzen.kubectl.tree.Json;
import java.nio.file.Path;
import java.util.List;

/** {@code kubectl config use-context|rename-context|delete-context|delete-cluster|delete-user|set|unset}. */
public final class ConfigChange extends Command {
    private final String verb;

    /** @param verb the command's last word, e.g. {@code use-context} */
    public ConfigChange(String verb) {
        this.verb = verb;
    }

    @Override
    public String flags() {
        return verb.equals("set") ? "set-raw-bytes:b=false" : "";
    }

    @Override
    public String synopsis() {
        return switch (verb) {
            case "rename-context" -> "CONTEXT_NAME NEW_NAME";
            case "set" -> "PROPERTY_NAME PROPERTY_VALUE";
            case "unset" -> "PROPERTY_NAME";
            default -> "NAME";
        };
    }

    @Override
    public int run(Invocation call) {
        List<String> words = call.arguments();
        int wanted = verb.equals("rename-context") || verb.equals("set") ? 2 : 1;
        if (words.size() != wanted) {
            throw call.usage("unexpected args: [" + String.join(" ", words) + "]");
        }
        switch (verb) {
            case "use-context" -> use(call, words.getFirst());
            case "rename-context" -> rename(call, words.get(0), words.get(1));
            case "delete-context" -> delete(call, "contexts", "context", words.getFirst());
            case "delete-cluster" -> delete(call, "clusters", "cluster", words.getFirst());
            case "delete-user" -> delete(call, "users", "user", words.getFirst());
            case "set" -> set(call, words.get(0), words.get(1));
            default -> set(call, words.getFirst(), null);
        }
        return 0;
    }

    private static void use(Invocation call, String name) {
        boolean known = false;
        for (Path path : ConfigFiles.paths(call)) {
            known |= Kubeconfig.find(ConfigFiles.read(path).path("contexts"), name) >= 0;
        }
        if (!known) {
            throw CommandFailure.error("no context exists with the name: \"" + name + "\"");
        }
        Path file = ConfigFiles.fileOfCurrent(call);
        ObjectNode config = ConfigFiles.read(file);
        config.put("current-context", name);
        ConfigFiles.write(file, config);
        call.io().line("Switched to context \"" + name + "\".");
    }

    private static void rename(Invocation call, String from, String to) {
        Path file = ConfigFiles.fileOf(call, "contexts", from);
        ObjectNode config = ConfigFiles.read(file);
        int at = Kubeconfig.find(config.path("contexts"), from);
        if (at < 0) {
            throw CommandFailure.error("cannot rename the context \"" + from + "\", it's not in " + file);
        }
        if (Kubeconfig.find(config.path("contexts"), to) >= 0) {
            throw CommandFailure.error(
                    "cannot rename the context \"" + from + "\", the context \"" + to + "\" already exists in " + file);
        }
        ((ObjectNode) config.path("contexts").path(at)).put("name", to);
        if (Json.text(config, "current-context").equals(from)) {
            config.put("current-context", to);
        }
        ConfigFiles.write(file, config);
        call.io().line("Context \"" + from + "\" renamed to \"" + to + "\".");
    }

    private static void delete(Invocation call, String list, String word, String name) {
        Path file = ConfigFiles.fileOf(call, list, name);
        ObjectNode config = ConfigFiles.read(file);
        int at = Kubeconfig.find(config.path(list), name);
        if (at < 0) {
            throw CommandFailure.error("cannot delete " + word + " " + name + ", not in " + file);
        }
        if (list.equals("contexts") && Json.text(config, "current-context").equals(name)) {
            call.io()
                    .errorLine(
                            "warning: this removed your active context, use \"kubectl config use-context\" to select a"
                                    + " different one");
        }
        ((ArrayNode) config.path(list)).remove(at);
        ConfigFiles.write(file, config);
        call.io().line("deleted " + word + " " + name + " from " + file);
    }

    private static void set(Invocation call, String property, @org.jspecify.annotations.Nullable String value) {
        String[] parts = property.split("\\.");
        Path file = ConfigFiles.fileOfCurrent(call);
        ObjectNode config = ConfigFiles.read(file);
        if (parts.length == 1 && parts[0].equals("current-context")) {
            config.put("current-context", value == null ? "" : value);
        } else {
            setIn(config, parts, property, value);
        }
        ConfigFiles.write(file, config);
        call.io().line("Property \"" + property + "\" " + (value == null ? "unset." : "set."));
    }

    private static void setIn(
            ObjectNode config, String[] parts, String property, @org.jspecify.annotations.Nullable String value) {
        boolean known = parts[0].equals("clusters") || parts[0].equals("contexts") || parts[0].equals("users");
        if (!known || parts.length < 2) {
            throw CommandFailure.error("unable to parse path \"" + property + "\"");
        }
        // A name may have dots itself: the longest known name wins.
        String name = parts[1];
        for (JsonNode entry : config.path(parts[0])) {
            String one = Json.text(entry, "name");
            String rest = property.substring(parts[0].length() + 1);
            if ((rest.equals(one) || rest.startsWith(one + ".")) && one.length() > name.length()) {
                name = one;
            }
        }
        String rest = property.substring(parts[0].length() + 1 + name.length());
        if (rest.isEmpty()) {
            int at = Kubeconfig.find(config.path(parts[0]), name);
            if (value != null || at < 0) {
                throw CommandFailure.error("unable to set \"" + property + "\"");
            }
            ((ArrayNode) config.path(parts[0])).remove(at);
            return;
        }
        ObjectNode entry = ConfigFiles.entry(config, parts[0], name);
        String field = rest.substring(1);
        if (value == null) {
            entry.remove(field);
        } else if (value.equals("true") || value.equals("false")) {
            entry.put(field, value.equals("true"));
        } else {
            entry.put(field, value);
        }
    }
}
