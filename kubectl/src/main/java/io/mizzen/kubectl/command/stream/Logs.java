// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.stream;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.net.Http;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;

/** {@code kubectl logs}: of one container, several, or of all pods that a selector lets through. */
public final class Logs extends Command {
    private static final int BUFFER = 32 * 1024;

    @Override
    public String flags() {
        return "all-containers:b=false all-pods:b=false container,c:s= follow,f:b=false ignore-errors:b=false"
                + " insecure-skip-tls-verify-backend:b=false limit-bytes:i=0 max-log-requests:i=5"
                + " pod-running-timeout:d=20s prefix:b=false previous,p:b=false selector,l:s= since:d=0s since-time:s="
                + " tail:i=-1 timestamps:b=false";
    }

    @Override
    public String synopsis() {
        return "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]";
    }

    private record Source(JsonNode pod, String container) {
        String prefix() {
            return "[pod/" + Json.name(pod) + "/" + container + "] ";
        }
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        List<String> arguments = call.arguments();
        if (arguments.isEmpty() && flags.text("selector").isEmpty()) {
            throw call.usage("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\n"
                    + "POD or TYPE/NAME is a required argument for the logs command");
        }
        if (!arguments.isEmpty() && !flags.text("selector").isEmpty()) {
            throw call.usage("only a selector (-l) or a POD name is allowed");
        }
        if (arguments.size() > 2) {
            throw call.usage("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\n"
                    + "POD or TYPE/NAME is a required argument for the logs command");
        }
        Map<String, String> parameters = parameters(call);
        List<Source> sources = sources(call);
        if (sources.isEmpty()) {
            call.io().errorLine("No resources found in " + call.namespace() + " namespace.");
            return 0;
        }
        if (flags.is("follow") && sources.size() > 1) {
            long most = flags.number("max-log-requests");
            if (sources.size() > most) {
                throw CommandFailure.error("you are attempting to follow " + sources.size()
                        + " log streams, but maximum allowed concurrency is " + most
                        + ", use --max-log-requests to increase the limit");
            }
            return followAll(call, sources, parameters);
        }
        for (Source source : sources) {
            try {
                copy(call, source, parameters, call.io().out());
            } catch (CommandFailure e) {
                if (!flags.is("ignore-errors")) {
                    throw e;
                }
                call.io().out().print(e.text() + "\n");
            }
        }
        return 0;
    }

    private static Map<String, String> parameters(Invocation call) {
        Flags flags = call.flags();
        Map<String, String> parameters = new LinkedHashMap<>();
        boolean hasSince = !flags.duration("since").isZero();
        String sinceTime = flags.text("since-time");
        if (hasSince && !sinceTime.isEmpty()) {
            throw CommandFailure.error("at most one of `sinceTime` or `sinceSeconds` may be specified");
        }
        if (flags.changed("tail") && flags.number("tail") < -1) {
            throw CommandFailure.error("--tail must be greater than or equal to -1");
        }
        if (flags.changed("limit-bytes") && flags.number("limit-bytes") < 1) {
            throw CommandFailure.error("--limit-bytes must be greater than 0");
        }
        if (flags.is("all-containers") && !flags.text("container").isEmpty()) {
            throw CommandFailure.error(
                    "--all-containers=true should not be specified with container name " + flags.text("container"));
        }
        if (!sinceTime.isEmpty()) {
            try {
                Instant checked = Instant.parse(sinceTime);
                parameters.put("sinceTime", checked.toString());
            } catch (DateTimeParseException e) {
                throw CommandFailure.error("parsing time \"" + sinceTime
                        + "\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"" + sinceTime + "\" as \"2006\"");
            }
        }
        if (hasSince) {
            long seconds = Math.ceilDiv(flags.duration("since").toMillis(), 1000);
            parameters.put("sinceSeconds", Long.toString(seconds));
        }
        long tail = flags.changed("tail")
                ? flags.number("tail")
                : flags.text("selector").isEmpty() ? -1 : 10;
        parameters.put("tailLines", tail < 0 ? "" : Long.toString(tail));
        parameters.put("limitBytes", flags.changed("limit-bytes") ? flags.text("limit-bytes") : "");
        parameters.put("follow", flags.is("follow") ? "true" : "");
        parameters.put("previous", flags.is("previous") ? "true" : "");
        parameters.put("timestamps", flags.is("timestamps") ? "true" : "");
        parameters.put("insecureSkipTLSVerifyBackend", flags.is("insecure-skip-tls-verify-backend") ? "true" : "");
        return parameters;
    }

    private static List<Source> sources(Invocation call) {
        Flags flags = call.flags();
        List<Source> sources = new ArrayList<>();
        for (JsonNode pod : pods(call)) {
            if (flags.is("all-containers")
                    || flags.is("all-pods") && flags.text("container").isEmpty()) {
                PodChoice.allContainers(pod).forEach(container -> sources.add(new Source(pod, container)));
            } else {
                String wanted = flags.text("container");
                if (call.arguments().size() == 2 && call.arguments().getFirst().indexOf('/') < 0) {
                    if (!wanted.isEmpty()) {
                        throw call.usage("only one of -c or an inline [CONTAINER] arg is allowed");
                    }
                    wanted = call.arguments().get(1);
                }
                String name = wanted;
                if (!wanted.isEmpty() && !PodChoice.allContainers(pod).contains(wanted)) {
                    throw CommandFailure.error("container " + name + " is not valid for pod " + Json.name(pod));
                }
                sources.add(new Source(pod, PodChoice.container(call, pod, wanted, false)));
            }
        }
        return sources;
    }

    private static List<JsonNode> pods(Invocation call) {
        Flags flags = call.flags();
        if (!flags.text("selector").isEmpty()) {
            ResourceType type = call.mapper().resource("pods");
            Map<String, String> parameters = new LinkedHashMap<>();
            parameters.put("labelSelector", flags.text("selector"));
            List<JsonNode> pods = new ArrayList<>();
            call.connection()
                    .get(Connection.query(type.path(call.namespace()), parameters))
                    .path("items")
                    .forEach(pods::add);
            return pods;
        }
        Target target;
        try {
            target = PodChoice.resolve(call, List.of(call.arguments().getFirst()));
        } catch (StatusFailure e) {
            if (!e.reason().equals("NotFound")) {
                throw e;
            }
            throw CommandFailure.error("error from server (NotFound): " + e.serverMessage() + " in namespace \""
                    + call.namespace() + "\"");
        }
        if (flags.is("all-pods")) {
            return PodChoice.pods(call, target);
        }
        List<JsonNode> pods = PodChoice.pods(call, target);
        if (pods.size() > 1) {
            String chosen = "pod/" + Json.name(pods.getFirst());
            call.io().errorLine("Found " + pods.size() + " pods, using " + chosen);
        }
        return List.of(PodChoice.pod(call, target, flags.duration("pod-running-timeout")));
    }

    private static int followAll(Invocation call, List<Source> sources, Map<String, String> parameters) {
        ConcurrentLinkedQueue<CommandFailure> failed = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (Source source : sources) {
            threads.add(Thread.ofVirtual()
                    .name("logs-" + Json.name(source.pod()) + "-" + source.container())
                    .start(() -> {
                        try {
                            copy(call, source, parameters, call.io().out());
                        } catch (CommandFailure e) {
                            failed.add(e);
                        }
                    }));
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return 130;
            }
        }
        CommandFailure first = failed.peek();
        if (first != null && !call.flags().is("ignore-errors")) {
            throw first;
        }
        return 0;
    }

    private static void copy(Invocation call, Source source, Map<String, String> parameters, PrintStream out) {
        Map<String, String> own = new LinkedHashMap<>();
        own.put("container", source.container());
        own.putAll(parameters);
        String path = "/api/v1/namespaces/" + Connection.escape(Json.namespace(source.pod())) + "/pods/"
                + Connection.escape(Json.name(source.pod())) + "/log";
        String prefix = call.flags().is("prefix") ? source.prefix() : "";
        boolean follow = call.flags().is("follow");
        Http.Response response;
        try {
            response = call.connection().stream(Connection.query(path, own), "application/json, */*");
        } catch (StatusFailure e) {
            throw e;
        }
        try (InputStream body = response.body()) {
            if (follow) {
                response.readTimeoutMillis(0);
            }
            if (prefix.isEmpty()) {
                pump(body, out, follow);
            } else {
                pumpLines(body, out, prefix.getBytes(StandardCharsets.UTF_8), follow);
            }
        } catch (IOException e) {
            throw CommandFailure.error(String.valueOf(e.getMessage()));
        } finally {
            response.abort();
        }
    }

    static void pump(InputStream body, PrintStream out, boolean flush) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
            out.write(buffer, 0, n);
            if (flush) {
                out.flush();
            }
            if (out.checkError()) {
                return;
            }
        }
    }

    private static void pumpLines(InputStream body, PrintStream out, byte[] prefix, boolean flush) throws IOException {
        byte[] buffer = new byte[BUFFER];
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
            for (int i = 0; i < n; i++) {
                if (line.size() == 0) {
                    line.write(prefix, 0, prefix.length);
                }
                line.write(buffer[i]);
                if (buffer[i] == '\n') {
                    // One write a line, so that lines of several streams never mix.
                    out.write(line.toByteArray(), 0, line.size());
                    line.reset();
                }
            }
            if (flush) {
                out.flush();
            }
        }
        out.write(line.toByteArray(), 0, line.size());
    }
}
