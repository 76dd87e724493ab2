// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.DownwardAPIVolumeFile;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Volume;
import io.mizzen.kubelet.control.EventSink;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.PodSandboxConfig;
import io.mizzen.kubelet.log.LogRotation;
import io.mizzen.kubelet.network.PodHostname;
import io.mizzen.kubelet.network.ResolvConf;
import io.mizzen.kubelet.probe.PodProbes;
import io.mizzen.kubelet.resource.PodCgroup;
import io.mizzen.kubelet.runtime.GoDuration;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import io.mizzen.kubelet.runtime.SandboxConfigs;
import io.mizzen.kubelet.runtime.StartFailure;
import io.mizzen.kubelet.status.EphemeralContainers;
import io.mizzen.kubelet.status.PodStatusComposer;
import io.mizzen.kubelet.status.StatusInput;
import io.mizzen.kubelet.volume.DownwardFields;
import io.mizzen.kubelet.volume.VolumeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One look at a pod: observe, decide, perform, tell. Runs on the pod's worker.
 *
 * <p>Level-triggered: it may run at any time and any number of times; what is as it should be is left alone.
 */
final class PodSync {
    private static final Logger LOG = LoggerFactory.getLogger(PodSync.class);

    private final PodServices services;
    private final PodState state;
    private final ContainerMounts mounts;
    private final ContainerStarter starter;
    private final PodKiller killer;
    private final PodMailbox mailbox;

    PodSync(PodServices services, PodState state, PodKiller killer, Hooks hooks, PodMailbox mailbox) {
        this.services = services;
        this.state = state;
        this.killer = killer;
        this.mailbox = mailbox;
        this.mounts = new ContainerMounts(services);
        this.starter = new ContainerStarter(services, mounts, hooks, mailbox);
    }

    /**
     * What came of a sync.
     *
     * @param wakeAt when to look again; empty for the usual time
     * @param isFinished whether nothing of the pod will ever run again
     */
    record Outcome(Optional<Instant> wakeAt, boolean isFinished) {}

    /**
     * Brings the pod one step nearer to what it is to be.
     *
     * @throws SyncFailure when a step failed that the following ones need
     * @throws CriException when the runtime cannot be asked
     */
    Outcome sync(Pod pod) throws SyncFailure, CriException, InterruptedException {
        RuntimePod before = observe(pod);
        followProbes(pod, before, false);
        tell(pod, before, false);
        Decision decision = decide(pod, before);
        noteHeld(pod, decision);
        refreshVolumesIfDue(pod, before);
        if (!decision.isFinished()) {
            perform(pod, before, decision.actions());
        }
        RuntimePod after = decision.actions().isEmpty() ? before : observe(pod);
        followProbes(pod, after, false);
        // What has been told to be over is over, though the step was taken for something that still lived.
        boolean isOver = PodStatusComposer.isTerminal(tell(pod, after, false));
        boolean hasFailures = !state.failures.isEmpty() && decision.held().isEmpty();
        Optional<Instant> wakeAt =
                hasFailures ? Optional.of(services.clock().instant().plusSeconds(5)) : decision.wakeAt();
        return new Outcome(wakeAt, decision.isFinished() || isOver);
    }

    RuntimePod observe(Pod pod) throws CriException {
        ObjectMeta meta = pod.getMetadata();
        return services.reader().read(meta.getUid(), meta.getNamespace(), meta.getName());
    }

    /** Composes the status of what is seen and hands it over. */
    PodStatus tell(Pod pod, RuntimePod seen, boolean isTerminating) {
        PodStatus previous = previousOf(pod);
        PodStatus status = PodStatusComposer.compose(new StatusInput(
                pod,
                previous,
                seen,
                state.probes.view(),
                state.failures,
                state.terminationMessages.of(seen),
                state.verdict,
                isTerminating,
                services.node().ip(),
                services.clock().instant()));
        state.status = status;
        if (PodStatusComposer.isTerminal(status)) {
            services.admission().leave(pod.getMetadata().getUid());
        }
        services.statuses().report(pod, status);
        return status;
    }

    /** Probes what runs; while terminating readiness alone. */
    void followProbes(Pod pod, RuntimePod seen, boolean isTerminating) {
        String ip = podIp(seen);
        List<PodProbes.Subject> subjects = new ArrayList<>();
        for (RuntimeContainer run : seen.containers()) {
            Optional<Container> spec = PodKiller.specOf(pod, run.name());
            if (!run.isRunning() || spec.isEmpty() || run.started().isEmpty()) {
                continue;
            }
            boolean isAdopted = run.started().get().isBefore(services.node().started());
            boolean wasReady = Stream.concat(
                            previousOf(pod).getContainerStatuses().stream(),
                            previousOf(pod).getInitContainerStatuses().stream())
                    .anyMatch(s -> s.getName().equals(run.name())
                            && run.containerId().equals(s.getContainerID())
                            && Boolean.TRUE.equals(s.getReady()));
            subjects.add(
                    new PodProbes.Subject(spec.get(), run.id(), run.started().get(), isAdopted, wasReady));
        }
        state.probes.follow(pod, ip, subjects, isTerminating);
    }

    private Decision decide(Pod pod, RuntimePod seen) {
        Map<String, Integer> known = new HashMap<>();
        Stream.concat(
                        previousOf(pod).getContainerStatuses().stream(),
                        previousOf(pod).getInitContainerStatuses().stream())
                .filter(s -> s.getContainerID() != null && !s.getContainerID().isEmpty())
                .forEach(s -> known.put(s.getName(), s.getRestartCount()));
        return PodDecision.decide(new Observation(
                pod,
                seen,
                state.probes.view(),
                (container, failedAt, now) -> state.restarts.hold(PodState.restartKey(container), failedAt, now),
                known,
                services.clock().instant()));
    }

    private PodStatus previousOf(Pod pod) {
        if (state.status != null) {
            return state.status;
        }
        return pod.getStatus() == null ? new PodStatus() : pod.getStatus();
    }

    private void noteHeld(Pod pod, Decision decision) {
        decision.held().forEach((name, delay) -> {
            String where = pod.getMetadata().getName() + "_" + pod.getMetadata().getNamespace() + "("
                    + pod.getMetadata().getUid() + ")";
            PodKiller.specOf(pod, name)
                    .ifPresent(c -> services.events()
                            .podEvent(
                                    pod,
                                    EventSink.fieldPath(pod, c),
                                    true,
                                    "BackOff",
                                    "Back-off restarting failed container " + name + " in pod " + where));
            state.failures.put(
                    name,
                    new StartFailure(
                            "CrashLoopBackOff",
                            "back-off " + GoDuration.format(delay) + " restarting failed container=" + name + " pod="
                                    + where));
        });
    }

    private void perform(Pod pod, RuntimePod seen, List<Action> actions)
            throws SyncFailure, CriException, InterruptedException {
        boolean startsAnything =
                actions.stream().anyMatch(a -> a instanceof Action.CreateSandbox || a instanceof Action.StartContainer);
        if (startsAnything) {
            prepare(pod, seen);
        }
        Optional<RuntimeSandbox> sandbox = seen.readySandbox();
        PodSandboxConfig config = null;
        for (Action action : actions) {
            if (mailbox.peek().mustStop()) {
                return;
            }
            switch (action) {
                case Action.StopSandbox stop -> stopSandbox(pod, seen, stop);
                case Action.CreateSandbox create -> {
                    config = sandboxConfig(pod, create.attempt());
                    sandbox = Optional.of(createSandbox(pod, create, config));
                    tell(pod, observe(pod), false);
                }
                case Action.StopContainer stop -> stopContainer(pod, seen, stop);
                case Action.StartContainer start -> {
                    RuntimeSandbox in = sandbox.orElseThrow(() -> new SyncFailure("no sandbox to start containers in"));
                    config = config == null ? sandboxConfig(pod, in.attempt()) : config;
                    startContainer(pod, seen, in, config, start);
                }
                case Action.RemoveContainer remove -> removeContainer(pod, seen, remove.containerId());
                case Action.RemoveSandbox remove -> services.cri().removePodSandbox(remove.sandboxId());
            }
        }
    }

    /** Its log goes first: of a container that is not there any more nobody would look for one. */
    private void removeContainer(Pod pod, RuntimePod seen, String id) throws CriException {
        Optional<RuntimeContainer> container =
                seen.containers().stream().filter(c -> c.id().equals(id)).findFirst();
        if (container.isPresent() && !container.get().logPath().isEmpty()) {
            try {
                LogRotation.remove(Path.of(container.get().logPath()));
                Files.deleteIfExists(ContainerStarter.link(
                        services.node().containerLogsDir(), pod, container.get().name(), id));
            } catch (IOException e) {
                LOG.warn("The log of container {} could not be removed: {}", id, e.getMessage());
            }
        }
        services.cri().removeContainer(id);
    }

    /** Cgroup, folders and volumes: all that must be there before anything of the pod starts. */
    private void prepare(Pod pod, RuntimePod seen) throws SyncFailure {
        try {
            services.cgroups().apply(PodCgroup.of(pod, services.node().cgroupRoot()));
            Files.createDirectories(services.folders().pod(pod.getMetadata().getUid()));
            Files.createDirectories(
                    ContainerStarter.logDirectory(services.node().podLogsDir(), pod));
        } catch (IOException e) {
            services.events().podEvent(pod, "", true, "Failed", "error making pod data directories: " + e.getMessage());
            throw new SyncFailure("folders of the pod cannot be made", e);
        }
        setUpVolumes(pod, seen);
    }

    private void setUpVolumes(Pod pod, RuntimePod seen) throws SyncFailure {
        try {
            state.volumes = services.volumes().setUp(pod, fields(pod, seen), seen.isAnyRunning());
            noteRefreshed(pod);
        } catch (VolumeException e) {
            e.all().forEach(one -> services.events().podEvent(pod, "", true, "FailedMount", one.event()));
            throw new SyncFailure("volume " + e.volume() + ": " + e.getMessage(), e);
        }
    }

    /** ConfigMaps, Secrets and tokens of running pods follow their sources with every resync, and when the pod is told anew. */
    private void refreshVolumesIfDue(Pod pod, RuntimePod seen) {
        Instant due = state.volumesRefreshed.equals(Instant.MIN)
                ? Instant.MIN
                : state.volumesRefreshed.plus(services.node().resync());
        boolean isDue = !services.clock().instant().isBefore(due) || !told(pod).equals(state.volumesTold);
        if (!seen.isAnyRunning() || !isDue) {
            return;
        }
        try {
            setUpVolumes(pod, seen);
        } catch (SyncFailure e) {
            LOG.warn(
                    "Volumes of running pod {}/{} keep their old content: {}",
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    e.getMessage());
            noteRefreshed(pod);
        }
    }

    private void noteRefreshed(Pod pod) {
        state.volumesRefreshed = services.clock().instant();
        state.volumesTold = told(pod);
    }

    /** What the downward API tells of a pod and may change while it runs. */
    private static List<Map<String, String>> told(Pod pod) {
        boolean isTold = pod.getSpec().getVolumes().stream()
                .flatMap(PodSync::downwardFiles)
                .map(DownwardAPIVolumeFile::getFieldRef)
                .anyMatch(field -> field != null
                        && (field.getFieldPath().startsWith("metadata.labels")
                                || field.getFieldPath().startsWith("metadata.annotations")));
        return isTold ? List.of(pod.getMetadata().getLabels(), pod.getMetadata().getAnnotations()) : List.of();
    }

    private static Stream<DownwardAPIVolumeFile> downwardFiles(Volume volume) {
        if (volume.getDownwardAPI() != null) {
            return volume.getDownwardAPI().getItems().stream();
        }
        return volume.getProjected() == null
                ? Stream.empty()
                : volume.getProjected().getSources().stream()
                        .filter(part -> part.getDownwardAPI() != null)
                        .flatMap(part -> part.getDownwardAPI().getItems().stream());
    }

    private DownwardFields fields(Pod pod, RuntimePod seen) {
        boolean usesHost = Boolean.TRUE.equals(pod.getSpec().getHostNetwork());
        List<String> ips = usesHost
                ? List.of(services.node().ip())
                : seen.readySandbox().map(RuntimeSandbox::ips).orElse(List.of());
        return fields(pod, ips);
    }

    private DownwardFields fields(Pod pod, List<String> podIps) {
        return new DownwardFields(
                pod, podIps, List.of(services.node().ip()), services.node().allocatable());
    }

    private PodSandboxConfig sandboxConfig(Pod pod, int attempt) throws SyncFailure {
        PodServices.NodeFacts node = services.node();
        try {
            String host = Files.exists(node.hostResolvConf()) ? Files.readString(node.hostResolvConf()) : "";
            ResolvConf.Composed dns =
                    ResolvConf.compose(pod, ResolvConf.parse(host), node.clusterDns(), node.clusterDomain());
            for (String warning : dns.warnings()) {
                String reason = warning.startsWith("pod:") ? "MissingClusterDNS" : "DNSConfigForming";
                services.events().podEvent(pod, "", true, reason, warning);
            }
            return SandboxConfigs.of(
                    pod,
                    attempt,
                    PodHostname.of(pod, node.clusterDomain()),
                    dns.conf(),
                    ContainerStarter.logDirectory(node.podLogsDir(), pod),
                    PodCgroup.of(pod, node.cgroupRoot()).path());
        } catch (IOException e) {
            throw new SyncFailure("name resolution of the host cannot be read", e);
        }
    }

    private RuntimeSandbox createSandbox(Pod pod, Action.CreateSandbox create, PodSandboxConfig config)
            throws SyncFailure, CriException {
        boolean usesHost = Boolean.TRUE.equals(pod.getSpec().getHostNetwork());
        Optional<String> problem = services.node().networkProblem().get();
        if (!usesHost && problem.isPresent()) {
            services.events().podEvent(pod, "", true, "NetworkNotReady", "network is not ready: " + problem.get());
            throw new SyncFailure("network is not ready: " + problem.get());
        }
        if (create.isChange()) {
            services.events()
                    .podEvent(
                            pod, "", false, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
        }
        String id;
        try {
            id = services.cri().runPodSandbox(config, "");
        } catch (CriException e) {
            services.events()
                    .podEvent(
                            pod, "", true, "FailedCreatePodSandBox", "Failed to create pod sandbox: " + e.getMessage());
            throw new SyncFailure("sandbox: " + e.getMessage(), e);
        }
        services.metrics().sandboxStarted();
        RuntimeSandbox made = observe(pod).sandboxes().stream()
                .filter(s -> s.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new SyncFailure("sandbox " + id + " is gone right after it was made"));
        if (!usesHost && made.ips().isEmpty()) {
            throw new SyncFailure("sandbox " + id + " has no address");
        }
        return made;
    }

    private void stopSandbox(Pod pod, RuntimePod seen, Action.StopSandbox stop) throws CriException {
        for (RuntimeContainer container : seen.containers()) {
            if (container.isRunning() && container.sandboxId().equals(stop.sandboxId())) {
                services.events().podEvent(pod, "", false, "Killing", "Stopping container " + container.name());
                services.cri().stopContainer(container.id(), Duration.ofSeconds(2));
            }
        }
        services.cri().stopPodSandbox(stop.sandboxId());
    }

    private void stopContainer(Pod pod, RuntimePod seen, Action.StopContainer stop) throws CriException {
        Optional<RuntimeContainer> running = seen.containers().stream()
                .filter(c -> c.id().equals(stop.containerId()))
                .findFirst();
        if (running.isEmpty()) {
            return;
        }
        long grace = stop.graceSeconds().orElse(SandboxConfigs.graceSeconds(pod));
        long deadline = System.nanoTime() + Duration.ofSeconds(grace).toNanos();
        killer.stop(pod, running.get(), podIp(seen), stop.message(), deadline);
    }

    private void startContainer(
            Pod pod, RuntimePod seen, RuntimeSandbox sandbox, PodSandboxConfig config, Action.StartContainer start)
            throws SyncFailure {
        List<String> ips = sandbox.usesHostNetwork() ? List.of(services.node().ip()) : sandbox.ips();
        try {
            mounts.writeHosts(pod, ips);
        } catch (IOException e) {
            throw new SyncFailure("hosts file cannot be written", e);
        }
        start.failedAt()
                .ifPresent(at -> state.restarts.next(
                        PodState.restartKey(start.container()),
                        at,
                        services.clock().instant()));
        String target = EphemeralContainers.targetOf(pod, start.container().getName());
        String targetId = target == null
                ? null
                : seen.latestIn(sandbox.id(), target).map(RuntimeContainer::id).orElse(null);
        ContainerStarter.Place place = new ContainerStarter.Place(
                pod,
                sandbox.id(),
                config,
                fields(pod, ips),
                ips.isEmpty() ? "" : ips.getFirst(),
                state.volumes,
                targetId);
        try {
            starter.start(place, start);
            state.failures.remove(start.container().getName());
        } catch (StartFailure e) {
            LOG.info(
                    "Container {} of pod {}/{} does not start: {}: {}",
                    start.container().getName(),
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    e.reason(),
                    e.text());
            state.failures.put(start.container().getName(), e);
        }
    }

    private String podIp(RuntimePod seen) {
        return seen.readySandbox()
                .flatMap(s -> s.ips().stream().findFirst())
                .orElse(services.node().ip());
    }
}
