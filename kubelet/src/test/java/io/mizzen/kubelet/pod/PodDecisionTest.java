// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.mizzen.kubelet.probe.ProbeKind;
import io.mizzen.kubelet.probe.ProbeResult;
import io.mizzen.kubelet.probe.ProbeView;
import io.mizzen.kubelet.runtime.ContainerConfigs;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PodDecisionTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:10:00Z");

    private static PodBuilder pod(String policy, String... containers) {
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("ns")
                .withUid("u")
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy(policy)
                .endSpec();
        for (String name : containers) {
            pod.editSpec()
                    .addNewContainer()
                    .withName(name)
                    .withImage("i:1")
                    .endContainer()
                    .endSpec();
        }
        return pod;
    }

    private static Pod withInit(Pod pod, Container... init) {
        return new PodBuilder(pod).editSpec().withInitContainers(init).endSpec().build();
    }

    private static Container init(String name, String policy) {
        return new ContainerBuilder()
                .withName(name)
                .withImage("i:1")
                .withRestartPolicy(policy)
                .build();
    }

    private static RuntimeContainer run(String name, RuntimeContainer.State state, int exit, int attempt) {
        return inSandbox("s0", name, state, exit, attempt);
    }

    private static RuntimeContainer inSandbox(
            String sandbox, String name, RuntimeContainer.State state, int exit, int attempt) {
        Instant created = NOW.minusSeconds(100 - attempt);
        return new RuntimeContainer(
                name + "-" + attempt,
                name,
                sandbox,
                attempt,
                state,
                created,
                Optional.of(created),
                state == RuntimeContainer.State.EXITED ? Optional.of(NOW.minusSeconds(5)) : Optional.empty(),
                exit,
                "",
                "",
                "i:1",
                "sha",
                "/log",
                Map.of(
                        "io.kubernetes.container.hash",
                        ContainerConfigs.hash(new ContainerBuilder()
                                .withName(name)
                                .withImage("i:1")
                                .build())));
    }

    private static RuntimeSandbox sandbox(int attempt, boolean isReady) {
        return new RuntimeSandbox(
                "s" + attempt, attempt, isReady, NOW.minusSeconds(200 - attempt), List.of("10.0.0.1"), false);
    }

    private static RuntimePod seen(List<RuntimeSandbox> sandboxes, RuntimeContainer... containers) {
        return new RuntimePod("u", "ns", "p", sandboxes, List.of(containers));
    }

    private static Decision decide(Pod pod, RuntimePod seen) {
        return decide(pod, seen, ProbeView.none(), Optional.empty());
    }

    private static Decision decide(Pod pod, RuntimePod seen, ProbeView probes, Optional<Duration> delay) {
        return PodDecision.decide(new Observation(pod, seen, probes, (c, at, now) -> delay, Map.of(), NOW));
    }

    private static List<String> starts(Decision decision) {
        return decision.actions().stream()
                .filter(Action.StartContainer.class::isInstance)
                .map(a ->
                        ((Action.StartContainer) a).container().getName() + "#" + ((Action.StartContainer) a).attempt())
                .toList();
    }

    @Test
    void beginsWithASandboxAndAllContainers() {
        Decision decision = decide(pod("Always", "a", "b").build(), seen(List.of()));

        assertThat(decision.actions().getFirst()).isEqualTo(new Action.CreateSandbox(0, false));
        assertThat(starts(decision)).containsExactly("a#0", "b#0");
        assertThat(decision.isFinished()).isFalse();
    }

    @Test
    void leavesAHealthyPodAlone() {
        Decision decision = decide(
                pod("Always", "a").build(),
                seen(List.of(sandbox(0, true)), run("a", RuntimeContainer.State.RUNNING, 0, 0)));

        assertThat(decision.actions()).isEmpty();
        assertThat(decision.wakeAt()).isEmpty();
    }

    @Test
    void beginsWithTheFirstInitContainerAlone() {
        Pod pod = withInit(pod("Always", "a").build(), init("i1", null), init("i2", null));

        assertThat(starts(decide(pod, seen(List.of())))).containsExactly("i1#0");
        assertThat(starts(
                        decide(pod, seen(List.of(sandbox(0, true)), run("i1", RuntimeContainer.State.RUNNING, 0, 0)))))
                .isEmpty();
        assertThat(starts(decide(pod, seen(List.of(sandbox(0, true)), run("i1", RuntimeContainer.State.EXITED, 0, 0)))))
                .containsExactly("i2#0");
        assertThat(starts(decide(
                        pod,
                        seen(
                                List.of(sandbox(0, true)),
                                run("i1", RuntimeContainer.State.EXITED, 0, 0),
                                run("i2", RuntimeContainer.State.EXITED, 0, 0)))))
                .containsExactly("a#0");
    }

    @Test
    void endsAPodWhoseInitContainerFailedForGood() {
        Pod pod = withInit(pod("Never", "a").build(), init("i1", null));

        Decision decision =
                decide(pod, seen(List.of(sandbox(0, true)), run("i1", RuntimeContainer.State.EXITED, 1, 0)));

        assertThat(decision.isFinished()).isTrue();
        assertThat(starts(decision)).isEmpty();
    }

    @Test
    void waitsForASidecarToHaveStartedAndRestartsItEvenUnderNever() {
        Container sidecar = new ContainerBuilder(init("s", "Always"))
                .withNewStartupProbe()
                .endStartupProbe()
                .build();
        Pod pod = withInit(pod("Never", "a").build(), sidecar);
        RuntimePod starting = seen(List.of(sandbox(0, true)), run("s", RuntimeContainer.State.RUNNING, 0, 0));
        ProbeView started = new ProbeView(Map.of("s-0", Map.of(ProbeKind.STARTUP, ProbeResult.SUCCESS)));

        assertThat(starts(decide(pod, starting))).isEmpty();
        assertThat(starts(decide(pod, starting, started, Optional.empty()))).containsExactly("a#0");
        assertThat(starts(decide(
                        pod,
                        seen(
                                List.of(sandbox(0, true)),
                                run("s", RuntimeContainer.State.EXITED, 0, 0),
                                run("a", RuntimeContainer.State.RUNNING, 0, 0)))))
                .containsExactly("s#1");
    }

    @Test
    void startsNoSidecarAgainWhenAnInitContainerAfterItHasFailedForGood() {
        Pod pod = withInit(pod("Never", "a").build(), init("s", "Always"), init("i", null));

        Decision decision = decide(
                pod,
                seen(
                        List.of(sandbox(0, true)),
                        run("s", RuntimeContainer.State.EXITED, 0, 0),
                        run("i", RuntimeContainer.State.EXITED, 1, 0)));

        assertThat(decision.isFinished()).isTrue();
        assertThat(starts(decision)).isEmpty();
    }

    @Test
    void restartsAsThePolicySays() {
        RuntimePod failed = seen(List.of(sandbox(0, true)), run("a", RuntimeContainer.State.EXITED, 1, 2));
        RuntimePod done = seen(List.of(sandbox(0, true)), run("a", RuntimeContainer.State.EXITED, 0, 2));

        assertThat(starts(decide(pod("Always", "a").build(), done))).containsExactly("a#3");
        assertThat(starts(decide(pod("OnFailure", "a").build(), failed))).containsExactly("a#3");
        assertThat(decide(pod("OnFailure", "a").build(), done).isFinished()).isTrue();
        assertThat(decide(pod("Never", "a").build(), failed).isFinished()).isTrue();
    }

    @Test
    void holdsARestartThatWouldComeTooEarlyAndSaysWhenToLookAgain() {
        RuntimePod failed = seen(List.of(sandbox(0, true)), run("a", RuntimeContainer.State.EXITED, 1, 1));

        Decision decision =
                decide(pod("Always", "a").build(), failed, ProbeView.none(), Optional.of(Duration.ofSeconds(20)));

        assertThat(starts(decision)).isEmpty();
        assertThat(decision.held()).containsEntry("a", Duration.ofSeconds(20));
        assertThat(decision.wakeAt()).contains(NOW.plusSeconds(15));
        assertThat(decision.isFinished()).isFalse();
    }

    @Test
    void replacesAContainerWhoseLivenessFailedWithTheProbesOwnGrace() {
        Pod pod = pod("Always", "a")
                .editSpec()
                .editContainer(0)
                .withNewLivenessProbe()
                .withTerminationGracePeriodSeconds(7L)
                .endLivenessProbe()
                .endContainer()
                .endSpec()
                .build();
        ProbeView failed = new ProbeView(Map.of("a-0", Map.of(ProbeKind.LIVENESS, ProbeResult.FAILURE)));

        Decision decision = decide(
                pod,
                seen(List.of(sandbox(0, true)), run("a", RuntimeContainer.State.RUNNING, 0, 0)),
                failed,
                Optional.empty());

        assertThat(decision.actions().getFirst())
                .isEqualTo(new Action.StopContainer(
                        "a-0", "a", "Container a failed liveness probe, will be restarted", OptionalLong.of(7)));
        assertThat(starts(decision)).containsExactly("a#1");
    }

    @Test
    void killsAContainerWhoseLivenessFailedAgainAtOnceButHoldsItsRestart() {
        Pod pod = pod("Always", "a")
                .editSpec()
                .editContainer(0)
                .withNewLivenessProbe()
                .endLivenessProbe()
                .endContainer()
                .endSpec()
                .build();
        ProbeView failed = new ProbeView(Map.of("a-1", Map.of(ProbeKind.LIVENESS, ProbeResult.FAILURE)));

        Decision decision = decide(
                pod,
                seen(
                        List.of(sandbox(0, true)),
                        run("a", RuntimeContainer.State.RUNNING, 0, 1),
                        run("a", RuntimeContainer.State.EXITED, 137, 0)),
                failed,
                Optional.of(Duration.ofSeconds(10)));

        assertThat(decision.actions()).singleElement().isInstanceOf(Action.StopContainer.class);
        assertThat(decision.held()).containsEntry("a", Duration.ofSeconds(10));
        assertThat(decision.wakeAt()).contains(NOW.plusSeconds(5));
    }

    @Test
    void replacesAContainerWhoseImageChanged() {
        Pod pod = pod("Always", "a")
                .editSpec()
                .editContainer(0)
                .withImage("i:2")
                .endContainer()
                .endSpec()
                .build();

        Decision decision =
                decide(pod, seen(List.of(sandbox(0, true)), run("a", RuntimeContainer.State.RUNNING, 0, 0)));

        assertThat(decision.actions().getFirst())
                .isInstanceOfSatisfying(
                        Action.StopContainer.class,
                        s -> assertThat(s.message()).isEqualTo("Container a definition changed, will be restarted"));
    }

    @Test
    void makesANewSandboxAfterTheOldOneDiedUnlessNothingMayRunAgain() {
        RuntimePod dead = seen(List.of(sandbox(0, false)), run("a", RuntimeContainer.State.EXITED, 137, 0));

        assertThat(decide(pod("Always", "a").build(), dead).actions()).contains(new Action.CreateSandbox(1, true));
        assertThat(decide(pod("Never", "a").build(), dead).isFinished()).isTrue();
        assertThat(decide(
                                pod("OnFailure", "a").build(),
                                seen(List.of(sandbox(0, false)), run("a", RuntimeContainer.State.EXITED, 0, 0)))
                        .isFinished())
                .isTrue();
    }

    @Test
    void countsRestartsOnFromWhatTheApiKnowsWhenTheRuntimeHasForgotten() {
        Decision decision = PodDecision.decide(new Observation(
                pod("Always", "a").build(),
                seen(List.of(sandbox(0, true))),
                ProbeView.none(),
                (c, at, now) -> Optional.empty(),
                Map.of("a", 4),
                NOW));

        assertThat(starts(decision)).containsExactly("a#5");
    }

    @Test
    void keepsOneDeadContainerBesideALivingOne() {
        Decision decision = decide(
                pod("Always", "a").build(),
                seen(
                        List.of(sandbox(0, true)),
                        run("a", RuntimeContainer.State.EXITED, 1, 0),
                        run("a", RuntimeContainer.State.EXITED, 1, 1),
                        run("a", RuntimeContainer.State.RUNNING, 0, 2)));

        assertThat(decision.actions()).containsExactly(new Action.RemoveContainer("a-0"));
    }

    @Test
    void removesAnOldSandboxOnceItHoldsNothing() {
        Decision decision = decide(
                pod("Always", "a").build(),
                seen(
                        List.of(sandbox(1, true), sandbox(0, false)),
                        inSandbox("s1", "a", RuntimeContainer.State.RUNNING, 0, 3)));

        assertThat(decision.actions()).containsExactly(new Action.RemoveSandbox("s0"));
    }
}
