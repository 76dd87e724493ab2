// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl;

import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.FlagSpec;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.config.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the command that a call's words name. A command's class is loaded only when it is the one. Stateless. */
final class CommandTable {
    private CommandTable() {}

    /**
     * What the words mean.
     *
     * @param path the command's full name
     * @param chosen the command, or null when help of a group is wanted
     * @param rest the words left for it
     * @param isAsked whether help was asked for; else a needed word is missing
     */
    record Route(String path, @Nullable Command chosen, List<String> rest, boolean isAsked) {
        boolean isHelp() {
            return chosen == null;
        }

        Command command() {
            if (chosen == null) {
                throw new IllegalStateException(path);
            }
            return chosen;
        }
    }

    static Route route(List<String> args) {
        List<String> rest = new ArrayList<>(args);
        String path = "kubectl";
        String name = take(rest);
        if (name.equals("help")) {
            return new Route(rest.isEmpty() ? path : path + " " + String.join(" ", rest), null, List.of(), true);
        }
        if (name.isEmpty() || name.equals("options")) {
            path = name.isEmpty() ? path : path + " options";
            return new Route(path, null, List.of(), true);
        }
        Command command = Commands.find(name);
        if (command == null && !Commands.isGroup(name)) {
            throw CommandFailure.error("unknown command \"" + name + "\" for \"kubectl\"");
        }
        path += " " + name;
        String key = name;
        while (Commands.isGroup(key)) {
            int at = nextWord(rest);
            String canonical = at < 0 ? "" : Commands.canonical(key, rest.get(at));
            if (canonical.isEmpty()) {
                break;
            }
            rest.remove(at);
            key = key + " " + canonical;
            path = path + " " + canonical;
            command = Commands.find(key);
        }
        if (command == null) {
            int at = nextWord(rest);
            if (at >= 0 && !rest.contains("--help") && !rest.contains("-h")) {
                throw CommandFailure.error(
                        "unknown command \"" + rest.get(at) + "\"\nSee '" + path + " -h' for help and examples");
            }
            return new Route(path, null, List.of(), rest.contains("--help") || rest.contains("-h"));
        }
        return new Route(path, command, rest, false);
    }

    private static String take(List<String> rest) {
        int at = nextWord(rest);
        return at < 0 ? "" : rest.remove(at);
    }

    /** The place of the first word that is neither a flag nor a global flag's value. */
    private static int nextWord(List<String> words) {
        Map<String, FlagSpec> globals = Map.of();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (word.equals("--")) {
                return -1;
            }
            if (!word.startsWith("-") || word.equals("-")) {
                return i;
            }
            if (word.indexOf('=') >= 0) {
                continue;
            }
            if (globals.isEmpty()) {
                globals = FlagSpec.parseAll(Settings.GLOBAL_FLAGS);
            }
            if (takesValue(globals, word)) {
                i++;
            }
        }
        return -1;
    }

    private static boolean takesValue(Map<String, FlagSpec> globals, String word) {
        if (word.startsWith("--")) {
            FlagSpec spec = globals.get(word.substring(2));
            return spec != null && spec.alone().isEmpty();
        }
        for (FlagSpec spec : globals.values()) {
            if (word.length() == 2 && spec.shorthand() == word.charAt(1)) {
                return spec.alone().isEmpty();
            }
        }
        return false;
    }
}
