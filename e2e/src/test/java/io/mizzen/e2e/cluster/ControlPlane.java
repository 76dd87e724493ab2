// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.mizzen.client.KubeClients;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Two of everything on one etcd, each a process of its own: API servers 1 and 2 with the same keys, and beside each a scheduler
 * and a controller-manager that know only it. One node, which knows only API server 2.
 */
public final class ControlPlane implements AutoCloseable {
    private static final String TOKEN = "abcdef.0123456789abcdef";
    private static final Duration START = Duration.ofSeconds(90);

    private final NetworkNamespace network;
    private final EtcdServer etcd;
    private final Path folder;
    private final Path logs;
    private final Map<String, Process> processes = new LinkedHashMap<>();

    private ControlPlane(NetworkNamespace network, EtcdServer etcd, Path folder, Path logs) {
        this.network = network;
        this.etcd = etcd;
        this.folder = folder;
        this.logs = logs;
    }

    /** Starts all, those of number 1 first, and waits until the node is ready. */
    public static ControlPlane start(NetworkNamespace network, EtcdServer etcd, Class<?> story) {
        try {
            Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "mz");
            Path logs = Path.of("target/logs").toAbsolutePath().resolve(story.getSimpleName());
            Traces.delete(logs);
            ControlPlane plane = new ControlPlane(network, etcd, folder, Files.createDirectories(logs));
            try {
                plane.startAll();
            } catch (RuntimeException | AssertionError failed) {
                plane.close();
                throw failed;
            }
            return plane;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void startAll() throws IOException {
        startApiServer(1);
        awaitServer(1);
        // As an operator does: the second server is given the keys of the first.
        Files.createDirectories(data(2));
        Command.ok("cp", "-a", data(1).resolve("tls").toString(), data(2).toString());
        startApiServer(2);
        startOthers(1);
        awaitServer(2);
        startOthers(2);
        startAgent();
        approveServing();
        Kubectl.within(START)
                .until(() -> kubectl(2)
                        .find("node/node-1", ".status.conditions[?(@.type=='Ready')].status")
                        .equals("True"));
        Command.ok(Cluster.program().toString(), "image", "--data-dir=" + folder.resolve("agent"));
    }

    private void startOthers(int number) throws IOException {
        launch("scheduler-" + number, "scheduler", "--data-dir=" + data(number), "--leader-elect");
        launch("controller-manager-" + number, "controller-manager", "--data-dir=" + data(number), "--leader-elect");
        // The first pair leads before the second stands.
        Kubectl.within(START)
                .until(() -> !leader("kube-scheduler").isEmpty()
                        && !leader("kube-controller-manager").isEmpty());
    }

    /** The node has the address of the API servers, so nobody but an operator may approve its serving certificate. */
    private void approveServing() {
        Kubectl.within(START).until(() -> {
            String waiting = kubectl(2)
                    .ok("get", "csr", "--no-headers")
                    .lines()
                    .filter(line -> line.contains("kubelet-serving") && line.contains("Pending"))
                    .map(line -> line.split(" ")[0])
                    .findFirst()
                    .orElse("");
            return !waiting.isEmpty()
                    && kubectl(2).run("certificate", "approve", waiting).exitCode() == 0;
        });
    }

    private void startAgent() throws IOException {
        String token = Files.readString(data(2).resolve("node-token")).strip();
        launch(
                "agent",
                "agent",
                "--server=https://127.0.0.1:" + port(2),
                "--token=" + token,
                "--data-dir=" + folder.resolve("agent"),
                "--node-name=node-1",
                "--node-ip=" + network.nodeIp(),
                "--cgroup-root=/" + network.name(),
                "--pod-log-dir=" + folder.resolve("pods"),
                "--container-log-dir=" + folder.resolve("containers"));
    }

    /** Starts an API server, also one that was killed. */
    public void startApiServer(int number) throws IOException {
        List<String> flags = new ArrayList<>(List.of(
                "--data-dir=" + data(number),
                "--write-kubeconfig=" + kubeconfig(number),
                "--https-listen-port=" + port(number),
                "--node-ip=" + network.nodeIp(),
                "--token=" + TOKEN));
        flags.addAll(List.of(etcd.flags()));
        launch("apiserver-" + number, "apiserver", flags.toArray(String[]::new));
    }

    /** Waits until an API server says that it is ready. */
    public void awaitServer(int number) {
        Kubectl.within(START).until(() -> {
            assertThat(processes.get("apiserver-" + number).isAlive())
                    .as("API server " + number + " lives, see " + logs)
                    .isTrue();
            return Files.exists(kubeconfig(number))
                    && kubectl(number).run("get", "--raw", "/readyz").exitCode() == 0
                    && Files.exists(data(number).resolve("node-token"));
        });
    }

    private void launch(String name, String command, String... flags) throws IOException {
        List<String> words = new ArrayList<>(network.enter());
        words.addAll(List.of(Cluster.program().toString(), command, "--log-file=" + log(name)));
        words.addAll(List.of(flags));
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        logs.resolve(name + ".console").toFile()))
                .start();
        processes.put(name, process);
    }

    private Path log(String name) {
        return logs.resolve(name + ".log");
    }

    private Path data(int number) {
        return folder.resolve("server-" + number);
    }

    private Path kubeconfig(int number) {
        return folder.resolve("admin-" + number + ".yaml");
    }

    private static int port(int number) {
        return 6442 + number;
    }

    /** kill -9 of a process, such as {@code apiserver-1}. */
    public void kill(String name) throws InterruptedException {
        Process process = processes.get(name);
        process.destroyForcibly();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    /** Which process leads, {@code scheduler-1} for example; empty where none of them does. */
    public String leader(String lease) {
        String holder = "";
        for (int number = 2; number > 0 && holder.isEmpty(); number--) {
            if (Files.exists(kubeconfig(number))) {
                holder = kubectl(number).in("kube-system").find("lease/" + lease, ".spec.holderIdentity");
            }
        }
        if (holder.isEmpty()) {
            return "";
        }
        for (String name : processes.keySet()) {
            if (logged(name, holder + " became leader")) {
                return name;
            }
        }
        return "";
    }

    /** Whether a process has logged a text. */
    public boolean logged(String name, String text) {
        try {
            return Files.exists(log(name)) && Files.readString(log(name)).contains(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Our own kubectl on one of the API servers. */
    public Kubectl kubectl(int number) {
        return new Kubectl("own", KubectlPrograms.own(), network, kubeconfig(number), "default");
    }

    /** A typed connection as the admin to one of the API servers, from the test's own process. */
    public KubernetesClient client(int number) {
        try {
            String text = Files.readString(kubeconfig(number))
                    .replace("https://127.0.0.1:", "https://" + network.nodeIp() + ":");
            return KubeClients.fromKubeconfigText(text, "e2e");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        processes.values().forEach(Process::destroy);
        for (Process process : processes.values()) {
            if (!process.waitFor(15, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        Traces.remove(folder.resolve("agent"), network.name());
        Traces.delete(folder);
    }
}
