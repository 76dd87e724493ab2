// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Lifecycle;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.kubelet.control.EventSink;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.ContainerConfig;
import io.mizzen.kubelet.cri.v1.Image;
import io.mizzen.kubelet.cri.v1.PodSandboxConfig;
import io.mizzen.kubelet.runtime.ContainerConfigs;
import io.mizzen.kubelet.runtime.SandboxConfigs;
import io.mizzen.kubelet.runtime.StartFailure;
import io.mizzen.kubelet.volume.DownwardFields;
import io.mizzen.kubelet.volume.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts single containers: image, configuration, create, start, postStart. Runs on the pod's worker. */
final class ContainerStarter {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerStarter.class);
    private static final Duration POST_START_LIMIT = Duration.ofHours(1);

    private final PodServices services;
    private final ContainerMounts mounts;
    private final Hooks hooks;
    private final PodMailbox mailbox;

    ContainerStarter(PodServices services, ContainerMounts mounts, Hooks hooks, PodMailbox mailbox) {
        this.services = services;
        this.mounts = mounts;
        this.hooks = hooks;
        this.mailbox = mailbox;
    }

    /**
     * Where a container is started.
     *
     * @param pod the pod
     * @param sandboxId its sandbox
     * @param sandbox configuration of the sandbox
     * @param fields downward API
     * @param podIp address of the pod; empty in the host's network until known
     * @param volumes host paths by name
     * @param targetId container whose processes an ephemeral one sees; null for none
     */
    record Place(
            Pod pod,
            String sandboxId,
            PodSandboxConfig sandbox,
            DownwardFields fields,
            String podIp,
            Map<String, Path> volumes,
            @Nullable String targetId) {}

    /**
     * Starts a container.
     *
     * @throws StartFailure when it does not run now; events have been told
     */
    void start(Place place, Action.StartContainer action) throws StartFailure {
        Container container = action.container();
        Image image = image(place, container);
        String id = create(place, action, image);
        event(place, container, false, "Created", "Container created");
        try {
            services.cri().startContainer(id);
        } catch (CriException e) {
            throw failed(place, container, "RunContainerError", e.description());
        }
        services.metrics().containerStarted();
        event(place, container, false, "Started", "Container started");
        LOG.info(
                "Container {} of pod {}/{} runs as {}",
                container.getName(),
                place.pod().getMetadata().getNamespace(),
                place.pod().getMetadata().getName(),
                id.substring(0, 12));
        link(place.pod(), container, action.attempt(), id);
        postStart(place, container, id);
    }

    private Image image(Place place, Container container) throws StartFailure {
        try {
            return mailbox.interruptibly(() -> services.images().ensure(place.pod(), container, place.sandbox()));
        } catch (StartFailure e) {
            if (!e.reason().equals("InvalidImageName")) {
                event(place, container, true, "Failed", "Error: " + e.reason());
            }
            services.metrics().containerFailed();
            throw e;
        }
    }

    private String create(Place place, Action.StartContainer action, Image image) throws StartFailure {
        Container container = action.container();
        ContainerConfig config;
        try {
            config = config(place, action, image);
        } catch (StartFailure e) {
            throw failed(place, container, e.reason(), e.text());
        } catch (IOException e) {
            throw failed(place, container, "CreateContainerConfigError", String.valueOf(e.getMessage()));
        }
        try {
            return services.cri().createContainer(place.sandboxId(), config, place.sandbox());
        } catch (CriException e) {
            throw failed(place, container, "CreateContainerError", e.description());
        }
    }

    private ContainerConfig config(Place place, Action.StartContainer action, Image image)
            throws StartFailure, IOException {
        Pod pod = place.pod();
        Container container = action.container();
        OptionalLong user = image.hasUid() ? OptionalLong.of(image.getUid().getValue()) : OptionalLong.empty();
        Optional<String> refusal = ContainerConfigs.rootRefusal(pod, container, user, image.getUsername());
        if (refusal.isPresent()) {
            throw new StartFailure("CreateContainerConfigError", refusal.get());
        }
        Map<String, String> environment = services.environment().of(pod, container, place.fields());
        List<ContainerConfigs.HostMount> all = mounts.of(pod, container, place.volumes(), environment);
        ContainerConfigs.Inputs inputs = new ContainerConfigs.Inputs(
                action.attempt(),
                image.getId(),
                environment,
                all,
                terminationFile(pod, container),
                services.node().memoryBytes(),
                place.targetId());
        Files.createDirectories(logDirectory(services.node().podLogsDir(), pod).resolve(container.getName()));
        return ContainerConfigs.of(pod, container, inputs);
    }

    private Path terminationFile(Pod pod, Container container) throws IOException {
        Path dir = services.folders().container(pod.getMetadata().getUid(), container.getName());
        Files.createDirectories(dir);
        Path file = dir.resolve(UUID.randomUUID().toString().substring(0, 8));
        Files.createFile(file);
        Trees.chmod(file, 0666);
        return file;
    }

    private void postStart(Place place, Container container, String id) throws StartFailure {
        Lifecycle lifecycle = container.getLifecycle();
        if (lifecycle == null || lifecycle.getPostStart() == null) {
            return;
        }
        try {
            mailbox.interruptiblyIo(
                    () -> hooks.run(lifecycle.getPostStart(), container, id, place.podIp(), POST_START_LIMIT));
        } catch (IOException e) {
            event(place, container, true, "FailedPostStartHook", "PostStartHook failed");
            event(place, container, false, "Killing", "FailedPostStartHook");
            try {
                services.cri().stopContainer(id, Duration.ofSeconds(SandboxConfigs.graceSeconds(place.pod())));
            } catch (CriException stop) {
                LOG.warn(
                        "Container {} could not be stopped after its postStart hook failed: {}", id, stop.getMessage());
            }
            throw new StartFailure("PostStartHookError", "PostStartHook failed: " + e.getMessage());
        }
    }

    private StartFailure failed(Place place, Container container, String reason, String text) {
        services.metrics().containerFailed();
        event(place, container, true, "Failed", "Error: " + text);
        return new StartFailure(reason, text);
    }

    private void event(Place place, Container container, boolean isWarning, String reason, String message) {
        services.events()
                .podEvent(place.pod(), EventSink.fieldPath(place.pod(), container), isWarning, reason, message);
    }

    /** The directory of a pod's logs. */
    static Path logDirectory(Path podLogs, Pod pod) {
        ObjectMeta meta = pod.getMetadata();
        return podLogs.resolve(meta.getNamespace() + "_" + meta.getName() + "_" + meta.getUid());
    }

    /** The link to a container's log. */
    static Path link(Path containerLogs, Pod pod, String container, String id) {
        ObjectMeta meta = pod.getMetadata();
        return containerLogs.resolve(meta.getName() + "_" + meta.getNamespace() + "_" + container + "-" + id + ".log");
    }

    private void link(Pod pod, Container container, int attempt, String id) {
        Path link = link(services.node().containerLogsDir(), pod, container.getName(), id);
        Path log = logDirectory(services.node().podLogsDir(), pod)
                .resolve(ContainerConfigs.logPath(container.getName(), attempt));
        try {
            Files.createDirectories(link.getParent());
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, log);
        } catch (IOException e) {
            LOG.warn("The link {} to a container log could not be made: {}", link, e.getMessage());
        }
    }
}
