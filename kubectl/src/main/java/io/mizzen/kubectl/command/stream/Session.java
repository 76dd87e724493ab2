// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.stream;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Io;
import io.mizzen.kubectl.net.WebSocket;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One exec or attach over a WebSocket with {@code v5.channel.k8s.io}: copies standard input, output and error until the server sends
 * the end on the error channel. The calling thread reads; one named virtual thread writes input, one sends sizes of the terminal.
 */
final class Session {
    private static final String PROTOCOLS = "v5.channel.k8s.io, v4.channel.k8s.io";
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int ERROR = 3;
    private static final int RESIZE = 4;
    private static final int CLOSE = 255;
    private static final int BUFFER = 32 * 1024;
    private static final long SIZE_POLL_MILLIS = 250;

    private final WebSocket socket;
    private final boolean canClose;
    private volatile boolean ended;

    private Session(WebSocket socket) {
        this.socket = socket;
        canClose = socket.protocol().equals("v5.channel.k8s.io");
    }

    /** Opens the stream of a path with its query. */
    static Session open(io.mizzen.kubectl.rest.Connection connection, String path) {
        return new Session(connection.webSocket(path, PROTOCOLS));
    }

    /** Copies until the end; returns the program's exit code. */
    int run(@Nullable InputStream in, OutputStream out, OutputStream err, boolean tty) {
        if (in != null) {
            Thread.ofVirtual().name("stdin").start(() -> sendInput(in));
        }
        if (tty) {
            Thread.ofVirtual().name("terminal-size").start(this::sendSizes);
        }
        JsonNode status = null;
        try {
            for (WebSocket.Message message = socket.receive(); message != null; message = socket.receive()) {
                switch (message.channel()) {
                    case STDOUT -> write(out, message.data());
                    case STDERR -> write(err, message.data());
                    case ERROR -> {
                        if (message.data().length > 0) {
                            status = parse(message.data());
                        }
                    }
                    default -> {}
                }
            }
        } catch (IOException e) {
            if (status == null) {
                throw CommandFailure.error("error reading from error stream: " + e.getMessage());
            }
        } finally {
            ended = true;
            socket.close();
        }
        return status == null ? 0 : exitCode(status);
    }

    private static JsonNode parse(byte[] data) {
        try {
            return Json.parse(data);
        } catch (UncheckedIOException e) {
            throw CommandFailure.error(new String(data, StandardCharsets.UTF_8));
        }
    }

    private static void write(OutputStream out, byte[] data) throws IOException {
        out.write(data);
        out.flush();
    }

    private static int exitCode(JsonNode status) {
        if (Json.text(status, "status").equals("Success")) {
            return 0;
        }
        if (Json.text(status, "reason").equals("NonZeroExitCode")) {
            for (JsonNode cause : status.path("details").path("causes")) {
                if (Json.text(cause, "reason").equals("ExitCode")) {
                    int code = Integer.parseInt(Json.text(cause, "message"));
                    throw new CommandFailure(code, "command terminated with exit code " + code);
                }
            }
        }
        throw CommandFailure.error(Json.text(status, "message"));
    }

    private void sendInput(InputStream in) {
        byte[] buffer = new byte[BUFFER];
        try {
            for (int n = in.read(buffer); n >= 0 && !ended; n = in.read(buffer)) {
                socket.send(STDIN, buffer, 0, n);
            }
            if (canClose && !ended) {
                socket.send(CLOSE, new byte[] {STDIN}, 0, 1);
            }
        } catch (IOException e) {
            // The session is over; what the user still types goes nowhere.
            ended = true;
        }
    }

    private void sendSizes() {
        String last = "";
        try {
            while (!ended) {
                String size = Terminal.size();
                if (!size.isEmpty() && !size.equals(last)) {
                    byte[] bytes = size.getBytes(StandardCharsets.US_ASCII);
                    socket.send(RESIZE, bytes, 0, bytes.length);
                    last = size;
                }
                Thread.sleep(SIZE_POLL_MILLIS);
            }
        } catch (IOException e) {
            // The session is over.
            ended = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The query of exec and attach. */
    static String query(String path, Map<String, String> parameters, Iterable<String> command) {
        StringBuilder out = new StringBuilder(io.mizzen.kubectl.rest.Connection.query(path, parameters));
        for (String word : command) {
            out.append(out.indexOf("?") < 0 ? '?' : '&').append("command=");
            out.append(io.mizzen.kubectl.rest.Connection.escape(word));
        }
        return out.toString();
    }

    /** Runs with a raw terminal when one is wanted and there. */
    int runInteractive(Io io, boolean stdin, boolean tty) {
        InputStream in = stdin ? io.in() : null;
        if (!tty) {
            return run(in, io.out(), io.err(), false);
        }
        try (Terminal terminal = Terminal.raw()) {
            return terminal == null ? 1 : run(in, io.out(), io.err(), true);
        }
    }
}
