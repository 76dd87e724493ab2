// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.mizzen.kubelet.probe.ProbeView;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import io.mizzen.kubelet.runtime.StartFailure;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PodStatusComposerTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:10:00Z");

    private static Pod pod(String policy) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("ns")
                .withUid("u")
                .withGeneration(3L)
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy(policy)
                .addNewContainer()
                .withName("a")
                .withImage("i:1")
                .endContainer()
                .endSpec()
                .build();
    }

    private static RuntimeContainer run(RuntimeContainer.State state, int exit, int attempt) {
        Instant created = NOW.minusSeconds(100 - attempt);
        return new RuntimeContainer(
                "id" + attempt,
                "a",
                "s0",
                attempt,
                state,
                created,
                Optional.of(created),
                state == RuntimeContainer.State.EXITED ? Optional.of(NOW) : Optional.empty(),
                exit,
                "",
                "",
                "i:1",
                "sha",
                "/log",
                Map.of());
    }

    private static RuntimePod seen(RuntimeContainer... containers) {
        return new RuntimePod(
                "u",
                "ns",
                "p",
                List.of(new RuntimeSandbox("s0", 0, true, NOW.minusSeconds(200), List.of("10.0.0.5"), false)),
                List.of(containers));
    }

    private static PodStatus compose(
            Pod pod, PodStatus previous, RuntimePod seen, Map<String, StartFailure> failures, boolean isTerminating) {
        return PodStatusComposer.compose(new StatusInput(
                pod,
                previous,
                seen,
                ProbeView.none(),
                failures,
                Map.of(),
                Optional.empty(),
                isTerminating,
                "192.0.2.1",
                NOW));
    }

    private static PodStatus ended(StatusInput.Verdict verdict, PodStatus previous, RuntimePod seen) {
        return PodStatusComposer.compose(new StatusInput(
                pod("Always"),
                previous,
                seen,
                ProbeView.none(),
                Map.of(),
                Map.of(),
                Optional.of(verdict),
                true,
                "192.0.2.1",
                NOW));
    }

    @Test
    void tellsOfAnEndOnlyWhenNothingRuns() {
        StatusInput.Verdict evicted = new StatusInput.Verdict("Evicted", "low", StatusInput.Verdict.Kind.DISRUPTED);
        PodStatus running = compose(
                pod("Always"), new PodStatus(), seen(run(RuntimeContainer.State.RUNNING, 0, 0)), Map.of(), false);

        PodStatus during = ended(evicted, running, seen(run(RuntimeContainer.State.RUNNING, 0, 0)));
        PodStatus after = ended(evicted, during, seen(run(RuntimeContainer.State.EXITED, 137, 0)));

        assertThat(during.getPhase()).isEqualTo("Running");
        assertThat(during.getReason()).isNull();
        assertThat(after.getPhase()).isEqualTo("Failed");
        assertThat(after.getReason()).isEqualTo("Evicted");
        assertThat(after.getMessage()).isEqualTo("low");
        assertThat(condition(after, "DisruptionTarget").getReason()).isEqualTo("TerminationByKubelet");
    }

    @Test
    void aRefusedPodTellsOfNothingElse() {
        StatusInput.Verdict refused =
                new StatusInput.Verdict("OutOfcpu", "Pod was rejected: x", StatusInput.Verdict.Kind.REFUSED);

        PodStatus status = ended(refused, new PodStatus(), RuntimePod.none("u", "ns", "p"));

        assertThat(status.getPhase()).isEqualTo("Failed");
        assertThat(status.getReason()).isEqualTo("OutOfcpu");
        assertThat(status.getContainerStatuses()).isEmpty();
        assertThat(status.getStartTime()).isNotNull();
    }

    private static PodCondition condition(PodStatus status, String type) {
        return status.getConditions().stream()
                .filter(c -> c.getType().equals(type))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void saysContainerCreatingBeforeAnythingRuns() {
        PodStatus status = compose(pod("Always"), new PodStatus(), RuntimePod.none("u", "ns", "p"), Map.of(), false);

        assertThat(status.getPhase()).isEqualTo("Pending");
        assertThat(status.getContainerStatuses()
                        .getFirst()
                        .getState()
                        .getWaiting()
                        .getReason())
                .isEqualTo("ContainerCreating");
        assertThat(condition(status, "PodReadyToStartContainers").getStatus()).isEqualTo("False");
        assertThat(condition(status, "ContainersReady").getMessage()).isEqualTo("containers with unready status: [a]");
        assertThat(status.getStartTime()).isEqualTo("2026-01-01T00:10:00Z");
    }

    @Test
    void isReadyOnceAllRuns() {
        PodStatus status = compose(
                pod("Always"), new PodStatus(), seen(run(RuntimeContainer.State.RUNNING, 0, 0)), Map.of(), false);

        assertThat(status.getPhase()).isEqualTo("Running");
        assertThat(status.getPodIP()).isEqualTo("10.0.0.5");
        assertThat(status.getHostIP()).isEqualTo("192.0.2.1");
        assertThat(status.getObservedGeneration()).isEqualTo(3);
        assertThat(status.getConditions())
                .extracting(PodCondition::getType)
                .containsExactly(
                        "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled");
        assertThat(status.getConditions()).allSatisfy(c -> {
            assertThat(c.getStatus()).isEqualTo("True");
            assertThat(c.getObservedGeneration()).isEqualTo(3);
        });
    }

    @Test
    void keepsTheTimeOfAConditionThatDidNotChange() {
        PodStatus first = compose(
                pod("Always"), new PodStatus(), seen(run(RuntimeContainer.State.RUNNING, 0, 0)), Map.of(), false);
        PodStatus second = PodStatusComposer.compose(new StatusInput(
                pod("Always"),
                first,
                seen(run(RuntimeContainer.State.RUNNING, 0, 0)),
                ProbeView.none(),
                Map.of(),
                Map.of(),
                Optional.empty(),
                false,
                "192.0.2.1",
                NOW.plusSeconds(60)));

        assertThat(second).isEqualTo(first);
    }

    @Test
    void showsACrashedContainerAsWaitingWithItsLastState() {
        PodStatus status = compose(
                pod("Always"),
                new PodStatus(),
                seen(run(RuntimeContainer.State.EXITED, 3, 1)),
                Map.of("a", new StartFailure("CrashLoopBackOff", "back-off 10s")),
                false);

        ContainerStatus container = status.getContainerStatuses().getFirst();
        assertThat(status.getPhase()).isEqualTo("Running");
        assertThat(container.getState().getWaiting().getReason()).isEqualTo("CrashLoopBackOff");
        assertThat(container.getLastState().getTerminated().getExitCode()).isEqualTo(3);
        assertThat(container.getRestartCount()).isEqualTo(1);
    }

    @Test
    void endsWithTheExitCodes() {
        assertThat(compose(
                                pod("Never"),
                                new PodStatus(),
                                seen(run(RuntimeContainer.State.EXITED, 0, 0)),
                                Map.of(),
                                false)
                        .getPhase())
                .isEqualTo("Succeeded");
        PodStatus failed =
                compose(pod("Never"), new PodStatus(), seen(run(RuntimeContainer.State.EXITED, 2, 0)), Map.of(), false);
        assertThat(failed.getPhase()).isEqualTo("Failed");
        assertThat(condition(failed, "Ready").getReason()).isEqualTo("PodFailed");
    }

    @Test
    void neverComesBackFromTheEnd() {
        PodStatus done =
                compose(pod("Never"), new PodStatus(), seen(run(RuntimeContainer.State.EXITED, 0, 0)), Map.of(), false);
        PodStatus later = compose(pod("Never"), done, RuntimePod.none("u", "ns", "p"), Map.of(), false);

        assertThat(later.getPhase()).isEqualTo("Succeeded");
        assertThat(later.getContainerStatuses()
                        .getFirst()
                        .getState()
                        .getTerminated()
                        .getReason())
                .isEqualTo("Completed");
    }

    @Test
    void isFinalOnlyWhenNothingRunsAnyMore() {
        assertThat(compose(
                                pod("Always"),
                                new PodStatus(),
                                seen(run(RuntimeContainer.State.RUNNING, 0, 0)),
                                Map.of(),
                                true)
                        .getPhase())
                .isEqualTo("Running");
        assertThat(compose(
                                pod("Always"),
                                new PodStatus(),
                                seen(run(RuntimeContainer.State.EXITED, 143, 0)),
                                Map.of(),
                                true)
                        .getPhase())
                .isEqualTo("Failed");
    }

    @Test
    void namesAReadinessGateThatNobodyAnswered() {
        Pod gated = new PodBuilder(pod("Always"))
                .editSpec()
                .addNewReadinessGate("example.com/up")
                .endSpec()
                .build();
        PodStatus status =
                compose(gated, new PodStatus(), seen(run(RuntimeContainer.State.RUNNING, 0, 0)), Map.of(), false);

        assertThat(condition(status, "ContainersReady").getStatus()).isEqualTo("True");
        assertThat(condition(status, "Ready").getReason()).isEqualTo("ReadinessGatesNotReady");
        assertThat(condition(status, "Ready").getMessage())
                .isEqualTo("corresponding condition of pod readiness gate \"example.com/up\" does not exist.");
    }

    @Test
    void countsAContainerThatVanishedAsKilled() {
        PodStatus before = compose(
                pod("Never"), new PodStatus(), seen(run(RuntimeContainer.State.RUNNING, 0, 0)), Map.of(), false);
        PodStatus after = compose(pod("Never"), before, RuntimePod.none("u", "ns", "p"), Map.of(), false);

        ContainerStateTerminated end =
                after.getContainerStatuses().getFirst().getState().getTerminated();
        assertThat(end.getReason()).isEqualTo("ContainerStatusUnknown");
        assertThat(end.getExitCode()).isEqualTo(137);
    }
}
