// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Probe;
import io.mizzen.kubelet.probe.ProbeKind;
import io.mizzen.kubelet.probe.ProbeResult;
import io.mizzen.kubelet.probe.ProbeView;
import io.mizzen.kubelet.runtime.ExponentialBackOff;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import io.mizzen.kubelet.status.PodStatusComposer;
import io.mizzen.kubelet.status.RestartPolicy;
import io.mizzen.kubelet.status.StatusInput;
import io.mizzen.testing.clock.VirtualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random lives of one pod over a runtime in memory: containers end well and badly, probes fail, sandboxes die, steps fail, and
 * the kubelet dies between any two of them. No container ever runs twice at a time or more often than its policy says, init
 * containers keep their order, crashes are backed off from, phase and counts never go back; left in peace the pod is as it is to
 * be, and nothing is done to it any more. Replay one with {@code -Dsimulation.seed=<seed>}; run more with
 * {@code -Dsimulation.rounds=<n>}.
 */
class PodLifeSimulationTest {
    private static final List<String> PHASES = List.of("Pending", "Running", "Succeeded", "Failed");

    private final VirtualClock clock = new VirtualClock();
    private final MemoryRuntime runtime = new MemoryRuntime(clock);
    private final List<String> violations = new ArrayList<>();
    private final List<String> history = new ArrayList<>();
    private final Map<String, Map<ProbeKind, ProbeResult>> probes = new HashMap<>();
    /** When each container was started since the kubelet began. */
    private final Map<String, List<Instant>> starts = new HashMap<>();

    private final Map<String, Integer> runs = new HashMap<>();
    private ExponentialBackOff restarts = backOff();
    private PodStatus told = new PodStatus();
    private boolean isFinished;
    private boolean isRough = true;

    static LongStream seeds() {
        Long one = Long.getLong("simulation.seed");
        return one != null ? LongStream.of(one) : LongStream.range(0, Long.getLong("simulation.rounds", 300));
    }

    private static ExponentialBackOff backOff() {
        return new ExponentialBackOff(Duration.ofSeconds(10), Duration.ofMinutes(5));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aPodLivesAsItIsToWhateverHappens(long seed) {
        Random random = new Random(seed);
        Pod pod = pod(random);
        for (int i = 0; i < 40 + random.nextInt(120) && !isFinished; i++) {
            if (random.nextInt(2) == 0) {
                sync(pod, random);
            } else {
                world(random);
            }
        }
        isRough = false;
        boolean isSettled = settle(pod, random);

        String replay = "replay with -Dtest=PodLifeSimulationTest -Dsimulation.seed=" + seed + "\n"
                + pod.getSpec().getRestartPolicy() + "\n" + String.join("\n", history);
        assertThat(violations).as(replay).isEmpty();
        assertThat(isSettled).as(() -> replay + "\n" + runtime.observe()).isTrue();
    }

    private static Pod pod(Random random) {
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("ns")
                .withUid("u")
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy(List.of("Always", "OnFailure", "Never").get(random.nextInt(3)))
                .endSpec();
        List<Container> init = new ArrayList<>();
        for (int i = 0; i < random.nextInt(4); i++) {
            boolean isSidecar = random.nextBoolean();
            init.add(container("i" + i, isSidecar ? "Always" : null, isSidecar && random.nextBoolean(), false));
        }
        List<Container> normal = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(3); i++) {
            normal.add(container("c" + i, null, false, random.nextInt(3) == 0));
        }
        return pod.editSpec()
                .withInitContainers(init)
                .withContainers(normal)
                .endSpec()
                .build();
    }

    private static Container container(String name, String policy, boolean isStartProbed, boolean isLivenessProbed) {
        return new ContainerBuilder()
                .withName(name)
                .withImage("i:1")
                .withRestartPolicy(policy)
                .withStartupProbe(isStartProbed ? new Probe() : null)
                .withLivenessProbe(isLivenessProbed ? new Probe() : null)
                .build();
    }

    /** Something happens on the node. */
    private void world(Random random) {
        List<RuntimeContainer> running = runtime.observe().containers().stream()
                .filter(RuntimeContainer::isRunning)
                .toList();
        RuntimeContainer one = running.isEmpty() ? null : running.get(random.nextInt(running.size()));
        switch (random.nextInt(10)) {
            case 0 -> restartKubelet();
            case 1 ->
                runtime.observe().readySandbox().ifPresent(sandbox -> {
                    history.add("sandbox " + sandbox.id() + " dies");
                    runtime.loseSandbox(sandbox.id());
                    if (random.nextBoolean()) {
                        runtime.stopSandbox(sandbox.id());
                    }
                });
            case 2, 3, 4 -> {
                if (one != null) {
                    int code = random.nextInt(3) == 0 ? 1 : 0;
                    history.add(one.name() + " " + one.id() + " exits with " + code);
                    runtime.exit(one.id(), code);
                }
            }
            case 5, 6 -> {
                if (one != null) {
                    probes.put(
                            one.id(),
                            Map.of(
                                    ProbeKind.STARTUP,
                                    ProbeResult.SUCCESS,
                                    ProbeKind.LIVENESS,
                                    random.nextInt(3) == 0 ? ProbeResult.FAILURE : ProbeResult.SUCCESS));
                }
            }
            default -> clock.advance(Duration.ofSeconds(1 + random.nextInt(30)));
        }
    }

    /** It forgets all that is not in the API or the runtime. */
    private void restartKubelet() {
        history.add("kubelet restarts");
        restarts = backOff();
        starts.clear();
    }

    /** One look at the pod and what comes of it, as {@link PodSync} does it. */
    private void sync(Pod pod, Random random) {
        RuntimePod before = runtime.observe();
        tell(pod, before, false);
        Map<String, Integer> known = new HashMap<>();
        statuses(told)
                .filter(status -> status.getContainerID() != null
                        && !status.getContainerID().isEmpty())
                .forEach(status -> known.put(status.getName(), status.getRestartCount()));
        Decision decision = PodDecision.decide(new Observation(
                pod,
                before,
                new ProbeView(probes),
                (container, failedAt, now) -> restarts.hold(PodState.restartKey(container), failedAt, now),
                known,
                clock.instant()));
        check(decision.isFinished() || !PodStatusComposer.isTerminal(told), "goes on though told to be over");
        if (decision.isFinished()) {
            end(pod);
            return;
        }
        perform(pod, decision.actions(), random);
        tell(pod, runtime.observe(), false);
        if (PodStatusComposer.isTerminal(told)) {
            end(pod);
        }
    }

    private void perform(Pod pod, List<Action> actions, Random random) {
        String sandbox =
                runtime.observe().readySandbox().map(RuntimeSandbox::id).orElse("");
        for (Action action : actions) {
            if (isRough && random.nextInt(25) == 0) {
                restartKubelet();
                return;
            }
            if (isRough && random.nextInt(15) == 0 && !(action instanceof Action.StartContainer)) {
                history.add("fails: " + shown(action));
                return;
            }
            history.add(clock.instant() + " " + shown(action));
            switch (action) {
                case Action.CreateSandbox create -> sandbox = runtime.createSandbox(create.attempt());
                case Action.StopSandbox stop -> runtime.stopSandbox(stop.sandboxId());
                case Action.StopContainer stop -> runtime.exit(stop.containerId(), 143);
                case Action.RemoveContainer remove -> runtime.removeContainer(remove.containerId());
                case Action.RemoveSandbox remove -> runtime.removeSandbox(remove.sandboxId());
                case Action.StartContainer start -> start(pod, start, sandbox, random);
            }
        }
    }

    private static String shown(Action action) {
        return action instanceof Action.StartContainer start
                ? "start " + start.container().getName() + " attempt " + start.attempt()
                : action.toString();
    }

    private void start(Pod pod, Action.StartContainer start, String sandbox, Random random) {
        Container container = start.container();
        start.failedAt().ifPresent(at -> restarts.next(PodState.restartKey(container), at, clock.instant()));
        checkStart(pod, start, sandbox);
        int fate = isRough ? random.nextInt(10) : 9;
        if (fate == 0) {
            history.add("no image for " + container.getName());
            return;
        }
        runtime.create(container, sandbox, start.attempt(), fate != 1);
        if (fate == 2) {
            runtime.observe().latest(container.getName()).ifPresent(run -> runtime.exit(run.id(), random.nextInt(2)));
        }
        if (fate != 1) {
            runs.merge(container.getName(), 1, Integer::sum);
            starts.computeIfAbsent(container.getName(), name -> new ArrayList<>())
                    .add(clock.instant());
        }
    }

    private void checkStart(Pod pod, Action.StartContainer start, String sandbox) {
        String name = start.container().getName();
        RuntimePod seen = runtime.observe();
        check(seen.all(name).stream().noneMatch(RuntimeContainer::isRunning), name + " runs already");
        check(
                seen.sandboxes().stream()
                        .filter(each -> each.id().equals(sandbox))
                        .anyMatch(RuntimeSandbox::isReady),
                name + " has no sandbox");
        check(
                seen.all(name).stream().allMatch(earlier -> earlier.attempt() < start.attempt()),
                name + " does not count on");
        boolean isNormal = start.role() == Action.Role.NORMAL;
        if (isNormal && "Never".equals(pod.getSpec().getRestartPolicy())) {
            check(runs.getOrDefault(name, 0) == 0, name + " runs again");
        }
        if (isNormal && "OnFailure".equals(pod.getSpec().getRestartPolicy())) {
            boolean hasEndedWell = seen.latest(name)
                    .filter(run -> run.isExited() && run.exitCode() == 0)
                    .isPresent();
            check(!hasEndedWell, name + " has ended well");
        }
        checkOrder(pod, start, sandbox, seen);
        checkBackOff(name);
    }

    private void checkOrder(Pod pod, Action.StartContainer start, String sandbox, RuntimePod seen) {
        boolean isInitialized = pod.getSpec().getContainers().stream()
                .anyMatch(normal -> seen.latestIn(sandbox, normal.getName()).isPresent());
        for (Container earlier : pod.getSpec().getInitContainers()) {
            if (isInitialized || earlier.getName().equals(start.container().getName())) {
                return;
            }
            Optional<RuntimeContainer> run = seen.latestIn(sandbox, earlier.getName());
            boolean isDone = RestartPolicy.isSidecar(earlier)
                    ? run.filter(RuntimeContainer::isRunning)
                            .filter(each -> new ProbeView(probes).isStarted(earlier, each.id()))
                            .isPresent()
                    : run.filter(each -> each.isExited() && each.exitCode() == 0)
                            .isPresent();
            check(isDone, start.container().getName() + " comes before " + earlier.getName() + " is done");
        }
    }

    /**
     * Of any four starts two are ten seconds apart: the one after a kill of the very first run, which left no end to count from, and
     * the first after a failure come at once, as upstream's do.
     */
    private void checkBackOff(String name) {
        List<Instant> all = starts.getOrDefault(name, List.of());
        if (all.size() >= 3) {
            Duration since = Duration.between(all.get(all.size() - 3), clock.instant());
            check(since.compareTo(Duration.ofSeconds(10)) >= 0, name + " is started four times in " + since);
        }
    }

    private void check(boolean holds, String otherwise) {
        if (!holds) {
            violations.add(otherwise);
            history.add("VIOLATION " + otherwise);
        }
    }

    private static Stream<ContainerStatus> statuses(PodStatus status) {
        return Stream.concat(status.getContainerStatuses().stream(), status.getInitContainerStatuses().stream());
    }

    private void tell(Pod pod, RuntimePod seen, boolean isTerminating) {
        PodStatus status = PodStatusComposer.compose(new StatusInput(
                pod,
                told,
                seen,
                new ProbeView(probes),
                Map.of(),
                Map.of(),
                Optional.empty(),
                isTerminating,
                "192.0.2.1",
                clock.instant()));
        Map<String, Integer> before = new HashMap<>();
        statuses(told).forEach(each -> before.put(each.getName(), each.getRestartCount()));
        statuses(status)
                .forEach(each -> check(
                        each.getRestartCount() >= before.getOrDefault(each.getName(), 0),
                        each.getName() + " counts back from " + before.get(each.getName()) + " to "
                                + each.getRestartCount()));
        if (told.getPhase() != null) {
            check(
                    PHASES.indexOf(status.getPhase()) >= PHASES.indexOf(told.getPhase()),
                    "phase goes from " + told.getPhase() + " to " + status.getPhase());
        }
        told = status;
    }

    /** Nothing of it is to run again: what still runs, sidecars, is stopped, and the last status told. */
    private void end(Pod pod) {
        history.add("finished");
        boolean isAnyNormalAlive = pod.getSpec().getContainers().stream()
                .anyMatch(normal ->
                        runtime.observe().all(normal.getName()).stream().anyMatch(RuntimeContainer::isRunning));
        boolean isLost = runtime.observe().readySandbox().isEmpty();
        check(!isAnyNormalAlive || isLost, "finished while a container runs");
        runtime.observe().sandboxes().forEach(sandbox -> runtime.stopSandbox(sandbox.id()));
        tell(pod, runtime.observe(), true);
        check(PodStatusComposer.isTerminal(told), "finished in phase " + told.getPhase());
        check(!"Always".equals(pod.getSpec().getRestartPolicy()), "finished though it is to run always");
        isFinished = true;
    }

    /** The pod is left in peace: what is to end ends well, what is probed succeeds. */
    private boolean settle(Pod pod, Random random) {
        for (int i = 0; i < 60 && !isFinished; i++) {
            boolean runsForEver = "Always".equals(pod.getSpec().getRestartPolicy());
            for (RuntimeContainer run : runtime.observe().containers()) {
                probes.put(run.id(), Map.of(ProbeKind.STARTUP, ProbeResult.SUCCESS));
                boolean isInit = pod.getSpec().getInitContainers().stream()
                        .anyMatch(each -> each.getName().equals(run.name()) && !RestartPolicy.isSidecar(each));
                boolean isNormal = pod.getSpec().getContainers().stream()
                        .anyMatch(each -> each.getName().equals(run.name()));
                if (isInit || isNormal && !runsForEver) {
                    runtime.exit(run.id(), 0);
                }
            }
            sync(pod, random);
            clock.advance(Duration.ofMinutes(1));
        }
        return isFinished || isAtRest(pod, random);
    }

    private boolean isAtRest(Pod pod, Random random) {
        int before = history.size();
        sync(pod, random);
        RuntimePod seen = runtime.observe();
        boolean allRun = Stream.concat(
                        pod.getSpec().getContainers().stream(),
                        pod.getSpec().getInitContainers().stream().filter(RestartPolicy::isSidecar))
                .allMatch(each -> seen.all(each.getName()).stream()
                                .filter(RuntimeContainer::isRunning)
                                .count()
                        == 1);
        boolean fewDead = Stream.concat(
                        pod.getSpec().getContainers().stream(), pod.getSpec().getInitContainers().stream())
                .allMatch(each -> seen.all(each.getName()).stream()
                                .filter(run -> !run.isRunning())
                                .count()
                        <= 2);
        return history.size() == before && allRun && fewDead && "Running".equals(told.getPhase());
    }
}
