// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mizzen.controller.podautoscaler.ReplicaRules.Observed;
import io.mizzen.controller.podautoscaler.ReplicaRules.Proposal;
import io.mizzen.controller.podautoscaler.ReplicaRules.Tolerance;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How many replicas usage asks for. States of pods: r ready, u unready and never ready, f freshly started, p pending, d being
 * deleted, x failed. Usage {@code -} is a missing metric.
 */
class ReplicaRulesTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Duration WINDOW = Duration.ofSeconds(60);

    private static Pod pod(int number, char state) {
        boolean fresh = state == 'f';
        Instant start = fresh ? NOW.minusSeconds(60) : NOW.minusSeconds(3600);
        Instant ready = fresh ? NOW.minusSeconds(50) : NOW.minusSeconds(state == 'u' ? 3590 : 3000);
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withName("pod-" + number)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withNewResources()
                .withRequests(Map.of("cpu", new Quantity("1"), "memory", new Quantity("1")))
                .endResources()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase(state == 'p' ? "Pending" : state == 'x' ? "Failed" : "Running")
                .withStartTime(start.toString())
                .addNewCondition()
                .withType("Ready")
                .withStatus(state == 'u' ? "False" : "True")
                .withLastTransitionTime(ready.toString())
                .endCondition()
                .endStatus()
                .build();
        if (state == 'd') {
            pod.getMetadata().setDeletionTimestamp(NOW.toString());
        }
        return pod;
    }

    private static Observed observed(int replicas, String states, String usages, String resource) {
        List<Pod> pods = new ArrayList<>();
        Map<String, PodMetric> metrics = new HashMap<>();
        String[] usage = usages.split(" ");
        for (int i = 0; i < states.length(); i++) {
            pods.add(pod(i, states.charAt(i)));
            if (!usage[i].equals("-")) {
                metrics.put("pod-" + i, new PodMetric(NOW, WINDOW, Long.parseLong(usage[i])));
            }
        }
        return new Observed(replicas, pods, metrics, resource, "", new Tolerance(0.1, 0.1), NOW);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "scales up,                                  3, rrr,   300 500 700,            30, cpu,    5",
        "unready pods count as idle when scaling up, 3, urr,   300 500 700,            30, cpu,    4",
        "fresh pods count as idle when scaling up,   3, frr,   300 500 700,            30, cpu,    4",
        "readiness does not matter for memory,       3, rru,   300 500 700,            30, memory, 5",
        "pending pods count as idle,                 3, rpp,   500 - -,                30, cpu,    3",
        "failed pods are left out,                   2, rrx,   500 700 -,              30, cpu,    4",
        "deleted pods are left out,                  2, rrd,   500 700 -,              30, cpu,    4",
        "scales down,                                5, rrrrr, 100 300 500 250 250,    50, cpu,    3",
        "unready pods are left out when scaling down,5, rrruu, 100 300 500 250 250,    50, cpu,    2",
        "stays within the tolerance,                 3, rrr,   1010 1030 1020,         100, cpu,   3",
        "a missing pod is full when scaling down,    4, rrrr,  100 100 100 -,          50, cpu,    3",
        "a missing pod is idle when scaling up,      3, rrr,   600 600 -,              50, cpu,    3",
        "what turns the direction changes nothing,   2, rr,    1000 -,                 100, cpu,   2",
        "targets above 100 make missing pods fuller, 4, rrrr,  1000 1000 1900 -,       200, cpu,   3",
        "a hundred per cent more,                    1, r,     2000,                   100, cpu,   2",
    })
    void asksForReplicasByUtilization(
            String name, int replicas, String states, String usages, int target, String resource, int wanted)
            throws MetricUnavailable {
        Proposal proposal = ReplicaRules.byUtilization(observed(replicas, states, usages, resource), target);

        assertThat(proposal.replicas()).isEqualTo(wanted);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "scales up,                  3, rrr, 10000 20000 30000, 15000, 4",
        "scales down,                5, rrr, 10000 10000 10000, 20000, 2",
        "stays within the tolerance, 3, rrr, 10000 10500 10000, 10000, 3",
        "missing holds a way down,   3, rrr, 1000 1000 -,       10000, 2",
    })
    void asksForReplicasByAverageValue(String name, int replicas, String states, String usages, long target, int wanted)
            throws MetricUnavailable {
        Proposal proposal = ReplicaRules.byAverageValue(observed(replicas, states, usages, "memory"), target);

        assertThat(proposal.replicas()).isEqualTo(wanted);
    }

    @Test
    void tellsUtilizationAndMeanOfWhatCounts() throws MetricUnavailable {
        Proposal proposal = ReplicaRules.byUtilization(observed(3, "rrr", "300 500 700", "cpu"), 30);

        assertThat(proposal.utilization()).isEqualTo(50);
        assertThat(proposal.averageMilli()).isEqualTo(500);
    }

    @Test
    void refusesWhereNothingCanBeSaid() {
        assertThatThrownBy(() -> ReplicaRules.byUtilization(observed(1, "", "", "cpu"), 50))
                .hasMessage("no pods returned by selector while calculating replica count");
        assertThatThrownBy(() -> ReplicaRules.byUtilization(observed(2, "uu", "100 100", "cpu"), 50))
                .hasMessage("did not receive metrics for targeted pods (pods might be unready)");
        Observed other = observed(1, "r", "100", "example.com/gpu");
        assertThatThrownBy(() -> ReplicaRules.byUtilization(other, 50))
                .hasMessage("missing request for example.com/gpu in container c of Pod pod-0");
    }

    @Test
    void readsWindowsAsGoWritesThem() {
        assertThat(ResourceMetrics.window("15.013s")).isEqualTo(Duration.ofMillis(15_013));
        assertThat(ResourceMetrics.window("1m30s")).isEqualTo(Duration.ofSeconds(90));
        assertThat(ResourceMetrics.window("nonsense")).isEqualTo(Duration.ofSeconds(30));
    }
}
