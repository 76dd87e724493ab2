// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.stats;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.ContainerStats;
import io.mizzen.kubelet.cri.v1.FilesystemUsage;
import io.mizzen.kubelet.node.MachineFacts;
import io.mizzen.kubelet.probe.ProbeTotals;
import io.mizzen.kubelet.resource.Cgroups;
import io.mizzen.kubelet.resource.PodCgroup;
import io.mizzen.kubelet.runtime.PodLabels;
import io.mizzen.kubelet.status.Times;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Usage of the node, its pods and containers.
 *
 * <p>CPU rates compare with the reading before; a reading is replaced at the earliest after five seconds, so that two callers do not
 * spoil each other's rates. Safe for use from many threads; blocks on the runtime.
 */
public final class NodeStats {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration MIN_AGE = Duration.ofSeconds(5);
    private static final long NANOS_A_TICK = 10_000_000;

    private final String nodeName;
    private final CriClient cri;
    private final Supplier<List<Pod>> pods;
    private final CgroupUsage cgroups;
    private final String cgroupRoot;
    private final Path rootDir;
    private final ProbeTotals probes;
    private final InstantSource clock;
    private final Instant started;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private Map<String, Usage> older = Map.of();

    @GuardedBy("lock")
    private Map<String, Usage> newer = Map.of();

    /**
     * @param nodeName name of the node
     * @param cri asked for containers and images
     * @param pods of the node
     * @param cgroups asked for pods
     * @param cgroupRoot below which pods lie
     * @param rootDir whose file system counts as the node's
     * @param probes counted
     */
    public NodeStats(
            String nodeName,
            CriClient cri,
            Supplier<List<Pod>> pods,
            Cgroups cgroups,
            String cgroupRoot,
            Path rootDir,
            ProbeTotals probes,
            InstantSource clock) {
        this.probes = probes;
        this.nodeName = nodeName;
        this.cri = cri;
        this.pods = pods;
        this.cgroups = new CgroupUsage(cgroups);
        this.cgroupRoot = cgroupRoot;
        this.rootDir = rootDir;
        this.clock = clock;
        this.started = clock.instant();
    }

    /** One reading of everything. Keys: {@code node}, {@code pod/<uid>}, {@code container/<uid>/<name>}. */
    private record Reading(Map<String, Usage> usages, List<ContainerStats> containers) {}

    private Reading read() throws CriException, IOException {
        Instant now = clock.instant();
        Map<String, Usage> out = new HashMap<>();
        out.put("node", node(now));
        for (Pod pod : pods.get()) {
            cgroups.read(PodCgroup.of(pod, cgroupRoot).path(), now)
                    .ifPresent(u -> out.put("pod/" + pod.getMetadata().getUid(), u));
        }
        List<ContainerStats> containers = cri.listContainerStats();
        for (ContainerStats stats : containers) {
            out.put(
                    key(stats),
                    new Usage(
                            Instant.ofEpochSecond(0, stats.getCpu().getTimestamp()),
                            stats.getCpu().getUsageCoreNanoSeconds().getValue(),
                            Math.max(
                                    stats.getMemory().getUsageBytes().getValue(),
                                    stats.getMemory().getWorkingSetBytes().getValue()),
                            stats.getMemory().getWorkingSetBytes().getValue()));
        }
        return new Reading(out, containers);
    }

    private static String key(ContainerStats stats) {
        return "container/" + stats.getAttributes().getLabelsOrDefault(PodLabels.POD_UID, "") + "/"
                + stats.getAttributes().getMetadata().getName();
    }

    private static Usage node(Instant now) throws IOException {
        String[] cpu = Files.readAllLines(Path.of("/proc/stat")).getFirst().split("\\s+");
        long ticks = 0;
        for (int i : new int[] {1, 2, 3, 6, 7, 8}) {
            ticks += Long.parseLong(cpu[i]);
        }
        long total = 0;
        long free = 0;
        long available = 0;
        for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
            long bytes = line.contains("kB") ? Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024 : 0;
            if (line.startsWith("MemTotal:")) {
                total = bytes;
            } else if (line.startsWith("MemFree:")) {
                free = bytes;
            } else if (line.startsWith("MemAvailable:")) {
                available = bytes;
            }
        }
        return new Usage(now, ticks * NANOS_A_TICK, total - free, total - available);
    }

    /** Takes a reading as the present one and answers the one to compare with. */
    private Map<String, Usage> exchange(Map<String, Usage> now) {
        lock.lock();
        try {
            Usage last = newer.get("node");
            boolean isOld = last == null
                    || Duration.between(last.time(), clock.instant()).compareTo(MIN_AGE) >= 0;
            if (isOld) {
                older = newer;
                newer = now;
            }
            return older;
        } finally {
            lock.unlock();
        }
    }

    /** The summary, in the form of upstream's {@code stats/v1alpha1}. */
    public ObjectNode summary() throws CriException, IOException {
        Reading reading = read();
        Map<String, Usage> before = exchange(reading.usages());
        ObjectNode out = JSON.createObjectNode();
        ObjectNode node = out.putObject("node");
        node.put("nodeName", nodeName).put("startTime", Times.format(started));
        put(node, reading.usages().get("node"), before.get("node"));
        FileStore store = Files.getFileStore(rootDir);
        fileSystem(node.putObject("fs"), store);
        ObjectNode imageFs = node.putObject("runtime").putObject("imageFs");
        fileSystem(imageFs, store);
        for (FilesystemUsage usage : cri.imageFsInfo().getImageFilesystemsList()) {
            imageFs.put("usedBytes", usage.getUsedBytes().getValue())
                    .put("inodesUsed", usage.getInodesUsed().getValue());
        }
        ArrayNode list = out.putArray("pods");
        for (Pod pod : pods.get()) {
            pod(list.addObject(), pod, reading, before);
        }
        return out;
    }

    private void pod(ObjectNode out, Pod pod, Reading reading, Map<String, Usage> before) {
        ObjectMeta meta = pod.getMetadata();
        out.putObject("podRef")
                .put("name", meta.getName())
                .put("namespace", meta.getNamespace())
                .put("uid", meta.getUid());
        if (pod.getStatus() != null && pod.getStatus().getStartTime() != null) {
            out.put("startTime", pod.getStatus().getStartTime());
        }
        ArrayNode containers = out.putArray("containers");
        for (ContainerStats stats : reading.containers()) {
            if (!meta.getUid().equals(stats.getAttributes().getLabelsOrDefault(PodLabels.POD_UID, ""))) {
                continue;
            }
            ObjectNode container = containers.addObject();
            container.put("name", stats.getAttributes().getMetadata().getName());
            put(container, reading.usages().get(key(stats)), before.get(key(stats)));
            container
                    .putObject("rootfs")
                    .put("time", Times.format(clock.instant()))
                    .put("usedBytes", stats.getWritableLayer().getUsedBytes().getValue())
                    .put("inodesUsed", stats.getWritableLayer().getInodesUsed().getValue());
        }
        String key = "pod/" + meta.getUid();
        Usage usage = reading.usages().get(key);
        if (usage != null) {
            put(out, usage, before.get(key));
        }
    }

    private static void put(ObjectNode into, @Nullable Usage usage, @Nullable Usage before) {
        if (usage == null) {
            return;
        }
        String time = usage.time().truncatedTo(ChronoUnit.SECONDS).toString();
        ObjectNode cpu = into.putObject("cpu").put("time", time);
        usage.nanoCoresSince(before).ifPresent(v -> cpu.put("usageNanoCores", v));
        cpu.put("usageCoreNanoSeconds", usage.cpuNanos());
        into.putObject("memory")
                .put("time", time)
                .put("usageBytes", usage.memoryBytes())
                .put("workingSetBytes", usage.workingSetBytes());
    }

    private void fileSystem(ObjectNode out, FileStore store) throws IOException {
        out.put("time", Times.format(clock.instant()))
                .put("availableBytes", store.getUsableSpace())
                .put("capacityBytes", store.getTotalSpace())
                .put("usedBytes", store.getTotalSpace() - store.getUnallocatedSpace());
    }

    /** The resource metrics, in Prometheus' text form, under upstream's names. */
    public String resourceMetrics() throws CriException, IOException {
        Reading reading = read();
        MetricText text = new MetricText();
        Usage node = reading.usages().get("node");
        if (node != null) {
            text.add("node_cpu_usage_seconds_total", "counter", "", node.cpuNanos() / 1e9, node.time());
            text.add("node_memory_working_set_bytes", "gauge", "", node.workingSetBytes(), node.time());
        }
        for (ContainerStats stats : reading.containers()) {
            Map<String, String> labels = stats.getAttributes().getLabelsMap();
            Usage usage = reading.usages().get(key(stats));
            if (!labels.containsKey(PodLabels.POD_UID) || usage == null) {
                continue;
            }
            String of = "container=\"" + stats.getAttributes().getMetadata().getName() + "\",namespace=\""
                    + labels.get(PodLabels.POD_NAMESPACE) + "\",pod=\"" + labels.get(PodLabels.POD_NAME) + "\"";
            text.add("container_cpu_usage_seconds_total", "counter", of, usage.cpuNanos() / 1e9, usage.time());
            text.add("container_memory_working_set_bytes", "gauge", of, usage.workingSetBytes(), usage.time());
        }
        for (Pod pod : pods.get()) {
            Usage usage = reading.usages().get("pod/" + pod.getMetadata().getUid());
            if (usage != null) {
                String of = "namespace=\"" + pod.getMetadata().getNamespace() + "\",pod=\""
                        + pod.getMetadata().getName() + "\"";
                text.add("pod_cpu_usage_seconds_total", "counter", of, usage.cpuNanos() / 1e9, usage.time());
                text.add("pod_memory_working_set_bytes", "gauge", of, usage.workingSetBytes(), usage.time());
            }
        }
        text.add("resource_scrape_error", "gauge", "", 0, null);
        return text.toString();
    }

    /** What containers use at length, under the names that cAdvisor gave the metrics. */
    public String containerMetrics() throws CriException, IOException {
        Reading reading = read();
        MetricText text = new MetricText();
        for (ContainerStats stats : reading.containers()) {
            Map<String, String> labels = stats.getAttributes().getLabelsMap();
            if (labels.containsKey(PodLabels.POD_UID)) {
                container(text, stats, labels, reading.usages().get(key(stats)));
            }
        }
        for (Pod pod : pods.get()) {
            Usage usage = reading.usages().get("pod/" + pod.getMetadata().getUid());
            if (usage != null) {
                String of =
                        "container=\"\",id=\"" + PodCgroup.of(pod, cgroupRoot).path()
                                + "\",image=\"\",name=\"\",namespace=\""
                                + pod.getMetadata().getNamespace() + "\",pod=\""
                                + pod.getMetadata().getName() + "\"";
                usage(text, of, usage);
            }
        }
        Instant now = clock.instant();
        text.add("machine_cpu_cores", "gauge", "", Runtime.getRuntime().availableProcessors(), now);
        text.add("machine_memory_bytes", "gauge", "", MachineFacts.totalMemory(), now);
        return text.toString();
    }

    private static void container(
            MetricText text, ContainerStats stats, Map<String, String> labels, @Nullable Usage usage) {
        String id = stats.getAttributes().getId();
        String of = "container=\"" + stats.getAttributes().getMetadata().getName() + "\",id=\"" + id + "\",image=\""
                + stats.getAttributes().getAnnotationsOrDefault("io.kubernetes.cri.image-name", "") + "\",name=\"" + id
                + "\",namespace=\"" + labels.get(PodLabels.POD_NAMESPACE) + "\",pod=\"" + labels.get(PodLabels.POD_NAME)
                + "\"";
        if (usage == null) {
            return;
        }
        usage(text, of, usage);
        text.add(
                "container_memory_rss",
                "gauge",
                of,
                stats.getMemory().getRssBytes().getValue(),
                usage.time());
        text.add(
                "container_fs_usage_bytes",
                "gauge",
                of,
                stats.getWritableLayer().getUsedBytes().getValue(),
                usage.time());
    }

    private static void usage(MetricText text, String of, Usage usage) {
        text.add("container_cpu_usage_seconds_total", "counter", of, usage.cpuNanos() / 1e9, usage.time());
        text.add("container_memory_usage_bytes", "gauge", of, usage.memoryBytes(), usage.time());
        text.add("container_memory_working_set_bytes", "gauge", of, usage.workingSetBytes(), usage.time());
    }

    /** How many probes ran and how they ended. */
    public String probeMetrics() {
        MetricText text = new MetricText();
        probes.each((key, total) -> text.add(
                "prober_probe_total",
                "counter",
                "container=\"" + key.container() + "\",namespace=\"" + key.namespace() + "\",pod=\"" + key.pod()
                        + "\",pod_uid=\"" + key.podUid() + "\",probe_type=\""
                        + key.kind().title() + "\",result=\"" + key.result() + "\"",
                total,
                null));
        return text.toString();
    }
}
