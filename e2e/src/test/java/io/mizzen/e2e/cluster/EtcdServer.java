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
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** An etcd of one or more members that speak TLS only and ask their clients for certificates, in a cluster's network. */
public final class EtcdServer implements AutoCloseable {
    private final Path folder;
    private final ClusterPki pki;
    private final List<Process> members = new ArrayList<>();

    private EtcdServer(Path folder, ClusterPki pki) {
        this.folder = folder;
        this.pki = pki;
    }

    /** Starts one member and waits until it answers. */
    public static EtcdServer start(NetworkNamespace network) throws IOException {
        return start(network, 1);
    }

    /** Starts some members and waits until each answers. */
    public static EtcdServer start(NetworkNamespace network, int size) throws IOException {
        Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "mz-etcd");
        // The launcher's own authority serves etcd as well: names and addresses are the same.
        ClusterPki pki = ClusterPki.prepare(
                folder.resolve("tls"),
                new ClusterPki.Request("etcd", "127.0.0.1", "127.0.0.1", "127.0.0.1", "cluster.local", List.of()),
                InstantSource.system());
        EtcdServer server = new EtcdServer(folder, pki);
        for (int i = 0; i < size; i++) {
            server.members.add(server.launch(network, i, size));
        }
        Kubectl.within(Duration.ofSeconds(30)).until(() -> {
            assertThat(server.members).allMatch(Process::isAlive);
            return server.ctl(network, "endpoint", "health").exitCode() == 0;
        });
        return server;
    }

    private Process launch(NetworkNamespace network, int number, int size) throws IOException {
        String cluster = IntStream.range(0, size)
                .mapToObj(i -> "e2e" + i + "=" + peer(i))
                .collect(Collectors.joining(","));
        List<String> command = new ArrayList<>(network.enter());
        command.addAll(List.of(
                "etcd",
                "--name=e2e" + number,
                "--data-dir=" + folder.resolve("data" + number),
                "--listen-client-urls=" + address(number),
                "--advertise-client-urls=" + address(number),
                "--listen-peer-urls=" + peer(number),
                "--initial-advertise-peer-urls=" + peer(number),
                "--initial-cluster=" + cluster,
                "--cert-file=" + pki.apiServer().certificate(),
                "--key-file=" + pki.apiServer().key(),
                "--client-cert-auth",
                "--trusted-ca-file=" + pki.clusterAuthority().certificate()));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("etcd" + number + ".log").toFile())
                .start();
    }

    private static String address(int number) {
        return "https://127.0.0.1:" + (2379 + 10 * number);
    }

    private static String peer(int number) {
        return "http://127.0.0.1:" + (2380 + 10 * number);
    }

    private String endpoints() {
        return IntStream.range(0, members.size()).mapToObj(EtcdServer::address).collect(Collectors.joining(","));
    }

    /** Runs etcdctl on it. */
    public Command ctl(NetworkNamespace network, String... arguments) {
        List<String> command = new ArrayList<>(network.enter());
        command.addAll(List.of(
                "env",
                "ETCDCTL_API=3",
                "etcdctl",
                "--endpoints=" + endpoints(),
                "--cacert=" + pki.clusterAuthority().certificate(),
                "--cert=" + pki.apiServerKubeletClient().certificate(),
                "--key=" + pki.apiServerKubeletClient().key()));
        command.addAll(List.of(arguments));
        return Command.run("", java.util.Map.of(), command);
    }

    /** kill -9 of the member that leads; its number. */
    public int killLeader(NetworkNamespace network) throws InterruptedException {
        // endpoint, id, version, size, whether it leads, …
        List<String> lines =
                ctl(network, "endpoint", "status").requireOk().out().lines().toList();
        for (int i = 0; i < members.size(); i++) {
            String address = address(i);
            if (lines.stream().anyMatch(line -> line.startsWith(address) && line.contains(", true,"))) {
                members.get(i).destroyForcibly();
                assertThat(members.get(i).waitFor(10, TimeUnit.SECONDS)).isTrue();
                return i;
            }
        }
        throw new AssertionError("no member leads: " + lines);
    }

    /** The flags of a server that keeps its cluster here. */
    public String[] flags() {
        return new String[] {
            "--etcd-endpoints=" + endpoints(),
            "--etcd-cafile=" + pki.clusterAuthority().certificate(),
            "--etcd-certfile=" + pki.apiServerKubeletClient().certificate(),
            "--etcd-keyfile=" + pki.apiServerKubeletClient().key()
        };
    }

    @Override
    public void close() throws IOException, InterruptedException {
        members.forEach(Process::destroy);
        for (Process member : members) {
            if (!member.waitFor(10, TimeUnit.SECONDS)) {
                member.destroyForcibly();
            }
        }
        Traces.delete(folder);
    }
}
