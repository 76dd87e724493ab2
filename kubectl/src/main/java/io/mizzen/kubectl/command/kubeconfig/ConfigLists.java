// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.kubeconfig;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.config.Kubeconfig;
import io.mizzen.kubectl.print.TabWriter;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** {@code kubectl config get-contexts|get-clusters|get-users|current-context}. */
public final class ConfigLists extends Command {
    private final String what;

    /** @param what {@code contexts}, {@code clusters}, {@code users} or {@code current} */
    public ConfigLists(String what) {
        this.what = what;
    }

    @Override
    public String flags() {
        return what.equals("contexts") ? "no-headers:b=false output,o:s=" : "";
    }

    @Override
    public String synopsis() {
        return what.equals("contexts") ? "[(-o|--output=)name)]" : "";
    }

    @Override
    public int run(Invocation call) {
        Kubeconfig config = Kubeconfig.load("", environment(call));
        switch (what) {
            case "current" -> {
                if (config.currentContext().isEmpty()) {
                    throw CommandFailure.error("current-context is not set");
                }
                call.io().line(config.currentContext());
                return 0;
            }
            case "contexts" -> {
                return contexts(call, config);
            }
            default -> {
                call.io().line("NAME");
                TreeSet<String> names = new TreeSet<>();
                config.merged().path(what).forEach(entry -> names.add(Json.text(entry, "name")));
                names.forEach(call.io()::line);
                return 0;
            }
        }
    }

    /** A file that {@code --kubeconfig} names need not be there for these commands. */
    private static java.util.Map<String, String> environment(Invocation call) {
        java.util.Map<String, String> environment = new java.util.HashMap<>(call.environment());
        String flag = call.flags().text("kubeconfig");
        if (!flag.isEmpty()) {
            environment.put("KUBECONFIG", flag);
        }
        return environment;
    }

    private static int contexts(Invocation call, Kubeconfig config) {
        Flags flags = call.flags();
        boolean namesOnly = flags.text("output").equals("name");
        if (!flags.text("output").isEmpty() && !namesOnly) {
            throw CommandFailure.error("output must be one of '' or 'name': " + flags.text("output"));
        }
        List<String> wanted = new ArrayList<>(call.arguments());
        List<String> missing = new ArrayList<>();
        if (wanted.isEmpty()) {
            config.merged().path("contexts").forEach(entry -> wanted.add(Json.text(entry, "name")));
            wanted.sort(null);
        } else {
            missing.addAll(wanted);
            missing.removeIf(name -> !config.entry("contexts", name).isMissingNode());
            wanted.removeAll(missing);
        }
        TabWriter writer = TabWriter.forTables();
        if (!namesOnly && !flags.is("no-headers")) {
            writer.write("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
        }
        for (String name : wanted) {
            JsonNode context = config.entry("contexts", name);
            if (namesOnly) {
                writer.write(name + "\n");
            } else {
                writer.write((name.equals(config.currentContext()) ? "*" : "") + "\t" + name + "\t"
                        + Json.text(context, "cluster") + "\t" + Json.text(context, "user") + "\t"
                        + Json.text(context, "namespace") + "\n");
            }
        }
        call.io().out().print(writer.flush());
        missing.forEach(name -> call.io().errorLine("error: context " + name + " not found"));
        return missing.isEmpty() ? 0 : 1;
    }
}
