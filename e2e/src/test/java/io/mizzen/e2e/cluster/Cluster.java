// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.mizzen.client.KubeClients;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A one-node cluster: the packaged {@code mizzen server} with a data folder, network and cgroup of its own, and the means to
 * kill it. Closing ends it and removes every trace; its log stays under {@code target/logs}.
 */
public final class Cluster implements AutoCloseable {
    /** The packaged program. */
    static final Path DIST = Path.of("../mizzen/target/dist").toAbsolutePath().normalize();

    /** The image that containers of the stories run. */
    public static final String IMAGE = "localhost/mizzen/busybox:1";

    /** The name of the only node. */
    public static final String NODE = "node-1";

    private static final String NODE_READY = ".status.conditions[?(@.type=='Ready')].status";
    private static final Duration READY = Duration.ofSeconds(60);
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final NetworkNamespace network;
    private final Path folder;
    private final Path log;
    private final List<String> command;
    private Process server;

    private Cluster(NetworkNamespace network, Path folder, Path log, List<String> command, Process server) {
        this.network = network;
        this.folder = folder;
        this.log = log;
        this.command = command;
        this.server = server;
    }

    /**
     * Starts one and waits until its node is ready.
     *
     * @param story whose cluster it is, for the log's name
     * @param flags further flags of the server
     */
    public static Cluster start(Class<?> story, String... flags) {
        return start(NetworkNamespace.create(), story, flags);
    }

    /** The same in a network made before. */
    public static Cluster start(NetworkNamespace network, Class<?> story, String... flags) {
        assertThat(System.getProperty("user.name"))
                .as("the stories start containers and must run as root")
                .isEqualTo("root");
        assertThat(DIST.resolve("lib/mizzen.jar"))
                .as("the packaged program, made by mvn package")
                .isReadable();
        try {
            Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "mz");
            Path logs = Files.createDirectories(Path.of("target/logs").toAbsolutePath());
            Path log = logs.resolve(story.getSimpleName() + "-" + NUMBERS.getAndIncrement() + ".log");
            Files.deleteIfExists(log);
            List<String> command = new ArrayList<>(network.enter());
            command.addAll(List.of(
                    DIST.resolve("bin/mizzen").toString(),
                    "server",
                    "--data-dir=" + folder.resolve("data"),
                    "--write-kubeconfig=" + folder.resolve("admin.yaml"),
                    "--node-name=" + NODE,
                    "--node-ip=" + network.nodeIp(),
                    "--cgroup-root=/" + network.name(),
                    "--pod-log-dir=" + folder.resolve("pods"),
                    "--container-log-dir=" + folder.resolve("containers"),
                    "--log-file=" + log));
            command.addAll(List.of(flags));
            Cluster cluster = new Cluster(network, folder, log, command, launch(command, folder));
            cluster.awaitReady();
            Command.ok(DIST.resolve("bin/mizzen").toString(), "image", "--data-dir=" + cluster.dataDir());
            return cluster;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The packaged program itself. */
    public static Path program() {
        return DIST.resolve("bin/mizzen");
    }

    /** Makes the image of Debian packages, as docs/operations.md says. */
    public void makeImage(String packages) {
        Command.ok(program().toString(), "image", "--data-dir=" + dataDir(), "--package=" + packages);
    }

    private static Process launch(List<String> command, Path folder) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("console.log").toFile()))
                .start();
    }

    /** Waits until the server and its node are ready. */
    public void awaitReady() {
        Kubectl kubectl = kubectl();
        try {
            Kubectl.within(READY).until(() -> {
                assertThat(server.isAlive()).as("the server lives").isTrue();
                return Files.exists(folder.resolve("admin.yaml"))
                        && kubectl.run("get", "--raw", "/readyz").exitCode() == 0
                        && kubectl.find("node/" + NODE, NODE_READY).equals("True");
            });
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(
                    "the cluster does not get ready: " + e.getMessage() + "\n" + console() + tail(log), e);
        }
    }

    /** What the server printed to its console. */
    public String console() {
        return tail(folder.resolve("console.log"));
    }

    /** The server's log. */
    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String tail(Path file) {
        try {
            List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size())) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Our own kubectl, in the namespace {@code default}. */
    public Kubectl kubectl() {
        return new Kubectl("own", KubectlPrograms.own(), network, folder.resolve("admin.yaml"), "default");
    }

    /** A typed connection as the admin, from the test's own process. */
    public KubernetesClient client() {
        try {
            String kubeconfig = Files.readString(folder.resolve("admin.yaml"))
                    .replace("https://127.0.0.1:", "https://" + network.nodeIp() + ":");
            return KubeClients.fromKubeconfigText(kubeconfig, "e2e");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The network the node lives in. */
    public NetworkNamespace network() {
        return network;
    }

    /** The server's data folder. */
    public Path dataDir() {
        return folder.resolve("data");
    }

    /** Where the node keeps the logs of containers, a folder a pod. */
    public Path podLogDir() {
        return folder.resolve("pods");
    }

    /** Where it keeps a link to the newest log of each container. */
    public Path containerLogDir() {
        return folder.resolve("containers");
    }

    /** The server's process. */
    public long serverPid() {
        return server.pid();
    }

    /** The process of the server's containerd. */
    public long containerdPid() {
        try {
            return Long.parseLong(Files.readString(dataDir().resolve("containerd/containerd.pid"))
                    .strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** kill -9, and nothing else. */
    public void killServer() throws InterruptedException {
        server.destroyForcibly();
        assertThat(server.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    /** Starts the server again after it ended, without waiting for it. */
    public void startServer() throws IOException {
        server = launch(command, folder);
    }

    /** SIGTERM; the seconds it took to end. */
    public double stopServer() throws InterruptedException {
        long start = System.nanoTime();
        server.destroy();
        assertThat(server.waitFor(20, TimeUnit.SECONDS))
                .as("the server ends within 20 s of SIGTERM")
                .isTrue();
        return (System.nanoTime() - start) / 1e9;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (server.isAlive()) {
            server.destroy();
            if (!server.waitFor(20, TimeUnit.SECONDS)) {
                server.destroyForcibly();
            }
        }
        Path console = folder.resolve("console.log");
        if (Files.exists(console) && Files.size(console) > 0) {
            Files.copy(
                    console, log.resolveSibling(log.getFileName() + ".console"), StandardCopyOption.REPLACE_EXISTING);
        }
        Traces.remove(dataDir(), network.name());
        network.close();
        Traces.delete(folder);
    }
}
