// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.FilesystemUsage;
import io.mizzen.kubelet.node.MachineFacts;
import io.mizzen.kubelet.stats.FileSystems;
import io.mizzen.kubelet.stats.PodUsage;
import io.mizzen.kubelet.stats.PodUsages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sensors of the real machine: {@code /proc} for memory and processes, {@code statvfs} for disks. */
public final class MachineSensors implements NodeSensors {
    private static final Logger LOG = LoggerFactory.getLogger(MachineSensors.class);

    private final long memoryBytes;
    private final Path rootDir;
    private final CriClient cri;
    private final PodUsages usages;

    /**
     * @param memoryBytes of the machine
     * @param rootDir on the node's file system
     * @param cri asked where images lie
     * @param usages of pods
     */
    public MachineSensors(long memoryBytes, Path rootDir, CriClient cri, PodUsages usages) {
        this.memoryBytes = memoryBytes;
        this.rootDir = rootDir;
        this.cri = cri;
        this.usages = usages;
    }

    @Override
    public NodeReading node() {
        Map<Signal, NodeReading.Level> levels = new EnumMap<>(Signal.class);
        try {
            levels.put(Signal.MEMORY_AVAILABLE, new NodeReading.Level(MachineFacts.availableMemory(), memoryBytes));
            levels.put(Signal.PID_AVAILABLE, processes());
            disk(levels, rootDir, Signal.NODEFS_AVAILABLE, Signal.NODEFS_INODES_FREE);
            for (FilesystemUsage images : cri.imageFsInfo().getImageFilesystemsList()) {
                Path at = Path.of(images.getFsId().getMountpoint());
                disk(levels, at, Signal.IMAGEFS_AVAILABLE, Signal.IMAGEFS_INODES_FREE);
            }
        } catch (IOException | CriException e) {
            LOG.debug("not all of the node could be read: {}", e.getMessage());
        }
        return new NodeReading(levels);
    }

    private static void disk(Map<Signal, NodeReading.Level> into, Path at, Signal bytes, Signal inodes)
            throws IOException {
        FileSystems.Space space = FileSystems.of(at);
        into.put(bytes, new NodeReading.Level(space.availableBytes(), space.capacityBytes()));
        if (space.inodes() > 0) {
            // Some file systems have no fixed number of inodes and tell zero.
            into.put(inodes, new NodeReading.Level(space.inodesFree(), space.inodes()));
        }
    }

    private static NodeReading.Level processes() throws IOException {
        long most = Math.min(number("/proc/sys/kernel/pid_max"), number("/proc/sys/kernel/threads-max"));
        String tasks = Files.readString(Path.of("/proc/loadavg")).split(" ")[3];
        long running = Long.parseLong(tasks.substring(tasks.indexOf('/') + 1));
        return new NodeReading.Level(most - running, most);
    }

    private static long number(String file) throws IOException {
        return Long.parseLong(Files.readString(Path.of(file)).strip());
    }

    @Override
    public List<PodUsage> pods(boolean withInodes) throws CriException, IOException {
        return usages.read(withInodes);
    }
}
