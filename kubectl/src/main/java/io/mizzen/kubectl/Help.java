// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl;

import io.mizzen.kubectl.cli.FlagSpec;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.config.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Help texts, in own words, made from the tables of commands and flags. Stateless. */
final class Help {
    private static final List<String> GROUPS = List.of(
            "Make and show:get describe create apply delete run expose set edit explain events",
            "Roll out:rollout scale autoscale",
            "Look inside pods:logs exec attach cp port-forward proxy debug",
            "Change:patch replace label annotate diff wait",
            "The cluster:cluster-info top cordon uncordon drain taint certificate auth",
            "This program:config version api-resources api-versions completion options");

    private Help() {}

    static String of(String path) {
        if (path.equals("kubectl")) {
            return overview();
        }
        String name = path.substring("kubectl ".length());
        if (name.equals("options")) {
            return "These options may be given to any command:\n\n" + flags(Settings.GLOBAL_FLAGS);
        }
        Command command = Commands.find(name);
        StringBuilder out = new StringBuilder();
        out.append(summary(name)).append("\n");
        List<String> below = Commands.below(name);
        if (!below.isEmpty()) {
            out.append("\nCommands:\n");
            below.forEach(word -> row(out, word, summary(name + " " + word)));
        }
        if (command != null) {
            out.append("\nOptions:\n").append(flags(command.flags()));
        }
        String form = command == null ? "COMMAND" : command.synopsis();
        out.append("\nUsage:\n  ")
                .append(path)
                .append(form.isEmpty() ? "" : " " + form)
                .append(" [options]\n");
        out.append("\n\"kubectl options\" lists the options that every command takes.\n");
        return out.toString();
    }

    private static String overview() {
        StringBuilder out = new StringBuilder("kubectl talks to a Kubernetes API server.\n");
        for (String group : GROUPS) {
            int colon = group.indexOf(':');
            out.append('\n').append(group, 0, colon).append(":\n");
            for (String word : group.substring(colon + 1).split(" ")) {
                row(out, word, summary(word));
            }
        }
        out.append("\nUsage:\n  kubectl COMMAND [options]\n");
        out.append(
                "\n\"kubectl COMMAND --help\" tells more of a command, \"kubectl options\" lists the options of all.\n");
        return out.toString();
    }

    private static void row(StringBuilder out, String word, String summary) {
        out.append("  ")
                .append(word)
                .append(" ".repeat(Math.max(1, 18 - word.length())))
                .append(summary)
                .append('\n');
    }

    private static String summary(String name) {
        for (String line : Commands.summaries()) {
            int tab = line.indexOf('\t');
            if (line.substring(0, tab).equals(name)) {
                return line.substring(tab + 1);
            }
        }
        return switch (name) {
            case "set" -> "Change parts of workloads";
            case "rollout" -> "Follow and steer rollouts";
            case "config" -> "Look at and change kubeconfig files";
            case "auth" -> "Ask about rights";
            case "top" -> "Show what is used";
            case "certificate" -> "Decide on certificate requests";
            case "create secret" -> "Make a secret";
            case "create service" -> "Make a service";
            case "options" -> "List the options of all commands";
            default -> "";
        };
    }

    private static String flags(String declarations) {
        Map<String, String> texts = texts();
        StringBuilder out = new StringBuilder();
        for (FlagSpec flag : new TreeMap<>(FlagSpec.parseAll(declarations)).values()) {
            String shorthand = flag.shorthand() == 0 ? "    " : "-" + flag.shorthand() + ", ";
            String initial = switch (flag.type()) {
                case TEXT -> "'" + flag.initial() + "'";
                case LIST, ARRAY, PAIRS -> "[" + flag.initial() + "]";
                case BOOL, INT, DURATION -> flag.initial();
            };
            out.append("    ")
                    .append(shorthand)
                    .append("--")
                    .append(flag.name())
                    .append('=')
                    .append(initial)
                    .append(":\n");
            out.append('\t').append(texts.getOrDefault(flag.name(), "")).append("\n\n");
        }
        return out.toString();
    }

    private static Map<String, String> texts() {
        Map<String, String> texts = new HashMap<>();
        try (InputStream in = Help.class.getResourceAsStream("flags.tsv")) {
            if (in == null) {
                return texts;
            }
            new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(line -> {
                int tab = line.indexOf('\t');
                texts.put(line.substring(0, tab), line.substring(tab + 1));
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return texts;
    }
}
