// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One etcd of our own on free ports of the loopback interface, which a test may kill and start again. */
final class EtcdProcess implements AutoCloseable {
    private final Path folder;
    private final @Nullable TestCertificates tls;
    private final List<String> flags;
    private final int clientPort = freePort();
    private final int peerPort = freePort();
    private Process process;

    EtcdProcess(Path folder, @Nullable TestCertificates tls, String... flags) throws IOException {
        assumeTrue(
                List.of("/usr/bin/etcd", "/usr/local/bin/etcd").stream()
                        .anyMatch(file -> Files.isExecutable(Path.of(file))),
                "etcd is not installed");
        this.folder = folder;
        this.tls = tls;
        this.flags = List.of(flags);
        start();
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    URI endpoint() {
        return URI.create((tls == null ? "http://127.0.0.1" : "https://" + tls.address) + ":" + clientPort);
    }

    EtcdOptions options() {
        EtcdOptions options = EtcdOptions.of(List.of(endpoint()));
        return tls == null ? options : options.withTls(tls.ca, tls.clientCert, tls.clientKey);
    }

    void start() throws IOException {
        String peer = "http://127.0.0.1:" + peerPort;
        List<String> command = new ArrayList<>(List.of(
                "etcd",
                "--name=test",
                "--data-dir=" + folder,
                "--listen-client-urls=" + endpoint(),
                "--advertise-client-urls=" + endpoint(),
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=test=" + peer,
                "--logger=zap",
                "--log-level=error"));
        if (tls != null) {
            command.addAll(List.of(
                    "--cert-file=" + tls.serverCert,
                    "--key-file=" + tls.serverKey,
                    "--trusted-ca-file=" + tls.ca,
                    "--client-cert-auth"));
        }
        command.addAll(flags);
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolveSibling(folder.getFileName() + ".log").toFile()))
                .start();
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            assertThat(process.isAlive()).as("etcd runs").isTrue();
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(endpoint().getHost(), clientPort), 200);
                return true;
            } catch (IOException e) {
                return false;
            }
        });
    }

    /** As by kill -9. */
    void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As by kill -STOP: connections stay open, nobody answers. */
    void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .start()
                .waitFor();
    }

    @Override
    public void close() {
        kill();
    }
}
