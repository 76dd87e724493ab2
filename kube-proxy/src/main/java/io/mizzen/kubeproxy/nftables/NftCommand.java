// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.nftables;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs a program of the host with text on its standard input; one process a call. The command's prefix is the caller's, so tests
 * run it inside a network namespace ({@code ip netns exec x nft}).
 */
public final class NftCommand {
    private static final int OUTPUT_LIMIT = 64 * 1024;

    private final List<String> command;
    private final Duration timeout;

    /**
     * What a run gave.
     *
     * @param exitCode 0 on success
     * @param output standard output and error, cut at 64 KiB
     */
    public record Result(int exitCode, String output) {}

    /** A command with its leading arguments; each run gets {@code timeout} and is then killed. */
    public NftCommand(List<String> command, Duration timeout) {
        this.command = List.copyOf(command);
        this.timeout = timeout;
    }

    /** Applies a transaction as a whole. */
    public Result apply(Transaction transaction) throws IOException, InterruptedException {
        return run(List.of("-f", "-"), transaction.text());
    }

    /** Runs with further arguments and input. */
    public Result run(List<String> arguments, String input) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(command);
        line.addAll(arguments);
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        Thread writer = Thread.ofVirtual().name("kube-proxy-nft-input").start(() -> feed(process, input));
        StringBuilder output = new StringBuilder();
        Thread reader = Thread.ofVirtual().name("kube-proxy-nft-output").start(() -> drain(process, output));
        try {
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException(line.getFirst() + " did not end within " + timeout.toSeconds() + " s");
            }
            boolean isRead = reader.join(Duration.ofSeconds(5)) && writer.join(Duration.ofSeconds(5));
            if (!isRead) {
                throw new IOException("the output of " + line.getFirst() + " did not end");
            }
            return new Result(process.exitValue(), output.toString());
        } finally {
            process.destroyForcibly();
        }
    }

    private static void feed(Process process, String input) {
        try (OutputStream stream = process.getOutputStream()) {
            stream.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException closed) {
            // The process ended before it read all; its exit code and output say why.
            process.destroy();
        }
    }

    private static void drain(Process process, StringBuilder output) {
        byte[] buffer = new byte[8192];
        try (var stream = process.getInputStream()) {
            for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
                if (output.length() < OUTPUT_LIMIT) {
                    output.append(new String(buffer, 0, read, StandardCharsets.UTF_8));
                }
            }
        } catch (IOException closed) {
            output.append("(output ended early: ").append(closed.getMessage()).append(')');
        }
    }
}
