// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A start that cannot go on is one line that says what to do, and exit code 1. */
class StartIT {
    @TempDir
    Path folder;

    @Test
    void aPortInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            int port = taken.getLocalPort();

            Command done = server("--bind-address=127.0.0.1", "--https-listen-port=" + port);

            assertRefused(done, "port " + port + " of 127.0.0.1 is already in use");
        }
    }

    @Test
    void aFolderThatCannotBeMade() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");

        assertRefused(server("--data-dir=" + file.resolve("data")), "choose another --data-dir");
    }

    @Test
    void aRuntimeThatIsNotThere() {
        Command done = server("--container-runtime-endpoint=" + folder.resolve("none.sock"));

        assertRefused(
                done, "the container runtime does not answer at " + folder.resolve("none.sock") + ": no such file");
    }

    @Test
    void aFlagThatDoesNotExist() {
        Command done = server("--data-dri=/x");

        assertThat(done.exitCode()).isEqualTo(2);
        assertThat(done.err()).isEqualTo("mizzen: unknown flag --data-dri, did you mean --data-dir?\n");
    }

    @Test
    void rangesThatOverlap() {
        assertRefused(
                server("--cluster-cidr=10.43.0.0/16"),
                "--cluster-cidr 10.43.0.0/16 and --service-cidr 10.43.0.0/16 overlap");
    }

    private Command server(String... flags) {
        List<String> command = new ArrayList<>(List.of(
                Cluster.program().toString(),
                "server",
                "--data-dir=" + folder.resolve("data"),
                "--write-kubeconfig=" + folder.resolve("admin.yaml")));
        command.addAll(List.of(flags));
        return Command.run("", Map.of(), command);
    }

    private static void assertRefused(Command done, String line) {
        assertThat(done.exitCode()).isEqualTo(1);
        assertThat(done.err().lines().filter(each -> each.startsWith("mizzen: ")))
                .singleElement()
                .satisfies(each -> assertThat(each).contains(line));
        assertThat(done.err()).doesNotContain("\tat ");
    }
}
