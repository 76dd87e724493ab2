// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** Removes what a cluster leaves on the machine: processes, network namespaces of pods, mounts, cgroups, files. */
final class Traces {
    private static final Pattern POD_NETWORK = Pattern.compile("/var/run/netns/(cni-[0-9a-f-]+)");

    private Traces() {}

    static void remove(Path dataDir, String cgroup) throws IOException {
        for (ProcessHandle process : processesOf(dataDir)) {
            Stream.concat(process.descendants(), Stream.of(process)).forEach(ProcessHandle::destroyForcibly);
        }
        Awaitility.await().until(() -> processesOf(dataDir).isEmpty());
        removePodNetworks(dataDir);
        unmount(dataDir);
        removeCgroups(cgroup);
    }

    /** Every process that names the data folder: containerd and the shims, whose children are the containers. */
    private static List<ProcessHandle> processesOf(Path dataDir) {
        return ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).contains(dataDir + "/containerd"))
                .toList();
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    private static void removePodNetworks(Path dataDir) throws IOException {
        Path bundles = dataDir.resolve("containerd/state/io.containerd.runtime.v2.task/k8s.io");
        if (!Files.isDirectory(bundles)) {
            return;
        }
        try (Stream<Path> all = Files.list(bundles)) {
            for (Path bundle : all.toList()) {
                Path spec = bundle.resolve("config.json");
                if (!Files.exists(spec)) {
                    continue;
                }
                Matcher matcher = POD_NETWORK.matcher(Files.readString(spec));
                while (matcher.find()) {
                    Path mount = Path.of("/run/netns", matcher.group(1));
                    if (Files.exists(mount)) {
                        Command.attempt("umount", mount.toString());
                        Files.deleteIfExists(mount);
                    }
                }
            }
        }
    }

    private static void unmount(Path dataDir) throws IOException {
        List<String> mounts = Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                .map(line -> line.split(" ")[1])
                .filter(mount -> mount.startsWith(dataDir + "/"))
                .sorted(Comparator.reverseOrder())
                .toList();
        for (String mount : mounts) {
            Command.attempt("umount", "-l", mount);
        }
    }

    private static void removeCgroups(String cgroup) throws IOException {
        Path root = Path.of("/sys/fs/cgroup");
        try (Stream<Path> hierarchies = Files.list(root)) {
            for (Path hierarchy : Stream.concat(Stream.of(root), hierarchies)
                    .filter(Files::isDirectory)
                    .toList()) {
                Path folder = hierarchy.resolve(cgroup);
                if (Files.isDirectory(folder)) {
                    Command.attempt("find", folder.toString(), "-depth", "-type", "d", "-exec", "rmdir", "{}", "+");
                }
            }
        }
    }

    static void delete(Path folder) {
        Command.ok("rm", "-rf", "--one-file-system", folder.toString());
    }
}
