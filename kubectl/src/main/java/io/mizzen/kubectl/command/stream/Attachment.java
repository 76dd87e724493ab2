// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.write.Pause;
import io.mizzen.kubectl.net.Http;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Joining a program that runs in a container already, as {@code attach}, {@code run} and {@code debug} do it. What is joined and
 * how it is told follows the flags {@code stdin}, {@code tty} and {@code quiet} of the call. Stateless.
 */
public final class Attachment {
    private static final long POLL_MILLIS = 200;
    private static final List<String> STATUSES =
            List.of("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses");

    private Attachment() {}

    /** Joins; returns when the program or the input has ended. A container with a terminal is given the user's, asked for or not. */
    static int join(Invocation call, JsonNode pod, String container) {
        boolean stdin = call.flags().is("stdin");
        boolean tty = stdin && terminal(call, pod, container);
        if (!call.flags().is("quiet")) {
            call.io()
                    .errorLine("All commands and output from this session will be recorded in container logs,"
                            + " including credentials and sensitive information passed through the command prompt.");
            call.io().errorLine("If you don't see a command prompt, try pressing enter.");
        }
        int code = Exec.start(call, pod, container, "attach", List.of(), stdin, tty);
        if (tty && !call.flags().is("quiet")) {
            call.io().line(farewell(pod, container));
        }
        return code;
    }

    private static boolean terminal(Invocation call, JsonNode pod, String container) {
        if (!PodChoice.definition(pod, container).path("tty").asBoolean(false)) {
            if (call.flags().is("tty")) {
                call.io().errorLine("error: Unable to use a TTY - container " + container + " did not allocate one");
            }
            return false;
        }
        if (Terminal.isTerminal()) {
            return true;
        }
        call.io().errorLine("Unable to use a TTY - input is not a terminal or the right kind of file");
        return false;
    }

    private static String farewell(JsonNode pod, String container) {
        String again =
                "'kubectl attach " + Json.name(pod) + " -c " + container + " -n " + Json.namespace(pod) + " -i -t'";
        for (JsonNode one : pod.path("spec").path("ephemeralContainers")) {
            if (Json.text(one, "name").equals(container)) {
                return "Session ended, the ephemeral container will not be restarted but may be reattached using "
                        + again + " if it is still running";
            }
        }
        return "Session ended, resume using " + again + " command";
    }

    /**
     * Joins, and shows the container's log instead when it can't be joined, most often because its program has ended.
     *
     * @param follow whether the log is read until the program ends
     */
    static void joinOrLog(Invocation call, JsonNode pod, String container, boolean follow) {
        try {
            join(call, pod, container);
        } catch (CommandFailure e) {
            call.io()
                    .errorLine("warning: couldn't attach to pod/" + Json.name(pod)
                            + ", falling back to streaming logs: "
                            + e.text().replaceFirst("^error: ", ""));
            log(call, pod, container, follow);
        }
    }

    /** Waits until a container's program has started, then joins it or, when it has ended, shows its log. */
    public static void joinStarted(Invocation call, JsonNode pod, String container) {
        JsonNode started = awaitStart(call, pod, container);
        if (state(started, container).has("terminated")) {
            log(call, started, container, false);
        } else {
            joinOrLog(call, started, container, false);
        }
    }

    private static JsonNode awaitStart(Invocation call, JsonNode pod, String container) {
        String told = "";
        // The user waits as long as the user likes: an image may take its time to arrive.
        while (true) {
            JsonNode now = call.connection().get(path(pod));
            JsonNode state = state(now, container);
            if (state.has("running") || state.has("terminated")) {
                return now;
            }
            String phase = Json.text(now, "status", "phase");
            if (phase.equals("Succeeded") || phase.equals("Failed")) {
                throw CommandFailure.error("container " + container + " can't start: pod " + Json.name(pod)
                        + " has completed; current phase is " + phase);
            }
            String message = Json.text(state, "waiting", "message");
            if (!message.isEmpty() && !message.equals(told) && !call.flags().is("quiet")) {
                call.io().errorLine("Warning: container " + container + ": " + message);
                told = message;
            }
            Pause.millis(POLL_MILLIS);
        }
    }

    private static JsonNode state(JsonNode pod, String container) {
        for (String list : STATUSES) {
            for (JsonNode status : pod.path("status").path(list)) {
                if (Json.text(status, "name").equals(container)) {
                    return status.path("state");
                }
            }
        }
        return MissingNode.getInstance();
    }

    /** Prints a container's log, to its end with {@code follow}. */
    static void log(Invocation call, JsonNode pod, String container, boolean follow) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("container", container);
        parameters.put("follow", follow ? "true" : "");
        Http.Response response =
                call.connection().stream(Connection.query(path(pod) + "/log", parameters), "application/json, */*");
        try {
            Logs.pump(response.body(), call.io().out(), true);
        } catch (IOException e) {
            throw CommandFailure.error(String.valueOf(e.getMessage()));
        } finally {
            response.abort();
        }
    }

    private static String path(JsonNode pod) {
        return "/api/v1/namespaces/" + Connection.escape(Json.namespace(pod)) + "/pods/"
                + Connection.escape(Json.name(pod));
    }
}
