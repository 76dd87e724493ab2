// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.resource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes and removes the cgroups of pods, on cgroup v1 (one hierarchy a controller) and v2 (one for all).
 *
 * <p>The runtime makes the cgroups of containers below them. Stateless: what exists is read from the kernel.
 */
public final class Cgroups {
    private static final Logger LOG = LoggerFactory.getLogger(Cgroups.class);
    private static final List<String> V1_CONTROLLERS = List.of(
            "cpu",
            "cpuacct",
            "cpuset",
            "memory",
            "devices",
            "freezer",
            "blkio",
            "pids",
            "hugetlb",
            "net_cls",
            "net_prio",
            "perf_event",
            "systemd",
            "rdma",
            "misc");
    private static final List<String> V2_CONTROLLERS = List.of("cpu", "memory", "pids", "cpuset", "io", "hugetlb");

    private final Path mount;
    private final boolean isUnified;
    private final String root;

    /**
     * Works on the hierarchy mounted at {@code mount} (normally {@code /sys/fs/cgroup}).
     *
     * @param root cgroup below which {@code kubepods} lies
     */
    public Cgroups(Path mount, String root) {
        this.mount = mount;
        this.root = root;
        this.isUnified = Files.exists(mount.resolve("cgroup.controllers"));
    }

    /** Whether the machine has the unified hierarchy. */
    public boolean isUnified() {
        return isUnified;
    }

    /**
     * Makes the cgroups of all pods and of the two lower classes, and limits all pods together to what is not reserved.
     *
     * @param milliCpu weight of all pods against the rest of the machine
     * @param memoryBytes limit of all pods together
     */
    public void prepareNode(long milliCpu, long memoryBytes) throws IOException {
        String kubepods = PodCgroup.kubepods(root);
        make(kubepods);
        writeCpuWeight(kubepods, ResourceFigures.sharesOf(milliCpu));
        writeMemoryLimit(kubepods, memoryBytes);
        for (QosClass qos : List.of(QosClass.BURSTABLE, QosClass.BEST_EFFORT)) {
            make(PodCgroup.parentOf(root, qos));
        }
        writeCpuWeight(PodCgroup.parentOf(root, QosClass.BEST_EFFORT), 2);
    }

    /** Makes a pod's cgroup and sets its figures; may be repeated. */
    public void apply(PodCgroup pod) throws IOException {
        make(pod.path());
        writeCpuWeight(pod.path(), pod.cpuShares());
        if (isUnified) {
            String quota = pod.cpuQuotaMicros() == 0 ? "max" : Long.toString(pod.cpuQuotaMicros());
            write(mount, pod.path(), "cpu.max", quota + " " + ResourceFigures.CPU_PERIOD_MICROS);
        } else {
            write(
                    mount.resolve("cpu"),
                    pod.path(),
                    "cpu.cfs_quota_us",
                    Long.toString(pod.cpuQuotaMicros() == 0 ? -1 : pod.cpuQuotaMicros()));
        }
        writeMemoryLimit(pod.path(), pod.memoryLimitBytes());
    }

    /** Removes a pod's cgroup with what is empty below it; may be repeated. */
    public void remove(String podUid) {
        for (QosClass qos : QosClass.values()) {
            removeTree(PodCgroup.parentOf(root, qos) + "/pod" + podUid);
        }
    }

    /** Removes the node's own cgroups if nothing lives in them. */
    public void removeNode() {
        removeTree(PodCgroup.kubepods(root));
    }

    /** Uids of the pods that have a cgroup. */
    public Set<String> podUids() {
        Set<String> uids = new TreeSet<>();
        Path hierarchy = isUnified ? mount : mount.resolve("memory");
        for (QosClass qos : QosClass.values()) {
            Path dir = below(hierarchy, PodCgroup.parentOf(root, qos));
            try (Stream<Path> children = Files.list(dir)) {
                children.map(p -> p.getFileName().toString())
                        .filter(n -> n.startsWith("pod"))
                        .forEach(n -> uids.add(n.substring(3)));
            } catch (IOException e) {
                LOG.debug("no cgroup {}", dir);
            }
        }
        return uids;
    }

    /** A file of a cgroup, trimmed; empty when there is none. */
    public Optional<String> read(String controller, String cgroup, String file) {
        Path hierarchy = isUnified ? mount : mount.resolve(controller);
        try {
            return Optional.of(
                    Files.readString(below(hierarchy, cgroup).resolve(file)).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private void writeCpuWeight(String cgroup, long shares) throws IOException {
        if (isUnified) {
            write(mount, cgroup, "cpu.weight", Long.toString(ResourceFigures.weightOf(shares)));
        } else {
            write(mount.resolve("cpu"), cgroup, "cpu.shares", Long.toString(shares));
        }
    }

    /** Zero is no limit. */
    private void writeMemoryLimit(String cgroup, long bytes) throws IOException {
        if (isUnified) {
            write(mount, cgroup, "memory.max", bytes == 0 ? "max" : Long.toString(bytes));
        } else {
            write(mount.resolve("memory"), cgroup, "memory.limit_in_bytes", Long.toString(bytes == 0 ? -1 : bytes));
        }
    }

    /** Gives the burstable class the weight of what its pods request together. */
    public void weighBurstable(long milliCpu) throws IOException {
        writeCpuWeight(PodCgroup.parentOf(root, QosClass.BURSTABLE), ResourceFigures.sharesOf(milliCpu));
    }

    private List<Path> hierarchies() {
        if (isUnified) {
            return List.of(mount);
        }
        return V1_CONTROLLERS.stream()
                .map(mount::resolve)
                .filter(Files::isDirectory)
                .toList();
    }

    private void make(String cgroup) throws IOException {
        for (Path hierarchy : hierarchies()) {
            Path at = hierarchy;
            for (String part : cgroup.substring(1).split("/")) {
                if (isUnified) {
                    delegate(at);
                }
                at = at.resolve(part);
                if (!Files.isDirectory(at)) {
                    Files.createDirectories(at);
                    if (hierarchy.endsWith("cpuset")) {
                        inheritCpuset(at);
                    }
                }
            }
        }
    }

    /** Version 1 gives a new cpuset no CPU at all: it takes its parent's. */
    private static void inheritCpuset(Path cgroup) throws IOException {
        for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
            Path own = cgroup.resolve(file);
            if (Files.exists(own) && Files.readString(own).isBlank()) {
                Files.writeString(
                        own, Files.readString(cgroup.resolveSibling(file)).strip());
            }
        }
    }

    /** Version 2 hands a controller down only when the parent says so. */
    private static void delegate(Path parent) {
        for (String controller : V2_CONTROLLERS) {
            try {
                Files.writeString(parent.resolve("cgroup.subtree_control"), "+" + controller);
            } catch (IOException e) {
                LOG.debug("controller {} is not available in {}", controller, parent);
            }
        }
    }

    private static void write(Path hierarchy, String cgroup, String file, String value) throws IOException {
        Path path = below(hierarchy, cgroup).resolve(file);
        if (Files.exists(path)) {
            Files.writeString(path, value);
        }
    }

    private static Path below(Path hierarchy, String cgroup) {
        return hierarchy.resolve(cgroup.substring(1));
    }

    private void removeTree(String cgroup) {
        // On a hybrid machine the runtime makes a cgroup in the unified hierarchy as well.
        for (Path hierarchy : isUnified
                ? hierarchies()
                : Stream.concat(hierarchies().stream(), Stream.of(mount.resolve("unified")))
                        .toList()) {
            removeDirectories(below(hierarchy, cgroup));
        }
    }

    /** Kernel files need no removal; directories must go from the leaves up. */
    private static void removeDirectories(Path dir) {
        if (!Files.isDirectory(dir)) {
            return;
        }
        try (Stream<Path> children = Files.list(dir)) {
            children.filter(p -> Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS))
                    .forEach(Cgroups::removeDirectories);
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("cannot list {}", dir);
        }
        try {
            Files.deleteIfExists(dir);
        } catch (IOException e) {
            LOG.debug("cgroup {} is still in use", dir);
        }
    }
}
