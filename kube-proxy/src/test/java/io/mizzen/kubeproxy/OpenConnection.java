// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A connection inside a namespace, held open by a shell. */
final class OpenConnection implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private OpenConnection(List<String> bash, String script) throws IOException {
        List<String> command = new ArrayList<>(bash);
        command.addAll(List.of("-c", script));
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        output = process.inputReader(StandardCharsets.UTF_8);
        String state = output.readLine();
        if (!"open".equals(state)) {
            throw new IOException("no connection: " + state);
        }
    }

    /** A TCP connection for one request. */
    static OpenConnection tcp(List<String> bash, String address, int port) throws IOException {
        return new OpenConnection(
                bash,
                "exec 3<>/dev/tcp/" + address + "/" + port
                        + " && echo open && read line && printf '%s\\r\\n\\r\\n' \"$line\" >&3 && cat <&3");
    }

    /** A UDP socket that keeps its port for all exchanges. */
    static OpenConnection udp(List<String> bash, String address, int port) throws IOException {
        return new OpenConnection(
                bash,
                "exec 3<>/dev/udp/" + address + "/" + port
                        + " && echo open && while read line; do echo \"$line\" >&3; timeout 2 head -n 1 <&3 || echo silence; done");
    }

    /** Sends a line and reads all that comes until the other side closes. */
    String request(String line) throws IOException {
        send(line);
        return output.lines().collect(Collectors.joining("\n"));
    }

    /** Sends a datagram and gives the answer. */
    String exchange(String line) throws IOException {
        send(line);
        return output.readLine();
    }

    private void send(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
