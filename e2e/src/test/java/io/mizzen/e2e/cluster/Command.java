// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One run of a program.
 *
 * @param command what was run
 * @param exitCode its exit code
 * @param out standard output
 * @param err standard error
 */
public record Command(List<String> command, int exitCode, String out, String err) {
    private static final Duration TIMEOUT = Duration.ofSeconds(90);

    /** Runs to the end, at most 90 s. */
    public static Command run(String input, Map<String, String> environment, List<String> command) {
        try {
            Path out = Files.createTempFile("mz-out", "");
            Path err = Files.createTempFile("mz-err", "");
            try {
                ProcessBuilder builder =
                        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
                builder.environment().putAll(environment);
                Process process = builder.start();
                try (OutputStream stdin = process.getOutputStream()) {
                    stdin.write(input.getBytes(StandardCharsets.UTF_8));
                } catch (IOException e) {
                    // A program that does not read its input may have ended already.
                    Files.writeString(err, "");
                }
                if (!process.waitFor(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                    process.destroyForcibly();
                    throw new AssertionError(String.join(" ", command) + " did not end within " + TIMEOUT.toSeconds()
                            + " s: " + Files.readString(out) + Files.readString(err));
                }
                return new Command(command, process.exitValue(), Files.readString(out), Files.readString(err));
            } finally {
                Files.delete(out);
                Files.delete(err);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Runs a program that must succeed, and returns what it prints. */
    public static String ok(String... command) {
        return run("", Map.of(), List.of(command)).requireOk().out();
    }

    /** Runs a program whose success does not matter. */
    public static Command attempt(String... command) {
        return run("", Map.of(), List.of(command));
    }

    /** This, when it succeeded. */
    public Command requireOk() {
        if (exitCode != 0) {
            throw new AssertionError(
                    String.join(" ", command) + " failed with exit code " + exitCode + ":\n" + err + out);
        }
        return this;
    }
}
