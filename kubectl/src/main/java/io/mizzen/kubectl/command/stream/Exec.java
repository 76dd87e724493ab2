// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.stream;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code kubectl exec} and {@code kubectl attach}. */
public final class Exec extends Command {
    private final boolean attach;

    /** @param attach whether to join the running process instead of starting one */
    public Exec(boolean attach) {
        this.attach = attach;
    }

    @Override
    public String flags() {
        return "container,c:s= filename,f:l= pod-running-timeout:d=1m0s quiet,q:b=false stdin,i:b=false tty,t:b=false"
                + (attach ? " detach-keys:s=ctrl-p,ctrl-q" : "");
    }

    @Override
    public String synopsis() {
        return attach
                ? "(POD | TYPE/NAME) -c CONTAINER"
                : "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        List<String> arguments = call.arguments();
        int dash = flags.argumentsBeforeDash();
        if (arguments.isEmpty() || dash == 0) {
            if (attach) {
                throw call.usage("at least 1 argument is required for attach");
            }
            throw CommandFailure.error("pod, type/name or --filename must be specified");
        }
        List<String> command = dash < 0 ? List.of() : arguments.subList(dash, arguments.size());
        if (!attach) {
            if (dash < 0 && arguments.size() > 1) {
                throw CommandFailure.error("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND]"
                        + " instead\nSee 'kubectl exec -h' for help and examples");
            }
            if (command.isEmpty()) {
                throw CommandFailure.error("you must specify at least one command for the container");
            }
        }
        List<String> words = dash < 0 ? arguments : arguments.subList(0, dash);
        Target target = PodChoice.resolve(call, words);
        JsonNode pod = PodChoice.pod(call, target, flags.duration("pod-running-timeout"));
        String phase = Json.text(pod, "status", "phase");
        if (phase.equals("Succeeded") || phase.equals("Failed")) {
            throw CommandFailure.error(
                    attach
                            ? "cannot attach a container in a completed pod; current phase is " + phase
                            : "cannot exec into a container in a completed pod; current phase is " + phase);
        }
        String container = PodChoice.container(call, pod, flags.text("container"), flags.is("quiet"));
        if (attach) {
            return Attachment.join(call, pod, container);
        }
        boolean stdin = flags.is("stdin");
        boolean tty = flags.is("tty") && (!stdin || hasTerminal(call));
        return start(call, pod, container, "exec", command, stdin, tty);
    }

    private static boolean hasTerminal(Invocation call) {
        boolean terminal = Terminal.isTerminal();
        if (!terminal) {
            call.io().errorLine("Unable to use a TTY - input is not a terminal or the right kind of file");
        }
        return terminal;
    }

    /** Runs the session and returns the exit code. */
    static int start(
            Invocation call,
            JsonNode pod,
            String container,
            String verb,
            List<String> command,
            boolean stdin,
            boolean tty) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("container", container);
        parameters.put("stdin", stdin ? "true" : "");
        parameters.put("stdout", "true");
        parameters.put("stderr", tty ? "" : "true");
        parameters.put("tty", tty ? "true" : "");
        String path = "/api/v1/namespaces/" + Connection.escape(Json.namespace(pod)) + "/pods/"
                + Connection.escape(Json.name(pod)) + "/" + verb;
        Session session = Session.open(call.connection(), Session.query(path, parameters, command));
        return session.runInteractive(call.io(), stdin, tty);
    }
}
