// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.mizzen.kubectl.Kubectl;
import io.mizzen.launcher.containerd.ContainerdException;
import io.mizzen.launcher.flag.FlagException;
import io.mizzen.launcher.flag.FlagSet;
import io.mizzen.launcher.flag.FlagValues;
import io.mizzen.launcher.image.ImageException;
import io.mizzen.launcher.log.LogSettings;
import io.mizzen.launcher.pki.PkiException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The program {@code mizzen}. The first argument names the command; a start that cannot go on is one line on standard
 * error and exit code 1, a command line that is not understood exit code 2.
 */
public final class Main {
    private static final Map<String, Command> COMMANDS = commands();

    private Main() {}

    /** Something the program can do. */
    private record Command(String help, Supplier<FlagSet> flags, Action action) {}

    @FunctionalInterface
    private interface Action {
        void run(FlagValues flags) throws Exception;
    }

    /** Runs a command to its end. */
    public static void main(String[] arguments) {
        int code = run(List.of(arguments));
        if (code != 0) {
            System.exit(code);
        }
    }

    private static Map<String, Command> commands() {
        Map<String, Command> commands = new LinkedHashMap<>();
        commands.put(
                "server",
                new Command("The control plane and its own node, in one process", ServerFlags::server, AllInOne::run));
        commands.put("agent", new Command("A further node of a cluster", ServerFlags::agent, Agent::run));
        commands.put("apiserver", new Command("The API server alone", ServerFlags::apiServer, Standalone::apiServer));
        commands.put("scheduler", new Command("The scheduler alone", ServerFlags::scheduler, Standalone::scheduler));
        commands.put(
                "controller-manager",
                new Command("The controllers alone", ServerFlags::controllerManager, Standalone::controllerManager));
        commands.put("kubelet", new Command("The node agent alone", ServerFlags::kubelet, Standalone::kubelet));
        commands.put("kube-proxy", new Command("Services on this node", ServerFlags::kubeProxy, Standalone::kubeProxy));
        commands.put("token create", new Command("Make a join token", TokenCommand::createFlags, TokenCommand::create));
        commands.put("token list", new Command("Show the join tokens", TokenCommand::listFlags, TokenCommand::list));
        commands.put(
                "token delete",
                new Command("Take back the join token of an id", TokenCommand::deleteFlags, TokenCommand::delete));
        commands.put(
                "image",
                new Command("Make images on the spot and import them", ImageCommand::flags, ImageCommand::run));
        return commands;
    }

    static int run(List<String> arguments) {
        if (arguments.size() >= 2
                && arguments.getFirst().equals("token")
                && !arguments.get(1).startsWith("-")) {
            List<String> joined = new ArrayList<>(List.of("token " + arguments.get(1)));
            joined.addAll(TokenCommand.withIdAsFlag(arguments.subList(2, arguments.size())));
            return run(joined);
        }
        String name = arguments.isEmpty() ? "help" : arguments.getFirst();
        List<String> rest = arguments.isEmpty() ? List.of() : arguments.subList(1, arguments.size());
        switch (name) {
            case "kubectl" -> {
                return Kubectl.run(rest.toArray(String[]::new), System.in, System.out, System.err);
            }
            case "version", "--version" -> {
                System.out.println("mizzen " + Version.text());
                return 0;
            }
            case "help", "--help", "-h" -> {
                System.out.print(help());
                return 0;
            }
            default -> {
                Command command = COMMANDS.get(name);
                String words = group(name);
                if (!words.isEmpty()) {
                    boolean isAsked = rest.contains("--help") || rest.contains("-h");
                    (isAsked ? System.out : System.err).print(words);
                    return isAsked ? 0 : 2;
                }
                if (command == null) {
                    System.err.println("mizzen: unknown command \"" + name + "\", see mizzen help");
                    return 2;
                }
                return run(name, command, rest);
            }
        }
    }

    /** What commands begin with a word that is none itself, such as {@code token}; empty when none does. */
    static String group(String word) {
        StringBuilder text = new StringBuilder();
        COMMANDS.forEach((name, command) -> {
            if (name.startsWith(word + " ")) {
                text.append("  mizzen ")
                        .append(name)
                        .append(": ")
                        .append(command.help())
                        .append('\n');
            }
        });
        return text.toString();
    }

    private static int run(String name, Command command, List<String> arguments) {
        FlagSet flags = command.flags().get();
        if (arguments.contains("--help") || arguments.contains("-h")) {
            System.out.print("mizzen " + name + ": " + command.help() + "\n\n" + flags.help());
            return 0;
        }
        try {
            FlagValues values = flags.parse(arguments);
            System.setProperty(LogSettings.FILE, values.text("log-file"));
            command.action().run(values);
            return 0;
        } catch (FlagException e) {
            System.err.println("mizzen: " + e.getMessage());
            return 2;
        } catch (LaunchException | ContainerdException | ImageException | PkiException | UncheckedIOException e) {
            System.err.println("mizzen: " + e.getMessage());
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        } catch (Exception e) {
            // The loop's top of the whole program: nothing is above that could tell the operator.
            System.err.println("mizzen: " + name + " failed: " + e);
            e.printStackTrace();
            return 1;
        }
    }

    private static String help() {
        StringBuilder text = new StringBuilder("Usage: mizzen COMMAND [FLAGS]\n\n");
        COMMANDS.forEach((name, command) -> text.append("  %-20s %s%n".formatted(name, command.help())));
        text.append("  %-20s %s%n".formatted("kubectl", "Talk to the cluster"));
        text.append("  %-20s %s%n".formatted("version", "Print the version"));
        return text.append("\nFlags of a command: mizzen COMMAND --help\n").toString();
    }
}
