// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Pods a second through the scheduling and binding cycles without an API server, in the shapes of upstream's scheduler_perf. A
 * program, not a test: {@code SchedulingBenchmark [nodes] [pods before] [pods measured]}.
 */
public final class SchedulingBenchmark {
    private static final int ZONES = 3;

    private SchedulingBenchmark() {}

    public static void main(String[] args) {
        int nodes = args.length > 0 ? Integer.parseInt(args[0]) : 5000;
        int before = args.length > 1 ? Integer.parseInt(args[1]) : 1000;
        int measured = args.length > 2 ? Integer.parseInt(args[2]) : 1000;
        System.out.printf("%d nodes, %d pods before, %d pods measured%n", nodes, before, measured);
        for (var shape : Map.<String, UnaryOperator<PodBuilder>>of(
                        "SchedulingBasic", pod -> pod,
                        "TopologySpreading", SchedulingBenchmark::spread,
                        "SchedulingPodAntiAffinity", SchedulingBenchmark::apart)
                .entrySet()) {
            run(shape.getKey(), shape.getValue(), nodes, before, measured);
        }
    }

    private static void run(String name, UnaryOperator<PodBuilder> shape, int nodes, int before, int measured) {
        Bench bench = new Bench(1);
        for (int i = 0; i < nodes; i++) {
            String zone = "zone-" + i % ZONES;
            bench.with(Objects.node(
                    "node-" + i,
                    "4",
                    "32Gi",
                    node -> node.editMetadata()
                            .addToLabels("topology.kubernetes.io/zone", zone)
                            .endMetadata()));
        }
        create(bench, "before-", before, pod -> pod);
        long start = System.nanoTime();
        create(bench, name + "-", measured, shape);
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%-28s %8.0f pods/s, bound %d%n", name, measured / seconds, bench.cluster.bindings.size());
    }

    private static void create(Bench bench, String prefix, int count, UnaryOperator<PodBuilder> shape) {
        for (int i = 0; i < count; i++) {
            bench.create(Objects.pod(
                    prefix + i,
                    pod -> shape.apply(Objects.requests("100m", "500Mi").apply(pod))));
            bench.scheduleOne();
            bench.runBindings();
        }
        bench.cluster.bindings.keySet().forEach(bench::confirm);
    }

    private static PodBuilder spread(PodBuilder pod) {
        return pod.editMetadata()
                .addToLabels("color", "blue")
                .endMetadata()
                .editSpec()
                .addNewTopologySpreadConstraint()
                .withMaxSkew(5)
                .withTopologyKey("topology.kubernetes.io/zone")
                .withWhenUnsatisfiable("DoNotSchedule")
                .withNewLabelSelector()
                .addToMatchLabels("color", "blue")
                .endLabelSelector()
                .endTopologySpreadConstraint()
                .endSpec();
    }

    private static PodBuilder apart(PodBuilder pod) {
        return pod.editMetadata()
                .addToLabels("color", "green")
                .endMetadata()
                .editSpec()
                .withNewAffinity()
                .withNewPodAntiAffinity()
                .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withTopologyKey("kubernetes.io/hostname")
                .withNewLabelSelector()
                .addToMatchLabels("color", "green")
                .endLabelSelector()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endPodAntiAffinity()
                .endAffinity()
                .endSpec();
    }
}
