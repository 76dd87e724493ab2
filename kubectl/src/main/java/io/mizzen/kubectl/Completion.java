// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl;

import io.mizzen.kubectl.cli.FlagSpec;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.config.Settings;
import java.util.List;
import java.util.TreeSet;

/** {@code kubectl completion bash|zsh}: a script that completes commands and flags from this program's own table. */
final class Completion extends Command {
    @Override
    public String flags() {
        return "";
    }

    @Override
    public String synopsis() {
        return "SHELL";
    }

    @Override
    public int run(Invocation call) {
        List<String> words = call.arguments();
        if (words.isEmpty()) {
            throw call.usage("Shell not specified.");
        }
        if (words.size() > 1) {
            throw call.usage("Too many arguments. Expected only the shell type.");
        }
        String shell = words.getFirst();
        if (!shell.equals("bash") && !shell.equals("zsh")) {
            throw call.usage("Unsupported shell type \"" + shell + "\".");
        }
        StringBuilder out = new StringBuilder();
        if (shell.equals("zsh")) {
            out.append("#compdef kubectl\nautoload -U +X bashcompinit && bashcompinit\n");
        }
        out.append("_mizzen_kubectl() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" i w\n");
        out.append("  for ((i = 1; i < COMP_CWORD; i++)); do\n    w=\"${COMP_WORDS[i]}\"\n");
        out.append("    case \"$w\" in -*) ;; *) path=\"$path $w\" ;; esac\n  done\n  local choices=\"\"\n");
        out.append("  case \"$path\" in\n");
        for (String name : Commands.names()) {
            out.append("    ' ")
                    .append(name)
                    .append("'*) choices='")
                    .append(choices(name))
                    .append("' ;;\n");
        }
        out.append("    *) choices='").append(String.join(" ", Commands.top())).append("' ;;\n  esac\n");
        out.append(
                "  COMPREPLY=($(compgen -W \"$choices\" -- \"$word\"))\n}\ncomplete -o default -F _mizzen_kubectl kubectl\n");
        call.io().out().print(out);
        return 0;
    }

    private static String choices(String name) {
        TreeSet<String> all = new TreeSet<>(Commands.below(name));
        Command command = Commands.find(name);
        if (command != null) {
            FlagSpec.parseAll(command.flags()).keySet().forEach(flag -> all.add("--" + flag));
        }
        FlagSpec.parseAll(Settings.GLOBAL_FLAGS).keySet().forEach(flag -> all.add("--" + flag));
        return String.join(" ", all);
    }
}
