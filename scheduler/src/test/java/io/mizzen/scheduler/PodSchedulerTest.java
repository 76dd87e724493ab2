// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import static io.mizzen.scheduler.Objects.all;
import static io.mizzen.scheduler.Objects.node;
import static io.mizzen.scheduler.Objects.onNode;
import static io.mizzen.scheduler.Objects.pod;
import static io.mizzen.scheduler.Objects.priority;
import static io.mizzen.scheduler.Objects.requests;
import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.scheduler.framework.PodInfo;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PodSchedulerTest {
    private final Bench bench = new Bench(1);

    @Test
    void bindsAPodToANodeThatFitsAndSaysSo() {
        bench.with(node("small", "1", "1Gi"), node("large", "4", "8Gi"));
        bench.create(pod("web", requests("2", "2Gi")));

        bench.runAll();

        assertThat(bench.cluster.bindings).containsEntry("uid-web", "large");
        assertThat(bench.cluster.events).containsExactly("Normal Scheduled Successfully assigned default/web to large");
    }

    @Test
    void tellsWhyNoNodeFits() {
        bench.with(
                node("a", "1", "1Gi"),
                node("b", "1", "1Gi"),
                node(
                        "c",
                        "8",
                        "8Gi",
                        n -> n.editSpec()
                                .addNewTaint()
                                .withKey("k")
                                .withEffect("NoSchedule")
                                .endTaint()
                                .endSpec()));
        bench.create(onNode(pod("old-a", requests("1", "1Gi")), "a"));
        bench.create(onNode(pod("old-b", requests("1", "1Gi")), "b"));
        bench.create(pod("web", requests("1", "1Mi")));

        bench.runAll();

        String message = "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, "
                + "2 Insufficient memory. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, "
                + "2 No preemption victims found for incoming pod.";
        assertThat(bench.cluster.conditions).containsExactly("default/web Unschedulable " + message);
        assertThat(bench.cluster.events).containsExactly("Warning FailedScheduling " + message);
    }

    @Test
    void saysThatThereAreNoNodes() {
        bench.create(pod("web"));

        bench.runAll();

        assertThat(bench.cluster.conditions)
                .containsExactly("default/web Unschedulable no nodes available to schedule pods");
    }

    @Test
    void schedulesAWaitingPodWhenANodeComes() {
        bench.create(pod("web"));
        bench.runAll();

        bench.with(node("a", "1", "1Gi"));
        bench.clock.advance(Duration.ofSeconds(2));
        bench.queue.flushBackoff();
        bench.runAll();

        assertThat(bench.cluster.bindings).containsEntry("uid-web", "a");
    }

    @Test
    void countsAssumedPodsBeforeTheyAreBound() {
        bench.with(node("a", "1", "1Gi"));
        bench.create(pod("first", requests("600m", "1Mi")));
        bench.create(pod("second", requests("600m", "1Mi")));

        bench.scheduleOne();
        bench.scheduleOne();
        bench.runBindings();

        assertThat(bench.cluster.bindings).containsOnlyKeys("uid-first");
        assertThat(bench.queue.counts().unschedulable()).isOne();
    }

    @Test
    void givesThePlaceBackWhenTheBindingFails() {
        bench.with(node("a", "1", "1Gi"));
        bench.cluster.acceptsBinding = (pod, node) -> !pod.name().equals("first");
        bench.create(pod("first", requests("600m", "1Mi")));
        bench.create(pod("second", requests("600m", "1Mi")));

        bench.scheduleOne();
        bench.scheduleOne();
        bench.runBindings();
        bench.clock.advance(Duration.ofSeconds(2));
        bench.queue.flushBackoff();
        bench.runAll();

        assertThat(bench.cluster.bindings).containsEntry("uid-second", "a").doesNotContainKey("uid-first");
        assertThat(bench.cluster.conditions).anyMatch(text -> text.startsWith("default/first SchedulerError"));
    }

    @Test
    void doesNotScheduleAPodThatIsBeingDeleted() {
        bench.with(node("a", "1", "1Gi"));
        bench.create(pod(
                "web",
                p -> p.editMetadata()
                        .withDeletionTimestamp("2026-01-01T00:00:00Z")
                        .endMetadata()));

        bench.runAll();

        assertThat(bench.cluster.bindings).isEmpty();
        assertThat(bench.cluster.events)
                .containsExactly("Warning FailedScheduling skip schedule deleting pod: default/web");
    }

    @Test
    void preemptsTheLeastImportantPodAndNominatesTheNode() {
        bench.with(node("a", "1", "1Gi"), node("b", "1", "1Gi"));
        PodInfo cheap = onNode(pod("cheap", all(List.of(requests("1", "1Mi"), priority(1)))), "b");
        bench.create(onNode(pod("dear", all(List.of(requests("1", "1Mi"), priority(5)))), "a"));
        bench.create(cheap);
        PodInfo urgent = pod("urgent", all(List.of(requests("1", "1Mi"), priority(100))));
        bench.create(urgent);

        bench.runAll();

        assertThat(bench.cluster.evicted).containsExactly("cheap");
        assertThat(bench.nominations.nodeOf(urgent.uid())).isEqualTo("b");

        bench.delete(cheap);
        bench.clock.advance(Duration.ofSeconds(2));
        bench.queue.flushBackoff();
        bench.runAll();
        assertThat(bench.cluster.bindings).containsEntry("uid-urgent", "b");
    }

    @Test
    void triesAPreemptorAgainWhenRoomCameWhileItsEvictionsWereBeingSent() {
        bench.with(node("a", "1", "1Gi"));
        PodInfo leaving = onNode(pod("leaving", requests("900m", "1Mi")), "a");
        bench.create(leaving);
        PodInfo staying = onNode(pod("staying", requests("100m", "1Mi")), "a");
        bench.create(staying);
        bench.create(pod("urgent", all(List.of(requests("900m", "1Mi"), priority(100)))));

        bench.scheduleOne();
        bench.delete(leaving);
        bench.clock.advance(Duration.ofSeconds(2));
        bench.queue.flushBackoff();
        assertThat(bench.queue.counts().gated()).isOne();
        bench.runBindings();
        bench.runAll();

        assertThat(bench.cluster.bindings).containsEntry("uid-urgent", "a");
    }

    @Test
    void keepsLowerPodsOffANodeWhereRoomWasMade() {
        bench.with(node("a", "1", "1Gi"));
        PodInfo urgent = pod("urgent", all(List.of(requests("1", "1Mi"), priority(100))));
        bench.nominations.nominate(urgent, "a");
        bench.create(pod("small", requests("100m", "1Mi")));

        bench.runAll();

        assertThat(bench.cluster.bindings).isEmpty();
    }

    @Test
    void neverPreemptsForAPodThatForbidsIt() {
        bench.with(node("a", "1", "1Gi"));
        bench.create(onNode(pod("cheap", requests("1", "1Mi")), "a"));
        bench.create(pod(
                "polite",
                all(List.of(
                        requests("1", "1Mi"),
                        priority(100),
                        p -> p.editSpec().withPreemptionPolicy("Never").endSpec()))));

        bench.runAll();

        assertThat(bench.cluster.evicted).isEmpty();
        assertThat(bench.cluster.conditions.getFirst())
                .endsWith("preemption: not eligible due to preemptionPolicy=Never.");
    }

    @Test
    void keepsGatedPodsOutUntilTheGateIsGone() {
        bench.with(node("a", "1", "1Gi"));
        PodInfo gated =
                pod("web", p -> p.editSpec().addNewSchedulingGate("wait").endSpec());
        bench.create(gated);
        bench.runAll();
        assertThat(bench.queue.counts().gated()).isOne();

        PodInfo open = pod("web");
        bench.change(open);
        bench.runAll();

        assertThat(bench.cluster.bindings).containsEntry("uid-web", "a");
    }
}
