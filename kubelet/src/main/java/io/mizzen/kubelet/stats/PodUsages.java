// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.stats;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.ContainerStats;
import io.mizzen.kubelet.resource.Cgroups;
import io.mizzen.kubelet.resource.PodCgroup;
import io.mizzen.kubelet.runtime.PodLabels;
import io.mizzen.kubelet.volume.VolumeFolders;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Reads what each pod uses: memory and processes from its cgroup, layers from the runtime, logs and volumes from disk. Blocks. */
public final class PodUsages {
    private final CriClient cri;
    private final Supplier<List<Pod>> pods;
    private final Cgroups cgroups;
    private final CgroupUsage memory;
    private final String cgroupRoot;
    private final VolumeFolders folders;
    private final Function<Pod, Path> logDirectory;
    private final InstantSource clock;

    /**
     * @param cri asked for layers
     * @param pods that are looked at
     * @param cgroups asked for memory and processes
     * @param cgroupRoot below which pods lie
     * @param folders where volumes lie
     * @param logDirectory where a pod's logs lie, one folder a container
     */
    public PodUsages(
            CriClient cri,
            Supplier<List<Pod>> pods,
            Cgroups cgroups,
            String cgroupRoot,
            VolumeFolders folders,
            Function<Pod, Path> logDirectory,
            InstantSource clock) {
        this.cri = cri;
        this.pods = pods;
        this.cgroups = cgroups;
        this.memory = new CgroupUsage(cgroups);
        this.cgroupRoot = cgroupRoot;
        this.folders = folders;
        this.logDirectory = logDirectory;
        this.clock = clock;
    }

    /** Reads now; pods without a cgroup are left out, they use nothing. */
    public List<PodUsage> read(boolean withInodes) throws CriException, IOException {
        List<Pod> all = pods.get();
        Map<String, Map<String, ContainerStats>> byPod = new HashMap<>();
        for (ContainerStats stats : cri.listContainerStats()) {
            byPod.computeIfAbsent(
                            stats.getAttributes().getLabelsOrDefault(PodLabels.POD_UID, ""), uid -> new HashMap<>())
                    .put(stats.getAttributes().getMetadata().getName(), stats);
        }
        List<Path> directories = new ArrayList<>();
        for (Pod pod : all) {
            emptyDirs(pod).forEach((name, dir) -> directories.add(dir));
            for (String container :
                    byPod.getOrDefault(pod.getMetadata().getUid(), Map.of()).keySet()) {
                directories.add(logDirectory.apply(pod).resolve(container));
            }
        }
        Map<Path, Long> bytes = DiskUsage.bytes(directories);
        Map<Path, Long> inodes = withInodes ? DiskUsage.inodes(directories) : Map.of();
        List<PodUsage> out = new ArrayList<>();
        for (Pod pod : all) {
            Map<String, ContainerStats> stats =
                    byPod.getOrDefault(pod.getMetadata().getUid(), Map.of());
            one(pod, stats, bytes, inodes).ifPresent(out::add);
        }
        return out;
    }

    private Optional<PodUsage> one(
            Pod pod, Map<String, ContainerStats> stats, Map<Path, Long> bytes, Map<Path, Long> inodes) {
        String cgroup = PodCgroup.of(pod, cgroupRoot).path();
        Optional<Usage> usage = memory.read(cgroup, clock.instant());
        if (usage.isEmpty()) {
            return Optional.empty();
        }
        long processes = cgroups.read("pids", cgroup, "pids.current")
                .filter(t -> t.matches("[0-9]{1,18}"))
                .map(Long::parseLong)
                .orElse(0L);
        long allInodes = 0;
        Map<String, PodUsage.ContainerUsage> containers = new HashMap<>();
        for (Map.Entry<String, ContainerStats> each : stats.entrySet()) {
            Path logs = logDirectory.apply(pod).resolve(each.getKey());
            containers.put(
                    each.getKey(),
                    new PodUsage.ContainerUsage(
                            each.getValue().getMemory().getWorkingSetBytes().getValue(),
                            each.getValue().getWritableLayer().getUsedBytes().getValue(),
                            bytes.getOrDefault(logs, 0L)));
            allInodes += each.getValue().getWritableLayer().getInodesUsed().getValue() + inodes.getOrDefault(logs, 0L);
        }
        Map<String, Long> volumes = new HashMap<>();
        for (Map.Entry<String, Path> each : emptyDirs(pod).entrySet()) {
            Long used = bytes.get(each.getValue());
            if (used != null) {
                volumes.put(each.getKey(), used);
            }
            allInodes += inodes.getOrDefault(each.getValue(), 0L);
        }
        return Optional.of(new PodUsage(pod, usage.get().workingSetBytes(), allInodes, processes, containers, volumes));
    }

    private Map<String, Path> emptyDirs(Pod pod) {
        Map<String, Path> out = new HashMap<>();
        for (Volume volume : pod.getSpec().getVolumes()) {
            if (volume.getEmptyDir() != null
                    && !"Memory".equals(volume.getEmptyDir().getMedium())) {
                out.put(volume.getName(), folders.volume(pod.getMetadata().getUid(), "empty-dir", volume.getName()));
            }
        }
        return out;
    }
}
