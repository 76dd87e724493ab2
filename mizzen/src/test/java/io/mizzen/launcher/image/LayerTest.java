// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerTest {
    @TempDir
    Path folder;

    @Test
    void tarReadsWhatIsWritten() throws Exception {
        Path copied = Files.writeString(folder.resolve("copied"), "x".repeat(513));
        Layer layer = new Layer()
                .file("etc/greeting", 0640, "hello\n")
                .file("etc/copy", 0600, copied)
                .link("greeting", "etc/greeting")
                .folder("var/empty", 01777);

        List<String> lines = tar(layer, "-tv").lines().toList();

        assertThat(lines).hasSize(6);
        assertThat(lines)
                .anySatisfy(line -> assertThat(line).startsWith("drwxr-xr-x").endsWith(" etc/"))
                .anySatisfy(line -> assertThat(line).startsWith("drwxrwxrwt").endsWith(" var/empty/"))
                .anySatisfy(line -> assertThat(line).startsWith("-rw-r-----").endsWith("etc/greeting"))
                .anySatisfy(line -> assertThat(line).startsWith("lrwxrwxrwx").endsWith("greeting -> etc/greeting"));
        assertThat(tar(layer, "-xO", "etc/greeting")).isEqualTo("hello\n");
        assertThat(tar(layer, "-xO", "etc/copy")).hasSize(513);
    }

    @Test
    void aLaterFileReplacesAnEarlierOne() throws Exception {
        Layer layer = new Layer().link("bin/sh", "busybox").file("bin/sh", 0755, "new");

        assertThat(tar(layer, "-t")).isEqualTo("bin/\nbin/sh\n");
        assertThat(tar(layer, "-xO", "bin/sh")).isEqualTo("new");
    }

    @Test
    void longNamesAndTargetsAreKept() throws Exception {
        // Around a hundred bytes the record's own length gets a digit more.
        for (int length : new int[] {99, 100, 101, 120, 300}) {
            String name = "ä" + "n".repeat(length - 2);
            String target = "t".repeat(length);

            assertThat(tar(new Layer().file(name, 0644, "").link("link", target), "-tv")
                            .lines())
                    .as("length %d", length)
                    .anySatisfy(line -> assertThat(line).endsWith("link -> " + target))
                    .anySatisfy(line -> assertThat(line).endsWith(" " + name));
        }
    }

    private String tar(Layer layer, String how, String... members) throws Exception {
        Path file = folder.resolve("layer.tar");
        try (OutputStream out = Files.newOutputStream(file)) {
            layer.writeTo(out);
        }
        List<String> command = new java.util.ArrayList<>(
                List.of("tar", "--quoting-style=literal", "--force-local", how + "f", file.toString()));
        command.addAll(List.of(members));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
