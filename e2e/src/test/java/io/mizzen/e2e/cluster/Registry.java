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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Debian's image registry on a node's address: one that anybody reads in plain HTTP, or one with TLS and a password. */
public final class Registry implements AutoCloseable {
    /** Who may use a registry with a password. */
    public static final String USER = "captain";

    /** And the password. */
    public static final String PASSWORD = "ahoy";

    private final Cluster cluster;
    private final Path folder;
    private final String address;
    private final boolean secure;
    private final Process process;

    private Registry(Cluster cluster, Path folder, String address, boolean secure, Process process) {
        this.cluster = cluster;
        this.folder = folder;
        this.address = address;
        this.secure = secure;
        this.process = process;
    }

    /** One in plain HTTP. */
    public static Registry plain(Cluster cluster, int port) throws IOException {
        return start(cluster, port, false);
    }

    /** One with a certificate of an authority of its own, that asks for a name and a password. */
    public static Registry secure(Cluster cluster, int port) throws IOException {
        return start(cluster, port, true);
    }

    private static Registry start(Cluster cluster, int port, boolean secure) throws IOException {
        Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "mz-registry");
        String address = cluster.network().nodeIp() + ":" + port;
        StringBuilder config = new StringBuilder("""
                version: 0.1
                log: {level: error}
                storage: {filesystem: {rootdirectory: %s}}
                http:
                  addr: %s
                """.formatted(folder.resolve("data"), address));
        if (secure) {
            ClusterPki pki = ClusterPki.prepare(
                    folder.resolve("tls"),
                    new ClusterPki.Request(
                            "registry",
                            cluster.network().nodeIp(),
                            cluster.network().nodeIp(),
                            "127.0.0.1",
                            "cluster.local",
                            List.of()),
                    InstantSource.system());
            Files.copy(pki.clusterAuthority().certificate(), folder.resolve("ca.crt"));
            Path users = Files.writeString(folder.resolve("users"), Command.ok("htpasswd", "-Bbn", USER, PASSWORD));
            config.append(
                    """
                      tls: {certificate: %s, key: %s}
                    auth: {htpasswd: {realm: harbour, path: %s}}
                    """.formatted(pki.apiServer().certificate(), pki.apiServer().key(), users));
        }
        Path file = Files.writeString(folder.resolve("config.yml"), config);
        List<String> command = new ArrayList<>(cluster.network().enter());
        command.addAll(List.of("docker-registry", "serve", file.toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("registry.log").toFile())
                .start();
        Registry registry = new Registry(cluster, folder, address, secure, process);
        registry.awaitAnswer();
        return registry;
    }

    private void awaitAnswer() {
        String url = (secure ? "https://" : "http://") + address + "/v2/";
        String expected = secure ? "401" : "200";
        Kubectl.within(Duration.ofSeconds(20)).untilAsserted(() -> {
            assertThat(process.isAlive()).isTrue();
            assertThat(inTheNetwork("curl", "-sk", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", url)
                            .out())
                    .isEqualTo(expected);
        });
    }

    /** Tells the cluster's containerd how to reach it, as docs/operations.md says. */
    public Registry known() throws IOException {
        Path known = Files.createDirectories(cluster.dataDir().resolve("containerd/certs.d/" + address));
        String url = (secure ? "https://" : "http://") + address;
        String how = "server = \"" + url + "\"\n[host.\"" + url + "\"]\ncapabilities = [\"pull\", \"resolve\"]\n"
                + (secure ? "ca = \"" + folder.resolve("ca.crt") + "\"\n" : "");
        Files.writeString(known.resolve("hosts.toml"), how);
        return this;
    }

    /** Pushes the image the stories run under a name of this registry; the name. */
    public String push(String repository) {
        String name = address + "/" + repository;
        push(cluster, name, secure ? List.of("--dest-creds=" + USER + ":" + PASSWORD) : List.of());
        return name;
    }

    /** Pushes the image the stories run, from the node, to whatever registry the name says. */
    public static void push(Cluster cluster, String name, List<String> flags) {
        Path archive = cluster.dataDir().resolveSibling("image.tar");
        Path socket = cluster.dataDir().resolve("containerd/containerd.sock");
        Command.ok(
                "ctr",
                "--address=" + socket,
                "--namespace=k8s.io",
                "images",
                "export",
                archive.toString(),
                Cluster.IMAGE);
        List<String> copy = new ArrayList<>(cluster.network().enter());
        copy.addAll(List.of("skopeo", "copy", "--quiet", "--dest-tls-verify=false"));
        copy.addAll(flags);
        copy.addAll(List.of("oci-archive:" + archive, "docker://" + name));
        Command.run("", Map.of(), copy).requireOk();
    }

    /** Host and port. */
    public String address() {
        return address;
    }

    private Command inTheNetwork(String... words) {
        List<String> command = new ArrayList<>(cluster.network().enter());
        command.addAll(Arrays.asList(words));
        return Command.run("", Map.of(), command);
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
