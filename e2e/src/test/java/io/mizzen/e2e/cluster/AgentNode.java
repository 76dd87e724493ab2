// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A further node: the packaged {@code mizzen agent} in a network, a data folder and a cgroup of its own. */
public final class AgentNode implements AutoCloseable {
    private static final Duration READY = Duration.ofSeconds(60);

    private final String name;
    private final Cluster cluster;
    private final NetworkNamespace network;
    private final Path folder;
    private Process process;

    private AgentNode(String name, Cluster cluster, NetworkNamespace network, Path folder, Process process) {
        this.name = name;
        this.cluster = cluster;
        this.network = network;
        this.folder = folder;
        this.process = process;
    }

    /** Starts one that is told a server and a token and nothing else of the cluster; waits for nothing. */
    public static AgentNode start(
            Cluster cluster, NetworkNamespace network, String name, String token, String... flags) {
        try {
            Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "mz");
            List<String> command = command(cluster, network, name, folder);
            command.add("--token=" + token);
            command.addAll(List.of(flags));
            return new AgentNode(name, cluster, network, folder, launch(command, folder));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> command(Cluster cluster, NetworkNamespace network, String name, Path folder) {
        List<String> command = new ArrayList<>(network.enter());
        command.addAll(List.of(
                Cluster.program().toString(),
                "agent",
                "--server=https://" + cluster.network().nodeIp() + ":6443",
                "--data-dir=" + folder.resolve("data"),
                "--node-name=" + name,
                "--node-ip=" + network.nodeIp(),
                "--cgroup-root=/" + network.name(),
                "--pod-log-dir=" + folder.resolve("pods"),
                "--container-log-dir=" + folder.resolve("containers"),
                "--log-file=" + log(name)));
        return command;
    }

    private static Path log(String name) {
        return Path.of("target/logs").toAbsolutePath().resolve("agent-" + name + ".log");
    }

    private static Process launch(List<String> command, Path folder) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("console.log").toFile()))
                .start();
    }

    /** Waits until the cluster says that the node is ready, and gives it the stories' image. */
    public AgentNode awaitReady() {
        String path = ".status.conditions[?(@.type=='Ready')].status";
        try {
            Kubectl.within(READY).until(() -> {
                assertThat(process.isAlive()).as("agent " + name + " lives").isTrue();
                return cluster.kubectl().find("node/" + name, path).equals("True");
            });
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("agent " + name + " does not get ready: " + e.getMessage() + "\n" + console(), e);
        }
        Command.ok(Cluster.program().toString(), "image", "--data-dir=" + folder.resolve("data"));
        return this;
    }

    /** What the agent printed and logged. */
    public String console() {
        try {
            Path console = folder.resolve("console.log");
            return (Files.exists(console) ? Files.readString(console) : "")
                    + (Files.exists(log(name)) ? Files.readString(log(name)) : "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The exit code of an agent that ends by itself. */
    public int awaitEnd() throws InterruptedException {
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("the agent ends").isTrue();
        return process.exitValue();
    }

    /** Name of the Node. */
    public String name() {
        return name;
    }

    /** The network it lives in. */
    public NetworkNamespace network() {
        return network;
    }

    /** Its data folder. */
    public Path dataDir() {
        return folder.resolve("data");
    }

    /** kill -9, and nothing else: its containers go on. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    /** Starts it again, without the token. */
    public void startAgain() throws IOException {
        process = launch(command(cluster, network, name, folder), folder);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (process.isAlive()) {
            process.destroy();
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        Traces.remove(folder.resolve("data"), network.name());
        Traces.delete(folder);
    }
}
