// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

class LocalImageTest {
    @TempDir
    Path folder;

    @Test
    void archiveNamesTheImageAndItsBlobs() throws Exception {
        Path archive = folder.resolve("pause.tar");

        LocalImage.PAUSE.writeArchive(archive);

        String index = run("tar", "-xOf", archive.toString(), "index.json");
        assertThat(index).contains("\"io.containerd.image.name\":\"localhost/mizzen/pause:3.10\"");
        String digest = index.replaceAll(".*sha256:([0-9a-f]{64}).*", "$1");
        assertThat(run("sh", "-c", "tar -xOf " + archive + " blobs/sha256/" + digest + " | sha256sum"))
                .startsWith(digest);
    }

    @Test
    void equalInputGivesEqualBytes() throws Exception {
        LocalImage.BUSYBOX.writeArchive(folder.resolve("1.tar"));
        LocalImage.BUSYBOX.writeArchive(folder.resolve("2.tar"));

        assertThat(folder.resolve("1.tar")).hasSameBinaryContentAs(folder.resolve("2.tar"));
    }

    @Test
    @EnabledIfSystemProperty(named = "os.arch", matches = "amd64", disabledReason = "machine code of x86-64")
    void pauseSleepsAndEndsAtOnceOnTermination() throws Exception {
        Path program = folder.resolve("pause");
        Files.write(program, PauseProgram.x8664());
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        Process process = new ProcessBuilder(program.toString()).start();
        Path status = Path.of("/proc/" + process.pid() + "/status");
        await().until(() -> Files.readString(status).contains("State:\tS"));

        process.destroy();

        assertThat(process.waitFor(2, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Test
    @EnabledIfSystemProperty(named = "os.arch", matches = "amd64", disabledReason = "machine code of x86-64")
    void pauseCollectsItsChildren() throws Exception {
        Path program = folder.resolve("pause");
        Files.write(program, PauseProgram.x8664());
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        // The shell starts a short-lived child and then becomes the pause program, which inherits it.
        Process process = new ProcessBuilder("sh", "-c", "sleep 0.2 & exec " + program).start();
        Path children = Path.of("/proc/" + process.pid() + "/task/" + process.pid() + "/children");
        try {
            await().until(() -> !Files.readString(children).isBlank());

            await().atMost(Duration.ofSeconds(5))
                    .until(() -> Files.readString(children).isBlank());
        } finally {
            process.destroyForcibly();
        }
    }

    private static String run(String... command) throws Exception {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
