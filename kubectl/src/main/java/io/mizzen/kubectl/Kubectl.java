// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl;

import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.FlagSpec;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.cli.Io;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.config.Settings;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The command line. {@link #main} is a process of its own, {@link #run} the same inside another one: it never ends the process,
 * touches only the given streams and leaves no thread behind.
 */
public final class Kubectl {
    private Kubectl() {}

    /** Runs one call and ends the process with its exit code. */
    public static void main(String[] args) {
        PrintStream out = new PrintStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 32 * 1024),
                false,
                StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        int code = run(args, System.in, out, err);
        out.flush();
        System.exit(code);
    }

    /** Runs one call with the process's environment and returns its exit code. */
    public static int run(String[] args, InputStream in, PrintStream out, PrintStream err) {
        return run(args, new Io(in, out, err), System.getenv());
    }

    /** Runs one call with a given environment ({@code KUBECONFIG}, {@code HOME}, …) and returns its exit code. */
    public static int run(String[] args, Io io, Map<String, String> environment) {
        try {
            return dispatch(Arrays.asList(args), io, environment);
        } catch (CommandFailure e) {
            io.out().flush();
            if (!e.text().isEmpty()) {
                io.errorLine(e.text());
            }
            return e.exitCode();
        } finally {
            io.out().flush();
        }
    }

    private static int dispatch(List<String> args, Io io, Map<String, String> environment) {
        CommandTable.Route route = CommandTable.route(args);
        String path = route.path();
        if (route.isHelp()) {
            if (route.isAsked()) {
                io.out().print(Help.of(path));
                return 0;
            }
            io.err().print(Help.of(path));
            return 1;
        }
        Command command = route.command();
        Map<String, FlagSpec> specs = FlagSpec.parseAll(command.flags());
        FlagSpec.parseAll(Settings.GLOBAL_FLAGS).forEach(specs::putIfAbsent);
        List<String> words = new ArrayList<>(route.rest());
        Flags flags = Flags.parse(specs, words, path, command.interspersed());
        if (flags.is("help")) {
            io.out().print(Help.of(path));
            return 0;
        }
        try (Invocation call = new Invocation(path, flags, io, environment)) {
            int code = command.run(call);
            if (code == 0 && call.warningsAreErrors()) {
                throw CommandFailure.error("one warning or more received");
            }
            return code;
        }
    }
}
