// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A node with pods and an outside client, made of network namespaces: {@code node} has a bridge with pods on 10.42.0.0/24 and a
 * link to {@code outside} on 192.0.2.0/24, its default route. Nothing of the machine's own network is touched.
 */
final class TestNetwork implements AutoCloseable {
    static final String NODE_IP = "192.0.2.1";

    private final String prefix = "kpt" + ProcessHandle.current().pid() % 100000;
    private final List<String> namespaces = new ArrayList<>();
    private final List<Process> servers = new ArrayList<>();
    private final Path files;

    TestNetwork() throws IOException, InterruptedException {
        files = Files.createTempDirectory("kube-proxy-test");
        add("node");
        add("out");
        in("node", "sysctl -q -w net.ipv4.ip_forward=1");
        in("node", "ip link add br0 type bridge");
        in("node", "ip addr add 10.42.0.1/24 dev br0");
        in("node", "ip link set br0 up");
        run(List.of(
                "ip",
                "link",
                "add",
                "up0",
                "netns",
                prefix + "node",
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                prefix + "out"));
        in("node", "ip addr add " + NODE_IP + "/24 dev up0");
        in("node", "ip link set up0 up");
        in("out", "ip addr add 192.0.2.2/24 dev eth0");
        in("out", "ip link set eth0 up");
        in("node", "ip route add default via 192.0.2.2");
    }

    static boolean isPossible() {
        try {
            return Files.isExecutable(Path.of("/usr/sbin/nft"))
                    && Files.isExecutable(Path.of("/usr/sbin/conntrack"))
                    && run(List.of("ip", "netns", "list")).exitCode() == 0
                    && "root".equals(System.getProperty("user.name"));
        } catch (IOException | InterruptedException missing) {
            return false;
        }
    }

    record Answer(int exitCode, String output) {}

    void addPod(String name, int host) throws IOException, InterruptedException {
        add(name);
        run(List.of(
                "ip",
                "link",
                "add",
                "v" + name,
                "netns",
                prefix + "node",
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                prefix + name));
        in("node", "ip link set v" + name + " master br0");
        in("node", "ip link set v" + name + " up");
        in("node", "bridge link set dev v" + name + " hairpin on");
        in(name, "ip addr add 10.42.0." + host + "/24 dev eth0");
        in(name, "ip link set eth0 up");
        in(name, "ip route add default via 10.42.0.1");
    }

    /** An HTTP server in a namespace that answers with its name. */
    void serve(String namespace, int port) throws IOException {
        Path root = Files.createDirectories(files.resolve(namespace));
        Files.writeString(root.resolve("index.html"), namespace);
        servers.add(
                start(namespace, List.of("busybox", "httpd", "-f", "-p", String.valueOf(port), "-h", root.toString())));
    }

    /** A UDP server in a namespace that answers each packet with the namespace's name. */
    void serveUdp(String namespace, int port) throws IOException {
        servers.add(start(
                namespace,
                List.of(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Xmx32m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        UdpServer.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .getPath(),
                        UdpServer.class.getName(),
                        String.valueOf(port),
                        namespace)));
    }

    /** The answer to a datagram, empty if none comes within a second. */
    Answer ask(String namespace, String ip, int port) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(prefixed(namespace, "bash"));
        line.addAll(List.of("-c", "exec 3<>/dev/udp/" + ip + "/" + port + "; echo x >&3; timeout 1 head -n 1 <&3"));
        return run(line);
    }

    /** The body of an HTTP answer from {@code ip:port}, or the shell's error text. */
    Answer get(String namespace, String address) throws IOException, InterruptedException {
        String[] parts = address.split(":");
        String script = "exec 3<>/dev/tcp/" + parts[0] + "/" + (parts.length > 1 ? parts[1] : "80")
                + " && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && sed -e '1,/^\\r$/d' <&3";
        List<String> line = new ArrayList<>(prefixed(namespace, "timeout"));
        line.addAll(List.of("2", "bash", "-c", script));
        return run(line);
    }

    Answer in(String namespace, String command) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("ip", "netns", "exec", prefix + namespace));
        line.addAll(List.of(command.split(" ")));
        return run(line);
    }

    List<String> prefixed(String namespace, String program) {
        return List.of("ip", "netns", "exec", prefix + namespace, program);
    }

    private Process start(String namespace, List<String> command) throws IOException {
        List<String> line = new ArrayList<>(List.of("ip", "netns", "exec", prefix + namespace));
        line.addAll(command);
        return new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private void add(String name) throws IOException, InterruptedException {
        Answer answer = run(List.of("ip", "netns", "add", prefix + name));
        if (answer.exitCode() != 0) {
            throw new IOException(answer.output());
        }
        namespaces.add(prefix + name);
        in(name, "ip link set lo up");
    }

    private static Answer run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(command + " did not end");
        }
        return new Answer(process.exitValue(), output);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        servers.forEach(Process::destroyForcibly);
        for (String namespace : namespaces) {
            run(List.of("ip", "netns", "del", namespace));
        }
    }
}
