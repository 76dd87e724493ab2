// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.stream;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.net.WebSocket;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * {@code kubectl port-forward}: listens on local ports and carries each connection over a WebSocket of its own with
 * {@code v4.channel.k8s.io} (channel 0 data, 1 errors; each begins with the port). Ends when the process is interrupted. A named
 * virtual thread a listener, two a connection.
 */
public final class PortForward extends Command {
    private static final int BUFFER = 32 * 1024;
    private static final int PORT_PREFIX_BYTES = 2;

    @Override
    public String flags() {
        return "address:l=localhost pod-running-timeout:d=1m0s";
    }

    @Override
    public String synopsis() {
        return "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]";
    }

    private record Mapping(int local, int remote) {}

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        List<String> arguments = call.arguments();
        if (arguments.size() < 2) {
            throw call.usage("TYPE/NAME and list of ports are required for port-forward");
        }
        Target target = PodChoice.resolve(call, List.of(arguments.getFirst()));
        JsonNode pod = PodChoice.pod(call, target, flags.duration("pod-running-timeout"));
        if (!Json.text(pod, "status", "phase").equals("Running")) {
            throw CommandFailure.error("unable to forward port because pod is not running. Current status="
                    + Json.text(pod, "status", "phase"));
        }
        List<Mapping> mappings = new ArrayList<>();
        for (String argument : arguments.subList(1, arguments.size())) {
            mappings.add(mapping(argument, target, pod));
        }
        List<ServerSocket> listeners = new ArrayList<>();
        try {
            for (Mapping mapping : mappings) {
                listen(call, flags.list("address"), mapping, pod, listeners);
            }
            call.io().out().flush();
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            listeners.forEach(PortForward::quietly);
        }
        return 0;
    }

    private static void quietly(ServerSocket listener) {
        try {
            listener.close();
        } catch (IOException e) {
            // Nothing can be done about a listener that does not close.
            return;
        }
    }

    private static Mapping mapping(String argument, Target target, JsonNode pod) {
        int colon = argument.indexOf(':');
        String local = colon < 0 ? argument : argument.substring(0, colon);
        String remote = colon < 0 ? argument : argument.substring(colon + 1);
        int port = remotePort(remote, target, pod);
        boolean named = !local.chars().allMatch(Character::isDigit);
        int localPort = local.isEmpty() ? 0 : named ? port : number(local);
        if (colon < 0 && !named && target.type().qualified().equals("services")) {
            localPort = number(local);
        }
        return new Mapping(localPort, port);
    }

    private static int number(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port < 65_536) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Falls through to the complaint.
        }
        throw CommandFailure.error(
                "error parsing local port '" + text + "': strconv.ParseUint: parsing \"" + text + "\": invalid syntax");
    }

    private static int remotePort(String remote, Target target, JsonNode pod) {
        if (target.type().qualified().equals("services")) {
            for (JsonNode port : target.object().path("spec").path("ports")) {
                if (Json.text(port, "port").equals(remote)
                        || Json.text(port, "name").equals(remote)) {
                    JsonNode to = port.path("targetPort");
                    boolean headless =
                            Json.text(target.object(), "spec", "clusterIP").equals("None");
                    if (headless && to.isMissingNode()) {
                        return port.path("port").asInt();
                    }
                    return to.isNumber()
                            ? to.asInt()
                            : to.isTextual()
                                    ? named(to.asText(), pod)
                                    : port.path("port").asInt();
                }
            }
            throw CommandFailure.error("Service " + target.name() + " does not have a service port " + remote);
        }
        return remote.chars().allMatch(Character::isDigit) && !remote.isEmpty() ? number(remote) : named(remote, pod);
    }

    private static int named(String name, JsonNode pod) {
        for (JsonNode container : pod.path("spec").path("containers")) {
            for (JsonNode port : container.path("ports")) {
                if (Json.text(port, "name").equals(name)) {
                    return port.path("containerPort").asInt();
                }
            }
        }
        throw CommandFailure.error("Pod '" + Json.name(pod) + "' does not have a named port '" + name + "'");
    }

    private static void listen(
            Invocation call, List<String> addresses, Mapping mapping, JsonNode pod, List<ServerSocket> listeners) {
        for (String address : addresses) {
            List<String> hosts = address.equals("localhost") ? List.of("127.0.0.1", "::1") : List.of(address);
            IOException last = null;
            boolean any = false;
            int local = mapping.local();
            for (String host : hosts) {
                try {
                    ServerSocket listener = new ServerSocket(local, 50, InetAddress.getByName(host));
                    local = listener.getLocalPort();
                    listeners.add(listener);
                    any = true;
                    String shown = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
                    call.io().line("Forwarding from " + shown + ":" + local + " -> " + mapping.remote());
                    Thread.ofVirtual()
                            .name("port-forward-" + local)
                            .start(() -> accept(call, listener, mapping.remote(), pod));
                } catch (IOException e) {
                    last = e;
                }
            }
            if (!any) {
                call.io()
                        .errorLine(
                                "Unable to listen on port " + mapping.local() + ": Listeners failed to create with the"
                                        + " following errors: [" + (last == null ? "" : last.getMessage()) + "]");
                throw CommandFailure.error("unable to listen on any of the requested ports: [{" + mapping.local() + " "
                        + mapping.remote() + "}]");
            }
        }
    }

    private static void accept(Invocation call, ServerSocket listener, int remote, JsonNode pod) {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                call.io().line("Handling connection for " + listener.getLocalPort());
                call.io().out().flush();
                Thread.ofVirtual().name("forward-" + socket.getPort()).start(() -> carry(call, socket, remote, pod));
            } catch (IOException e) {
                return;
            }
        }
    }

    private static void carry(Invocation call, Socket socket, int remote, JsonNode pod) {
        String path = "/api/v1/namespaces/" + Connection.escape(Json.namespace(pod)) + "/pods/"
                + Connection.escape(Json.name(pod)) + "/portforward";
        String query = Connection.query(path, Map.of("ports", Integer.toString(remote)));
        try (socket;
                WebSocket web = call.connection().webSocket(query, "v4.channel.k8s.io")) {
            Thread.ofVirtual().name("forward-up-" + socket.getPort()).start(() -> up(socket, web));
            down(call, socket, web, remote);
        } catch (CommandFailure e) {
            call.io().errorLine("error forwarding port " + remote + ": " + e.text());
        } catch (IOException e) {
            // One side hung up: the connection is over.
            return;
        }
    }

    private static void up(Socket socket, WebSocket web) {
        byte[] buffer = new byte[BUFFER];
        try {
            InputStream in = socket.getInputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                web.send(0, buffer, 0, n);
            }
        } catch (IOException e) {
            // The other direction notices as well and ends the connection.
            web.close();
            return;
        }
        web.close();
    }

    private static void down(Invocation call, Socket socket, WebSocket web, int remote) throws IOException {
        int[] skip = {PORT_PREFIX_BYTES, PORT_PREFIX_BYTES};
        for (WebSocket.Message message = web.receive(); message != null; message = web.receive()) {
            int channel = message.channel();
            if (channel != 0 && channel != 1) {
                continue;
            }
            int from = Math.min(skip[channel], message.data().length);
            skip[channel] -= from;
            int length = message.data().length - from;
            if (length == 0) {
                continue;
            }
            if (channel == 0) {
                socket.getOutputStream().write(message.data(), from, length);
            } else {
                String text = new String(message.data(), from, length, StandardCharsets.UTF_8);
                call.io()
                        .errorLine("an error occurred forwarding " + socket.getLocalPort() + " -> " + remote + ": "
                                + text);
            }
        }
    }
}
