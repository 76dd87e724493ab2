// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.launcher.pki.ClusterPki;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One etcd that speaks TLS only and asks its clients for certificates, in a cluster's network. */
public final class EtcdServer implements AutoCloseable {
    private static final String ADDRESS = "https://127.0.0.1:2379";

    private final Path folder;
    private final ClusterPki pki;
    private final Process process;

    private EtcdServer(Path folder, ClusterPki pki, Process process) {
        this.folder = folder;
        this.pki = pki;
        this.process = process;
    }

    /** Starts one and waits until it answers. */
    public static EtcdServer start(NetworkNamespace network) throws IOException {
        Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "mz-etcd");
        // The launcher's own authority serves etcd as well: names and addresses are the same.
        ClusterPki pki = ClusterPki.prepare(
                folder.resolve("tls"),
                new ClusterPki.Request("etcd", "127.0.0.1", "127.0.0.1", "127.0.0.1", "cluster.local", List.of()),
                InstantSource.system());
        List<String> command = new ArrayList<>(network.enter());
        command.addAll(List.of(
                "etcd",
                "--name=e2e",
                "--data-dir=" + folder.resolve("data"),
                "--listen-client-urls=" + ADDRESS,
                "--advertise-client-urls=" + ADDRESS,
                "--listen-peer-urls=http://127.0.0.1:2380",
                "--initial-advertise-peer-urls=http://127.0.0.1:2380",
                "--initial-cluster=e2e=http://127.0.0.1:2380",
                "--cert-file=" + pki.apiServer().certificate(),
                "--key-file=" + pki.apiServer().key(),
                "--client-cert-auth",
                "--trusted-ca-file=" + pki.clusterAuthority().certificate()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("etcd.log").toFile())
                .start();
        EtcdServer server = new EtcdServer(folder, pki, process);
        Kubectl.within(Duration.ofSeconds(30)).until(() -> {
            assertThat(process.isAlive()).isTrue();
            return server.ctl(network, "endpoint", "health").exitCode() == 0;
        });
        return server;
    }

    /** Runs etcdctl on it. */
    public Command ctl(NetworkNamespace network, String... arguments) {
        List<String> command = new ArrayList<>(network.enter());
        command.addAll(List.of(
                "env",
                "ETCDCTL_API=3",
                "etcdctl",
                "--endpoints=" + ADDRESS,
                "--cacert=" + pki.clusterAuthority().certificate(),
                "--cert=" + pki.apiServerKubeletClient().certificate(),
                "--key=" + pki.apiServerKubeletClient().key()));
        command.addAll(List.of(arguments));
        return Command.run("", java.util.Map.of(), command);
    }

    /** The flags of a server that keeps its cluster here. */
    public String[] flags() {
        return new String[] {
            "--etcd-endpoints=" + ADDRESS,
            "--etcd-cafile=" + pki.clusterAuthority().certificate(),
            "--etcd-certfile=" + pki.apiServerKubeletClient().certificate(),
            "--etcd-keyfile=" + pki.apiServerKubeletClient().key()
        };
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        Traces.delete(folder);
    }
}
