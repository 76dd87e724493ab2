// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.kubectl.cli.Io;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls that need no server, with what upstream's kubectl 1.36 answered to each: output, errors and exit code. */
class OfflineParityTest {
    record Recorded(List<String> args, String expected) {
        @Override
        public String toString() {
            return String.join(" ", args);
        }
    }

    static Stream<Recorded> recorded() throws IOException {
        List<Recorded> all = new ArrayList<>();
        try (InputStream in = Objects.requireNonNull(OfflineParityTest.class.getResourceAsStream("/offline.txt"))) {
            for (String section : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("(?m)^### ")) {
                if (!section.isEmpty()) {
                    int end = section.indexOf('\n');
                    all.add(new Recorded(List.of(section.substring(0, end).split("\t")), section.substring(end + 1)));
                }
            }
        }
        assertThat(all).hasSizeGreaterThan(90);
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("recorded")
    void answersAsUpstream(Recorded call) throws URISyntaxException {
        Path folder = Path.of(Objects.requireNonNull(OfflineParityTest.class.getResource("/offline"))
                .toURI());
        String[] args = call.args().stream().map(word -> inFolder(folder, word)).toArray(String[]::new);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        Io io = new Io(new ByteArrayInputStream(new byte[0]), print, print);

        int code = Kubectl.run(
                args, io, Map.of("KUBECONFIG", folder.resolve("none").toString(), "HOME", "/nowhere"));

        assertThat(out.toString(StandardCharsets.UTF_8) + "=> " + code + "\n").isEqualTo(call.expected());
    }

    /** Files of the recording lie among the test's resources. */
    private static String inFolder(Path folder, String word) {
        String name = word.substring(word.lastIndexOf('=') + 1);
        boolean known = !name.isEmpty() && name.matches("[a-z0-9]+\\.(yaml|txt)") && Files.exists(folder.resolve(name));
        return known ? word.substring(0, word.length() - name.length()) + folder.resolve(name) : word;
    }
}
