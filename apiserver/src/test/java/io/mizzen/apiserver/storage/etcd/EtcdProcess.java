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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One etcd of our own on free ports of the loopback interface, which a test may kill and start again. */
final class EtcdProcess implements AutoCloseable {
    private final Path folder;
    private final @Nullable TestCertificates tls;
    private final List<String> flags;
    private final int clientPort = freePort();
    private final int peerPort = freePort();
    private final String name;
    private String members;
    private Process process;

    EtcdProcess(Path folder, @Nullable TestCertificates tls, String... flags) throws IOException {
        this("test", folder, tls, flags);
        members = member();
        start();
    }

    private EtcdProcess(String name, Path folder, @Nullable TestCertificates tls, String... flags) {
        assumeTrue(
                Stream.of("/usr/bin/etcd", "/usr/local/bin/etcd").anyMatch(file -> Files.isExecutable(Path.of(file))),
                "etcd is not installed");
        this.name = name;
        this.folder = folder;
        this.tls = tls;
        this.flags = List.of(flags);
    }

    /** Members of one cluster, all started. */
    static List<EtcdProcess> cluster(Path folder, int size) throws IOException {
        List<EtcdProcess> cluster = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            cluster.add(new EtcdProcess("m" + i, folder.resolve("m" + i), null));
        }
        String members =
                String.join(",", cluster.stream().map(EtcdProcess::member).toList());
        for (EtcdProcess process : cluster) {
            process.members = members;
            process.start();
        }
        return cluster;
    }

    private String member() {
        return name + "=http://127.0.0.1:" + peerPort;
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
                "--name=" + name,
                "--data-dir=" + folder,
                "--listen-client-urls=" + endpoint(),
                "--advertise-client-urls=" + endpoint(),
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=" + members,
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
