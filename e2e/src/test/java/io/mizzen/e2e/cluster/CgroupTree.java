// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The cgroups of a cluster's pods as the kernel shows them, read alike on version 1 (one hierarchy a controller) and 2 (one for
 * all).
 *
 * @param root the cgroup that the cluster was given
 */
public record CgroupTree(String root) {
    private static final Path MOUNT = Path.of("/sys/fs/cgroup");
    /** Version 1 answers with the largest number of whole pages instead of a word. */
    private static final long BEYOND_ANY_MEMORY = 1L << 60;

    /**
     * What a cgroup may use.
     *
     * @param weight shares of CPU on version 1, the weight that stands for them on version 2; see {@link CgroupTree#weight}
     * @param quotaMicros CPU time in a period of 100 ms; -1 for no limit
     * @param memoryBytes -1 for no limit
     */
    public record Figures(long weight, long quotaMicros, long memoryBytes) {}

    /** The tree of the cluster in this network. */
    public static CgroupTree of(Cluster cluster) {
        return new CgroupTree(cluster.network().name());
    }

    /** Figures that a cgroup with these shares has on this machine. */
    public static Figures figures(long shares, long quotaMicros, long memoryBytes) {
        return new Figures(weight(shares), quotaMicros, memoryBytes);
    }

    /** What shares of CPU are called here. */
    public static long weight(long shares) {
        return isUnified() ? 1 + (shares - 2) * 9999 / 262_142 : shares;
    }

    /** Whether a cgroup below the root is there, in any hierarchy. */
    public boolean has(String path) {
        return hierarchies().anyMatch(hierarchy -> Files.isDirectory(at(hierarchy, path)));
    }

    /** What a cgroup below the root may use. */
    public Figures figures(String path) {
        String memory = isUnified() ? read("", path, "memory.max") : read("memory", path, "memory.limit_in_bytes");
        return new Figures(weightOf(path), quota(path), limit(memory));
    }

    /** The weight of a cgroup below the root. */
    public long weightOf(String path) {
        return Long.parseLong(isUnified() ? read("", path, "cpu.weight") : read("cpu", path, "cpu.shares"));
    }

    /** The memory a cgroup below the root may use; -1 for any amount. */
    private static long limit(String text) {
        if (text.equals("max")) {
            return -1;
        }
        long bytes = Long.parseLong(text);
        return bytes >= BEYOND_ANY_MEMORY ? -1 : bytes;
    }

    private long quota(String path) {
        if (!isUnified()) {
            return Long.parseLong(read("cpu", path, "cpu.cfs_quota_us"));
        }
        String quota = read("", path, "cpu.max").split(" ")[0];
        return quota.equals("max") ? -1 : Long.parseLong(quota);
    }

    private String read(String controller, String path, String file) {
        try {
            return Files.readString(at(MOUNT.resolve(controller), path).resolve(file))
                    .strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path at(Path hierarchy, String path) {
        return hierarchy.resolve(root).resolve(path);
    }

    private static boolean isUnified() {
        return Files.exists(MOUNT.resolve("cgroup.controllers"));
    }

    private static Stream<Path> hierarchies() {
        try (Stream<Path> below = Files.list(MOUNT)) {
            List<Path> all = isUnified()
                    ? List.of(MOUNT)
                    : below.filter(Files::isDirectory).toList();
            return all.stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
