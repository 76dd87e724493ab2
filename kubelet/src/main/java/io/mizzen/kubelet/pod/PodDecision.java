// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Probe;
import io.mizzen.kubelet.probe.ProbeKind;
import io.mizzen.kubelet.runtime.ContainerConfigs;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import io.mizzen.kubelet.status.EphemeralContainers;
import io.mizzen.kubelet.status.RestartPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Decides what to do about a pod: the core of the node agent.
 *
 * <p>Sandbox first; then init containers one after the other, sidecars among them staying up; then all normal containers at
 * once. A container runs again as its restart policy says, after its back-off. Pure: the same observation gives the same
 * decision, and an observation of a healthy pod gives none, so that a restarted kubelet touches nothing.
 */
public final class PodDecision {
    private final Observation seen;
    private final List<Action> actions = new ArrayList<>();
    private final Map<String, Duration> held = new LinkedHashMap<>();
    private Optional<Instant> wakeAt = Optional.empty();

    private PodDecision(Observation seen) {
        this.seen = seen;
    }

    /** Decides. */
    public static Decision decide(Observation seen) {
        return new PodDecision(seen).run();
    }

    private Decision run() {
        Optional<RuntimeSandbox> sandbox = usableSandbox();
        boolean isFinished = sandbox.isPresent() ? inSandbox(sandbox.get()) : withoutSandbox();
        removeLeftovers();
        return new Decision(actions, held, wakeAt, isFinished);
    }

    private Optional<RuntimeSandbox> usableSandbox() {
        boolean wantsHost = Boolean.TRUE.equals(seen.pod().getSpec().getHostNetwork());
        return seen.runtime()
                .readySandbox()
                .filter(s -> s.usesHostNetwork() == wantsHost)
                .filter(s -> wantsHost || !s.ips().isEmpty());
    }

    /** The pod begins, or begins anew after its sandbox died. */
    private boolean withoutSandbox() {
        Optional<RuntimeSandbox> dead = seen.runtime().latestSandbox();
        boolean hasRun = !seen.runtime().containers().isEmpty();
        boolean isNever = "Never".equals(seen.pod().getSpec().getRestartPolicy());
        if (isNever && dead.isPresent() && hasRun) {
            return true;
        }
        List<Container> toStart = seen.pod().getSpec().getContainers().stream()
                .filter(c -> RestartPolicy.wantsStart(
                        seen.pod(), c, false, seen.runtime().latest(c.getName()).filter(r -> !r.isRunning())))
                .toList();
        if (toStart.isEmpty()) {
            return true;
        }
        for (RuntimeSandbox sandbox : seen.runtime().sandboxes()) {
            if (sandbox.isReady() || hasRunning(sandbox.id())) {
                actions.add(new Action.StopSandbox(sandbox.id()));
            }
        }
        int attempt = dead.map(s -> s.attempt() + 1).orElse(0);
        actions.add(new Action.CreateSandbox(attempt, dead.isPresent()));
        List<Container> init = seen.pod().getSpec().getInitContainers();
        if (!init.isEmpty()) {
            // A new sandbox is a new beginning: the first init container runs again.
            startUnlessHeld(init.getFirst(), Action.Role.INIT);
            return false;
        }
        toStart.forEach(c -> startUnlessHeld(c, Action.Role.NORMAL));
        return false;
    }

    private boolean hasRunning(String sandboxId) {
        return seen.runtime().containers().stream().anyMatch(c -> c.sandboxId().equals(sandboxId) && c.isRunning());
    }

    private boolean inSandbox(RuntimeSandbox sandbox) {
        for (RuntimeSandbox other : seen.runtime().sandboxes()) {
            if (!other.id().equals(sandbox.id()) && (other.isReady() || hasRunning(other.id()))) {
                actions.add(new Action.StopSandbox(other.id()));
            }
        }
        EphemeralContainers.of(seen.pod()).stream()
                .filter(c -> seen.runtime().latestIn(sandbox.id(), c.getName()).isEmpty())
                .forEach(c -> actions.add(new Action.StartContainer(c, Action.Role.EPHEMERAL, 0, Optional.empty())));
        return switch (initialize(sandbox.id())) {
            case FAILED -> true;
            case GOING_ON -> false;
            case DONE -> normalContainers(sandbox.id());
        };
    }

    private enum Initialization {
        GOING_ON,
        DONE,
        FAILED
    }

    private Initialization initialize(String sandboxId) {
        boolean isInitialized = seen.pod().getSpec().getContainers().stream()
                .anyMatch(c -> seen.runtime().latestIn(sandboxId, c.getName()).isPresent());
        if (!isInitialized && hasFailedInit(sandboxId)) {
            return Initialization.FAILED;
        }
        for (Container container : seen.pod().getSpec().getInitContainers()) {
            Optional<RuntimeContainer> run = seen.runtime().latestIn(sandboxId, container.getName());
            boolean mayGoOn = RestartPolicy.isSidecar(container)
                    ? sidecar(container, run)
                    : isInitialized
                            || run.filter(r -> r.isExited() && r.exitCode() == 0)
                                    .isPresent();
            if (mayGoOn || isInitialized) {
                continue;
            }
            if (RestartPolicy.isSidecar(container)) {
                return Initialization.GOING_ON;
            }
            if (run.isEmpty() || !run.get().isRunning()) {
                startUnlessHeld(container, Action.Role.INIT);
            }
            return Initialization.GOING_ON;
        }
        return Initialization.DONE;
    }

    /** Whether an init container has failed for good: then nothing is started any more, not even a sidecar before it. */
    private boolean hasFailedInit(String sandboxId) {
        return seen.pod().getSpec().getInitContainers().stream()
                .filter(container -> !RestartPolicy.isSidecar(container))
                .anyMatch(container -> seen.runtime()
                        .latestIn(sandboxId, container.getName())
                        .filter(run -> run.isExited()
                                && run.exitCode() != 0
                                && !RestartPolicy.mayRestart(seen.pod(), container, true, run.exitCode()))
                        .isPresent());
    }

    /** Keeps a sidecar up; answers whether what comes after it may start. */
    private boolean sidecar(Container container, Optional<RuntimeContainer> run) {
        if (run.isEmpty() || !run.get().isRunning()) {
            startUnlessHeld(container, Action.Role.INIT);
            return false;
        }
        replaceIfUnfit(container, run.get(), Action.Role.INIT, true);
        return seen.probes().isStarted(container, run.get().id());
    }

    private boolean normalContainers(String sandboxId) {
        boolean isAnyAlive = false;
        for (Container container : seen.pod().getSpec().getContainers()) {
            Optional<RuntimeContainer> run = seen.runtime().latestIn(sandboxId, container.getName());
            if (run.isPresent() && run.get().isRunning()) {
                boolean mayRestart = !"Never".equals(RestartPolicy.of(seen.pod(), container, false));
                replaceIfUnfit(container, run.get(), Action.Role.NORMAL, mayRestart);
                isAnyAlive = true;
                continue;
            }
            // What ended well in an earlier sandbox need not run again.
            Optional<RuntimeContainer> newest = run.or(() -> seen.runtime().latest(container.getName()));
            if (RestartPolicy.wantsStart(seen.pod(), container, false, newest.filter(r -> !r.isRunning()))) {
                startUnlessHeld(container, Action.Role.NORMAL);
                isAnyAlive = true;
            }
        }
        return !isAnyAlive;
    }

    private void replaceIfUnfit(Container container, RuntimeContainer run, Action.Role role, boolean mayRestart) {
        String what = role == Action.Role.INIT ? "Init container " : "Container ";
        Optional<ProbeKind> failed = seen.probes().failed(container, run.id());
        boolean isChanged = !run.hash().isEmpty() && !run.hash().equals(ContainerConfigs.hash(container));
        if (failed.isEmpty() && !isChanged) {
            return;
        }
        String message = failed.map(kind -> what + container.getName() + " failed "
                        + kind.title().toLowerCase(Locale.ROOT) + " probe"
                        + (mayRestart ? ", will be restarted" : ""))
                .orElse("Container " + container.getName() + " definition changed, will be restarted");
        OptionalLong grace = failed.map(kind -> kind.of(container))
                .map(Probe::getTerminationGracePeriodSeconds)
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
        actions.add(new Action.StopContainer(run.id(), container.getName(), message, grace));
        if (mayRestart) {
            startUnlessHeld(container, role);
        }
    }

    private void startUnlessHeld(Container container, Action.Role role) {
        Optional<RuntimeContainer> last = seen.runtime().latest(container.getName());
        int known = seen.knownRestarts().getOrDefault(container.getName(), -1);
        int attempt = last.map(r -> r.attempt() + 1).orElse(known + 1);
        // Of one that is just being stopped, by its probe or with its sandbox, the run before counts.
        Optional<Instant> failedAt = seen.runtime().all(container.getName()).stream()
                .filter(RuntimeContainer::isExited)
                .findFirst()
                .flatMap(RuntimeContainer::finished);
        if (failedAt.isPresent()) {
            Optional<Duration> delay = seen.restarts().delay(container, failedAt.get(), seen.now());
            if (delay.isPresent()) {
                held.put(container.getName(), delay.get());
                Instant end = failedAt.get().plus(delay.get());
                wakeAt = Optional.of(wakeAt.filter(w -> w.isBefore(end)).orElse(end));
                return;
            }
        }
        actions.add(new Action.StartContainer(container, role, attempt, failedAt));
    }

    /** Of each container the newest run and the one before it are kept, of sandboxes those that still hold one. */
    private void removeLeftovers() {
        Map<String, Integer> ended = new HashMap<>();
        Set<String> kept = new HashSet<>();
        for (RuntimeContainer container : seen.runtime().containers()) {
            boolean isSurplus =
                    !container.isRunning() && ended.merge(container.name(), 1, Integer::sum) > keep(container);
            if (isSurplus) {
                actions.add(new Action.RemoveContainer(container.id()));
            } else {
                kept.add(container.sandboxId());
            }
        }
        seen.runtime().sandboxes().stream()
                .skip(1)
                .filter(s -> !s.isReady() && !kept.contains(s.id()))
                .forEach(s -> actions.add(new Action.RemoveSandbox(s.id())));
    }

    /** One dead container beside a living one; two while none lives, so that the last state can be told. */
    private int keep(RuntimeContainer container) {
        boolean isAlive = seen.runtime()
                .latest(container.name())
                .map(RuntimeContainer::isRunning)
                .orElse(false);
        return isAlive ? 1 : 2;
    }
}
