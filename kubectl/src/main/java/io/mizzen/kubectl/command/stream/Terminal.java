// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.stream;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The user's terminal, driven by {@code stty}: raw mode while a session runs, its size. Closing puts the old settings back. One thread.
 */
final class Terminal implements AutoCloseable {
    private static final long STTY_SECONDS = 5;

    private final String saved;

    private Terminal(String saved) {
        this.saved = saved;
    }

    /** Whether standard input is a terminal. */
    static boolean isTerminal() {
        return !stty("-g").isEmpty();
    }

    /** Takes every key as it is until closed. */
    static Terminal raw() {
        String saved = stty("-g");
        if (!saved.isEmpty()) {
            stty("raw", "-echo");
        }
        return new Terminal(saved);
    }

    /** The size as the JSON that the resize channel takes; empty when unknown. */
    static String size() {
        String[] parts = stty("size").split(" ");
        return parts.length == 2 && parts[0].matches("\\d+") && parts[1].matches("\\d+")
                ? "{\"Width\":" + parts[1] + ",\"Height\":" + parts[0] + "}"
                : "";
    }

    private static String stty(String... arguments) {
        List<String> words = new ArrayList<>(List.of("stty"));
        words.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(words)
                    .redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            boolean ended = process.waitFor(STTY_SECONDS, TimeUnit.SECONDS);
            return ended && process.exitValue() == 0 ? text : "";
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    @Override
    public void close() {
        if (!saved.isEmpty()) {
            stty(saved);
        }
    }
}
