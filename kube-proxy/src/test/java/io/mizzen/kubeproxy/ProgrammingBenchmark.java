// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mizzen.kubeproxy.service.Family;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How long it takes to program many Services, at first and for one changed endpoint; in a network namespace that is given as the
 * argument. A program, not a test: {@code ProgrammingBenchmark <namespace> [services] [endpoints]}.
 */
final class ProgrammingBenchmark {
    private static final int CHANGES = 20;

    private ProgrammingBenchmark() {}

    public static void main(String[] args) throws Exception {
        int services = args.length > 1 ? Integer.parseInt(args[1]) : 1000;
        int endpoints = args.length > 2 ? Integer.parseInt(args[2]) : 5;
        List<String> prefix = List.of("ip", "netns", "exec", args[0]);
        Programmer programmer = new Programmer(new KubeProxyOptions(
                "node",
                List.of("10.42.0.0/16"),
                List.of("10.43.0.0/16"),
                "bench-proxy",
                with(prefix, "nft"),
                with(prefix, "conntrack"),
                Duration.ofMillis(1),
                null,
                null,
                null));
        List<Service> all = new ArrayList<>();
        List<EndpointSlice> slices = new ArrayList<>();
        for (int i = 0; i < services; i++) {
            all.add(TestServices.service("svc-" + i, "10.43." + i / 250 + "." + (i % 250 + 1), 80));
            slices.add(slice(i, endpoints));
        }
        long start = System.nanoTime();
        programmer.program(TestServices.table(all, slices), Family.IPV4);
        long first = System.nanoTime() - start;

        long[] compute = new long[CHANGES];
        long[] change = new long[CHANGES];
        for (int i = 0; i < CHANGES; i++) {
            slices.set(i, slice(i, endpoints - 1));
            start = System.nanoTime();
            var table = TestServices.table(all, slices);
            compute[i] = System.nanoTime() - start;
            programmer.program(table, Family.IPV4);
            change[i] = System.nanoTime() - start;
        }
        programmer.removeAll();
        Arrays.sort(compute);
        Arrays.sort(change);
        System.out.printf("services %d, endpoints each %d%n", services, endpoints);
        System.out.printf("first programming  %6.1f ms%n", first / 1e6);
        System.out.printf(
                "one endpoint less  %6.1f ms (median), %.1f ms (max)%n",
                change[CHANGES / 2] / 1e6, change[CHANGES - 1] / 1e6);
        System.out.printf("  of that reading  %6.1f ms (median)%n", compute[CHANGES / 2] / 1e6);
    }

    private static EndpointSlice slice(int service, int endpoints) {
        Endpoint[] ready = new Endpoint[endpoints];
        for (int i = 0; i < endpoints; i++) {
            ready[i] = TestServices.ready("10.42." + (service % 250) + "." + (service / 250 * 50 + i + 1), "node");
        }
        return TestServices.slice("svc-" + service, 8080, ready);
    }

    private static List<String> with(List<String> prefix, String program) {
        List<String> command = new ArrayList<>(prefix);
        command.add(program);
        return command;
    }
}
