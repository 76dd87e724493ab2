// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ContainerdConfigTest {
    @Test
    void keepsEverythingBelowItsFolder() {
        String toml = ContainerdConfig.toml(options("/srv/a \"b\""), "native");

        assertThat(toml)
                .contains("root = \"/srv/a \\\"b\\\"/root\"")
                .contains("state = \"/srv/a \\\"b\\\"/state\"")
                .contains("address = \"/srv/a \\\"b\\\"/containerd.sock\"")
                .contains("config_path = \"/srv/a \\\"b\\\"/certs.d\"")
                .contains("snapshotter = \"native\"")
                .contains("SystemdCgroup = false");
    }

    @Test
    void refusesAFolderWhoseSocketTheKernelWouldNotTake() {
        assertThatThrownBy(() -> options("/" + "x".repeat(100)))
                .isInstanceOf(ContainerdException.class)
                .hasMessageContaining("choose a shorter --data-dir");
    }

    private static ContainerdOptions options(String folder) {
        return new ContainerdOptions(
                Path.of(folder),
                "localhost/mizzen/pause:3.10",
                Path.of("/srv/cni"),
                Path.of("/usr/lib/cni"),
                Duration.ofSeconds(20));
    }
}
