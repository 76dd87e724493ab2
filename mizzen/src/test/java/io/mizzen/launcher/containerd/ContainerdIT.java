// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.mizzen.launcher.image.LocalImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs a real containerd and a real container; needs root, containerd and runc. */
class ContainerdIT {
    private static final Duration RUN = Duration.ofSeconds(20);

    private Path folder;
    private ContainerdOptions options;

    @BeforeEach
    void choosesAFolderOfItsOwn() throws Exception {
        folder = Files.createTempDirectory("mizzen-containerd");
        options = new ContainerdOptions(
                folder.resolve("c"),
                LocalImage.PAUSE.fullName(),
                folder.resolve("cni"),
                Path.of("/usr/lib/cni"),
                Duration.ofSeconds(20));
    }

    @AfterEach
    void removesTheFolder() throws Exception {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    @Test
    void aContainerSurvivesContainerdsDeathAndOurOwn() throws Exception {
        Containerd containerd = Containerd.start(options);
        try {
            ImageStore images = new ImageStore(containerd.socket());
            Path archive = folder.resolve("pause.tar");
            LocalImage.PAUSE.writeArchive(archive);
            assertThat(images.contains(LocalImage.PAUSE.fullName())).isFalse();
            images.importArchive(archive);
            assertThat(images.contains(LocalImage.PAUSE.fullName())).isTrue();
            ctr("run", "--detach", LocalImage.PAUSE.fullName(), "sleeper");
            long container = pidOf("sleeper");

            long first = containerd.pid();
            ProcessHandle.of(first).orElseThrow().destroyForcibly();
            await().atMost(Duration.ofSeconds(10)).until(() -> containerd.pid() != first);
            Containerd.awaitSocket(containerd.socket(), Duration.ofSeconds(10));

            assertThat(pidOf("sleeper")).isEqualTo(container);
            Containerd adopted = Containerd.start(options);
            assertThat(adopted.pid()).isEqualTo(containerd.pid());
            adopted.close();
            assertThat(ProcessHandle.of(container)).isPresent();
        } finally {
            containerd.close();
        }
        try (Containerd again = Containerd.start(options)) {
            assertThat(again.socket()).exists();
            assertThat(ProcessHandle.of(pidOf("sleeper"))).isPresent();
            ctr("task", "kill", "--signal", "SIGTERM", "sleeper");
            await().atMost(Duration.ofSeconds(5)).until(() -> ctr("task", "ls").contains("STOPPED"));
            ctr("task", "rm", "sleeper");
            ctr("container", "rm", "sleeper");
        }
    }

    @Test
    void saysWhyItEndedAtOnce() throws Exception {
        Files.createDirectories(options.folder());
        Files.createDirectories(
                options.socket().resolveSibling("containerd.sock.ttrpc").resolve("in-the-way"));

        assertThatThrownBy(() -> Containerd.start(options))
                .isInstanceOf(ContainerdException.class)
                .hasMessageStartingWith("containerd ended at once: ");
    }

    @Test
    void saysThatASocketRefuses() {
        assertThatThrownBy(() -> Containerd.awaitSocket(folder.resolve("none.sock"), Duration.ofMillis(50)))
                .isInstanceOf(ContainerdException.class)
                .hasMessage(
                        "the container runtime does not answer at " + folder.resolve("none.sock") + ": no such file");
    }

    private long pidOf(String container) throws Exception {
        return ctr("task", "ls")
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith(container + " "))
                .mapToLong(line -> Long.parseLong(line.split("\\s+")[1]))
                .findFirst()
                .orElseThrow();
    }

    private String ctr(String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("ctr", "--address", options.socket().toString(), "--namespace", "k8s.io"));
        command.addAll(List.of(arguments));
        CommandLine done = CommandLine.run(RUN, command);
        assertThat(done.exitCode()).as(done.output()).isZero();
        return done.output();
    }
}
