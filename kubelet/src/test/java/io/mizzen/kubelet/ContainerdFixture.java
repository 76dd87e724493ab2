// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet;

import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.PodSandbox;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A containerd of the test's own: socket, folders, images made on the spot, network bridge, cgroup. Closing it removes every
 * container, mount, namespace and address that came of it.
 */
final class ContainerdFixture implements AutoCloseable {
    static final String PAUSE = "mizzen.local/pause:1";
    static final String BUSYBOX = "mizzen.local/busybox:1";

    private final Path dir;
    private final int subnet;
    private Process process;

    /** @param subnet the x of 10.88.x.0/24, unique among tests that may run at once */
    ContainerdFixture(int subnet) throws IOException, InterruptedException {
        this.subnet = subnet;
        this.dir = Files.createDirectories(
                Path.of("/var/tmp/mzk" + subnet + "-" + ProcessHandle.current().pid()));
        Files.writeString(dir.resolve("config.toml"), config());
        this.process = launch();
        importImage(PAUSE, "[\"/bin/sleep\",\"2147483647\"]");
        importImage(BUSYBOX, "[\"/bin/sh\"]");
    }

    Path dir() {
        return dir;
    }

    Path socket() {
        return dir.resolve("c.sock");
    }

    String cidr() {
        return "10.88." + subnet + ".0/24";
    }

    String bridge() {
        return "mzk" + subnet;
    }

    KubeletOptions options(String nodeName) {
        return KubeletOptions.defaults(nodeName, "127.0.0.1", socket())
                .withFolders(dir.resolve("kubelet"), dir.resolve("pods"), dir.resolve("containers"))
                .withCgroupRoot("/mzk" + subnet)
                .withNetwork(new KubeletOptions.NetworkOptions(
                        dir.resolve("cni"),
                        Path.of("/usr/lib/cni"),
                        dir.resolve("cni-state"),
                        bridge(),
                        0,
                        Optional.of(cidr()),
                        "10.88.0.0/16",
                        List.of("10.43.0.10"),
                        "cluster.local",
                        Path.of("/etc/resolv.conf")));
    }

    /** Kills containerd without warning, as a crash would. */
    void crash() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Starts it again on the same folders. */
    void restart() throws IOException, InterruptedException {
        process = launch();
    }

    private Process launch() throws IOException, InterruptedException {
        Process started = new ProcessBuilder(
                        "containerd", "--config", dir.resolve("config.toml").toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        dir.resolve("containerd.log").toFile()))
                .start();
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(this::answers);
        return started;
    }

    private boolean answers() {
        try (CriClient cri = CriClient.connect(socket(), Duration.ofSeconds(5))) {
            cri.version();
            return true;
        } catch (CriException e) {
            return false;
        }
    }

    private String config() {
        return """
                version = 2
                root = "%1$s/root"
                state = "%1$s/state"
                disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
                [grpc]
                  address = "%1$s/c.sock"
                [ttrpc]
                  address = "%1$s/c.sock.ttrpc"
                [plugins."io.containerd.grpc.v1.cri"]
                  sandbox_image = "%2$s"
                  restrict_oom_score_adj = true
                  stream_server_address = "127.0.0.1"
                  stream_server_port = "0"
                  [plugins."io.containerd.grpc.v1.cri".cni]
                    bin_dir = "/usr/lib/cni"
                    conf_dir = "%1$s/cni"
                """.formatted(dir, PAUSE);
    }

    /** Makes an image of busybox alone and imports it. */
    void importImage(String name, String command) throws IOException, InterruptedException {
        Path work = Files.createDirectories(dir.resolve("image"));
        run(
                "sh",
                "-c",
                "cd " + work
                        + " && rm -rf * && mkdir -p rootfs/bin rootfs/tmp rootfs/etc rootfs/proc rootfs/dev rootfs/sys"
                        + " && cp /bin/busybox rootfs/bin/busybox && chmod 1777 rootfs/tmp"
                        + " && for a in sh sleep cat echo ls id hostname env wget nc httpd head dd true false date touch mkdir kill stty tail seq tr; do ln -s busybox rootfs/bin/$a; done"
                        + " && tar -C rootfs -cf layer.tar . && sha256sum layer.tar | cut -d' ' -f1 > digest");
        String digest = Files.readString(work.resolve("digest")).strip();
        Files.writeString(
                work.resolve("config.json"),
                "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":" + command
                        + ",\"Env\":[\"PATH=/bin\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" + digest
                        + "\"]}}");
        Files.writeString(
                work.resolve("manifest.json"),
                "[{\"Config\":\"config.json\",\"RepoTags\":[\"" + name + "\"],\"Layers\":[\"layer.tar\"]}]");
        run(
                "sh",
                "-c",
                "cd " + work + " && tar -cf image.tar manifest.json config.json layer.tar && ctr -a " + socket()
                        + " -n k8s.io images import image.tar");
    }

    static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output;
    }

    @Override
    public void close() throws Exception {
        try (CriClient cri = CriClient.connect(socket(), Duration.ofSeconds(30))) {
            for (PodSandbox sandbox : cri.listPodSandboxes(Map.of())) {
                cri.stopPodSandbox(sandbox.getId());
                cri.removePodSandbox(sandbox.getId());
            }
        }
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        new ProcessBuilder("ip", "link", "delete", bridge()).start().waitFor();
        new ProcessBuilder("nft", "delete", "table", "ip", "mizzen_masq_" + bridge())
                .start()
                .waitFor();
        new io.mizzen.kubelet.resource.Cgroups(Path.of("/sys/fs/cgroup"), "/mzk" + subnet).removeNode();
        for (Path mount : io.mizzen.kubelet.volume.Mounts.below(dir)) {
            io.mizzen.kubelet.volume.Mounts.detach(mount);
        }
        io.mizzen.kubelet.volume.Trees.delete(dir);
        try (Stream<Path> hierarchies = Files.list(Path.of("/sys/fs/cgroup"))) {
            for (Path hierarchy : hierarchies.toList()) {
                Files.deleteIfExists(hierarchy.resolve("mzk" + subnet));
            }
        }
    }
}
