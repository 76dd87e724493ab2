// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A TCP connection inside a namespace, held open by a shell. */
final class OpenConnection implements AutoCloseable {
    private final Process process;

    OpenConnection(List<String> bash, String address, int port) throws IOException {
        List<String> command = new ArrayList<>(bash);
        String script = "exec 3<>/dev/tcp/" + address + "/" + port
                + " && echo open && read line && printf '%s\\r\\n\\r\\n' \"$line\" >&3 && cat <&3";
        command.addAll(List.of("-c", script));
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
        String state = reader.readLine();
        if (!"open".equals(state)) {
            throw new IOException("no connection: " + state);
        }
    }

    String request(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        return process.inputReader(StandardCharsets.UTF_8).lines().collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
