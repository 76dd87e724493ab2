// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mizzen.launcher.LaunchException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MachineTest {
    @TempDir
    Path folder;

    @Test
    void aFolderIsHeldByOneServerOnly() throws Exception {
        DataFolder first = DataFolder.lock(folder.resolve("data"));

        assertThatThrownBy(() -> DataFolder.lock(folder.resolve("data")))
                .isInstanceOf(LaunchException.class)
                .hasMessage("data folder " + folder.resolve("data") + " is in use by another mizzen (pid "
                        + ProcessHandle.current().pid() + "): stop it first, or choose another --data-dir");

        first.close();
        assertThatCode(() -> DataFolder.lock(folder.resolve("data")).close()).doesNotThrowAnyException();
    }

    @Test
    void aFileInPlaceOfTheFolderIsOneLine() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");

        assertThatThrownBy(() -> DataFolder.lock(file))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("choose another --data-dir");
    }

    @Test
    void aPortInUseIsOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            int port = taken.getLocalPort();

            assertThatThrownBy(() -> Machine.requireFreePort("127.0.0.1", port, "https-listen-port"))
                    .hasMessage("port " + port + " of 127.0.0.1 is already in use: stop what listens there, or"
                            + " choose another --https-listen-port");
        }
    }

    @Test
    void theNodesAddressIsOneOfThisMachine() throws Exception {
        assertThat(NetworkInterface.getByInetAddress(InetAddress.getByName(Machine.nodeIp(""))))
                .isNotNull();
        assertThat(Machine.nodeIp("192.0.2.1")).isEqualTo("192.0.2.1");
    }

    @Test
    void aNodesNameIsADnsName() {
        assertThat(Machine.nodeName("Node-1.Example")).isEqualTo("node-1.example");
        assertThatThrownBy(() -> Machine.nodeName("node_1")).isInstanceOf(LaunchException.class);
    }

    @Test
    void rangesCountTheirAddresses() {
        Cidr services = Cidr.parse("service-cidr", "10.43.0.0/16");

        assertThat(services.address(1)).isEqualTo("10.43.0.1");
        assertThat(services.address(10)).isEqualTo("10.43.0.10");
        assertThat(services).hasToString("10.43.0.0/16");
        assertThat(services.overlaps(Cidr.parse("x", "10.43.128.0/20"))).isTrue();
        assertThat(services.overlaps(Cidr.parse("x", "10.42.0.0/16"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.42.0.0", "10.42.0.1/16", "10.42.0.0/33", "300.0.0.0/8", "::/64", ""})
    void refusesWhatIsNoRange(String text) {
        assertThatThrownBy(() -> Cidr.parse("cluster-cidr", text))
                .hasMessage("flag --cluster-cidr must be an IPv4 range such as 10.42.0.0/16, not \"" + text + "\"");
    }
}
