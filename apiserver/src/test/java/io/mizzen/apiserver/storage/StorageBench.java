// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.apiserver.storage.Storage.WriteResult.Written;
import io.mizzen.apiserver.storage.cache.CacheEvent;
import io.mizzen.apiserver.storage.cache.CacheListener;
import io.mizzen.apiserver.storage.cache.CacheWatch;
import io.mizzen.apiserver.storage.cache.FieldMatch;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.PodDecoder;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import io.mizzen.apiserver.storage.cache.WatchCache;
import io.mizzen.apiserver.storage.cache.WatchCacheOptions;
import io.mizzen.apiserver.storage.cache.WatchRequest;
import io.mizzen.apiserver.storage.cache.WatchStart;
import io.mizzen.apiserver.storage.embedded.EmbeddedOptions;
import io.mizzen.apiserver.storage.embedded.EmbeddedStorage;
import io.mizzen.apiserver.storage.etcd.EtcdOptions;
import io.mizzen.apiserver.storage.etcd.EtcdStorage;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measures the store and the watch cache, one figure a line. Arguments: a new data folder, or {@code etcd=http://host:port};
 * then the names of the parts to run (all by default): commits, latency, fanout, kubelets, memory, list.
 */
public final class StorageBench {
    private static final ResourceKey PODS = new ResourceKey("", "pods");
    private static final String PREFIX = "/registry/pods/";
    private static final Duration LONG = Duration.ofMinutes(2);

    private final Storage storage;
    private final WatchCache cache;
    private final byte[] pod;

    private StorageBench(Storage storage) throws Exception {
        this.storage = storage;
        this.cache = WatchCache.prepare(storage, WatchCacheOptions.usual(), new SimpleMeterRegistry());
        this.pod = pod();
        cache.register(PODS, PREFIX, new PodDecoder(), Set.of("spec.nodeName"));
        cache.start();
        cache.awaitCurrent(LONG);
    }

    public static void main(String[] args) throws Exception {
        Storage storage = args[0].startsWith("etcd=")
                ? EtcdStorage.connect(EtcdOptions.of(List.of(URI.create(args[0].substring(5)))))
                : EmbeddedStorage.open(
                        EmbeddedOptions.in(Path.of(args[0])).withNativeFolder(Path.of("target", "native")));
        List<String> parts = args.length == 1
                ? List.of("commits", "latency", "memory", "list", "kubelets", "fanout")
                : Arrays.asList(args).subList(1, args.length);
        StorageBench bench = new StorageBench(storage);
        for (String part : parts) {
            switch (part) {
                case "commits" -> bench.commits(1, 3);
                case "commits64" -> bench.commits(64, 10);
                case "latency" -> bench.latency();
                case "memory" -> bench.memory();
                case "list" -> bench.list();
                case "kubelets" -> bench.kubelets();
                case "fanout" -> bench.fanOut();
                default -> throw new IllegalArgumentException(part);
            }
            if (part.equals("commits")) {
                bench.commits(64, 10);
            }
        }
        bench.cache.close();
        storage.close();
        report("resident memory at the end, MiB", residentMiB());
    }

    /** A pod of usual size, about 2.8 KiB. */
    private static byte[] pod() {
        String plain = new String(PodDecoder.pod("default", "NAME", "APP", "NODE"), UTF_8);
        String filler = "\"status\":{\"conditions\":["
                + "{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"x\"},".repeat(50) + "{}]}";
        return (plain.substring(0, plain.length() - 1) + "," + filler + "}").getBytes(UTF_8);
    }

    private byte[] pod(String namespace, String name, String app, String node) {
        return new String(pod, UTF_8)
                .replace("default", namespace)
                .replace("NAME", name)
                .replace("APP", app)
                .replace("NODE", node)
                .getBytes(UTF_8);
    }

    private void commits(int writers, int seconds) throws Exception {
        byte[] value = new byte[1024];
        AtomicLong commits = new AtomicLong();
        long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        long start = System.nanoTime();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < writers; i++) {
                String key = "/registry/bench/" + writers + "/" + i;
                executor.submit(() -> {
                    long revision = 0;
                    while (System.nanoTime() < end) {
                        var result =
                                revision == 0 ? storage.create(key, value, 0) : storage.update(key, value, revision, 0);
                        if (result instanceof Written(long written)) {
                            revision = written;
                            commits.incrementAndGet();
                        }
                    }
                });
            }
        }
        report("commits/s of 1 KiB, " + writers + " writers", commits.get() / ((System.nanoTime() - start) / 1e9));
    }

    private void latency() throws Exception {
        CacheWatch watch = watch(null);
        for (int round = 0; round < 2; round++) {
            int count = 1000;
            long[] writes = new long[count];
            long[] seen = new long[count];
            for (int i = 0; i < count; i++) {
                String name = "latency-" + round + "-" + i;
                byte[] value = pod("default", name, "latency", "");
                long start = System.nanoTime();
                Thread writer = Thread.ofVirtual().start(() -> storage.create(PREFIX + "default/" + name, value, 0));
                while (watch.take(10, LONG).isEmpty()) {
                    Thread.onSpinWait();
                }
                seen[i] = System.nanoTime() - start;
                writer.join();
                writes[i] = System.nanoTime() - start;
            }
            if (round == 1) {
                Arrays.sort(writes);
                Arrays.sort(seen);
                report("write to watch event, median µs", seen[count / 2] / 1e3);
                report("write to watch event, p99 µs", seen[count * 99 / 100] / 1e3);
                report("write answered, median µs", writes[count / 2] / 1e3);
            }
        }
        watch.close();
    }

    private void fill(int count) throws Exception {
        if (cache.count(PODS) >= count) {
            return;
        }
        List<Future<?>> done = new ArrayList<>();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int w = 0; w < 64; w++) {
                int from = w;
                done.add(executor.submit(() -> {
                    for (int i = from; i < count; i += 64) {
                        String namespace = "ns-" + i % 20;
                        String name = "app-" + i / 30 + "-" + Integer.toHexString(i * 31 + 7_000_000);
                        storage.create(
                                PREFIX + namespace + "/" + name,
                                pod(namespace, name, "app-" + i / 30, "node-" + i % 100),
                                0);
                    }
                }));
            }
        }
        for (Future<?> future : done) {
            future.get();
        }
        cache.awaitCurrent(LONG);
    }

    private void memory() throws Exception {
        int before = cache.count(PODS);
        long heapBefore = usedHeap();
        fill(10_000 + before);
        long heap = usedHeap();
        long bytes = 0;
        ListResult.Listed all = (ListResult.Listed) cache.list(ListRequest.all(PODS));
        for (var object : all.items()) {
            bytes += object.json().length;
        }
        int count = all.items().size();
        report("JSON bytes an object", (double) bytes / count);
        report("heap bytes an object, history included", (double) (heap - heapBefore) / (count - before));
        report("resident memory, MiB", residentMiB());
    }

    private void list() throws Exception {
        fill(10_000);
        for (int round = 0; round < 3; round++) {
            long start = System.nanoTime();
            int times = 200;
            long items = 0;
            for (int i = 0; i < times; i++) {
                items += ((ListResult.Listed) cache.list(ListRequest.all(PODS)))
                        .items()
                        .size();
            }
            long all = System.nanoTime() - start;
            start = System.nanoTime();
            for (int i = 0; i < times; i++) {
                items += ((ListResult.Listed) cache.list(ListRequest.all(PODS)
                                .filteredBy(
                                        object -> "app-7".equals(object.labels().get("app")))))
                        .items()
                        .size();
            }
            long filtered = System.nanoTime() - start;
            start = System.nanoTime();
            for (int i = 0; i < times; i++) {
                items += ((ListResult.Listed)
                                cache.list(ListRequest.all(PODS).matching(new FieldMatch("spec.nodeName", "node-7"))))
                        .items()
                        .size();
            }
            long indexed = System.nanoTime() - start;
            if (round == 2 && items > 0) {
                report("list of all " + cache.count(PODS) + " pods, µs", all / 1e3 / times);
                report("list by label, µs", filtered / 1e3 / times);
                report("list by indexed node, µs", indexed / 1e3 / times);
            }
        }
        for (int round = 0; round < 3; round++) {
            long start = System.nanoTime();
            long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            int stored = storage.list(PREFIX, null, 0, 0).entries().size();
            report("list of " + stored + " pods from the store, ms", (System.nanoTime() - start) / 1e6);
            report(
                    "  of it this thread's CPU, ms",
                    (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu) / 1e6);
        }
    }

    /** A thousand kubelets that each watch their node; each change concerns one. */
    private void kubelets() throws Exception {
        List<CacheWatch> watches = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            watches.add(watch(new FieldMatch("spec.nodeName", "kubelet-" + i)));
        }
        report("events/s with 1000 watches by node", changes(10_000, watches, 10_000, "kubelet-"));
        watches.forEach(CacheWatch::close);
    }

    /** Ten thousand changes that each of a hundred watchers sees. */
    private void fanOut() throws Exception {
        List<CacheWatch> watches = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            watches.add(watch(null));
        }
        report("changes/s with 100 watchers that see all", changes(10_000, watches, 1_000_000, "fan-"));
        watches.forEach(CacheWatch::close);
    }

    private double changes(int count, List<CacheWatch> watches, long deliveries, String node) throws Exception {
        AtomicLong seen = new AtomicLong();
        AtomicLong bytes = new AtomicLong();
        long start = System.nanoTime();
        List<Future<?>> done = new ArrayList<>();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (CacheWatch watch : watches) {
                executor.submit(() -> {
                    while (seen.get() < deliveries && watch.end() == null) {
                        for (CacheEvent event : watch.take(256, Duration.ofMillis(500))) {
                            bytes.addAndGet(event.frame().length);
                            seen.incrementAndGet();
                        }
                    }
                    return null;
                });
            }
            for (int w = 0; w < 32; w++) {
                int from = w;
                done.add(executor.submit(() -> {
                    for (int i = from; i < count; i += 32) {
                        String name = node + "pod-" + i;
                        storage.create(PREFIX + "default/" + name, pod("default", name, "x", node + i % 1000), 0);
                    }
                }));
            }
            for (Future<?> future : done) {
                future.get();
            }
            report("  writes/s meanwhile", count / ((System.nanoTime() - start) / 1e9));
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        report("  deliveries/s", seen.get() / seconds);
        report(
                "  watches cut",
                watches.stream().filter(watch -> watch.end() != null).count());
        return count / seconds;
    }

    private CacheWatch watch(FieldMatch match) {
        WatchRequest request = new WatchRequest(
                PODS,
                null,
                ListRequest.EVERYTHING,
                match,
                new WatchRequest.Start.After(cache.revision()),
                false,
                "v1",
                "Pod",
                Duration.ofHours(1));
        return ((WatchStart.Started) cache.watch(request, CacheListener.NONE)).watch();
    }

    private static long usedHeap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static double residentMiB() throws Exception {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("VmRSS"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                        .sum()
                / 1024.0;
    }

    private static void report(String what, double value) {
        System.out.printf("%-50s %,14.1f%n", what, value);
    }
}
