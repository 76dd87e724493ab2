// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.mizzen.client.ObjectKey;
import io.mizzen.kubelet.control.ControlPlane;
import io.mizzen.kubelet.control.EventSink;
import io.mizzen.kubelet.control.ObjectSource;
import io.mizzen.kubelet.control.PodSource;
import io.mizzen.kubelet.control.StatusSink;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/** A control plane in memory: the test puts pods in and reads status and events back. Safe for use from many threads. */
final class MemoryControlPlane implements PodSource, StatusSink, ObjectSource, EventSink {
    private final Map<ObjectKey, Pod> pods = new ConcurrentHashMap<>();
    private final Map<String, Object> objects = new ConcurrentHashMap<>();
    final List<String> events = new CopyOnWriteArrayList<>();
    private volatile Listener listener;

    ControlPlane ports() {
        return new ControlPlane(this, this, this, this, Optional.empty(), Optional.empty());
    }

    @Override
    public AutoCloseable start(Listener listener) {
        this.listener = listener;
        pods.values().forEach(listener::podChanged);
        listener.synced();
        return () -> {};
    }

    /** Creates a pod as the API server would: with uid and time. */
    synchronized Pod create(Pod pod) {
        Pod stored = new PodBuilder(pod)
                .editMetadata()
                .withNamespace(
                        pod.getMetadata().getNamespace() == null
                                ? "default"
                                : pod.getMetadata().getNamespace())
                .withUid(UUID.randomUUID().toString())
                .withGeneration(1L)
                .withCreationTimestamp(
                        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
                .endMetadata()
                .build();
        pods.put(ObjectKey.of(stored), stored);
        listener.podChanged(stored);
        return stored;
    }

    synchronized void update(Pod pod) {
        pods.put(ObjectKey.of(pod), pod);
        listener.podChanged(pod);
    }

    /** Asks for deletion with a grace, as the API server does for a pod on a node. */
    synchronized void delete(String name, long graceSeconds) {
        Pod marked = new PodBuilder(get(name))
                .editMetadata()
                .withDeletionTimestamp(Instant.now()
                        .plusSeconds(graceSeconds)
                        .truncatedTo(ChronoUnit.SECONDS)
                        .toString())
                .withDeletionGracePeriodSeconds(graceSeconds)
                .endMetadata()
                .build();
        update(marked);
    }

    /** Removes a pod at once. */
    synchronized void deleteNow(String name) {
        Pod last = pods.remove(new ObjectKey("default", name));
        listener.podRemoved(last);
    }

    Pod get(String name) {
        return find(name).orElseThrow(() -> new AssertionError("no pod " + name));
    }

    Optional<Pod> find(String name) {
        return Optional.ofNullable(pods.get(new ObjectKey("default", name)));
    }

    PodStatus status(String name) {
        PodStatus status = get(name).getStatus();
        return status == null ? new PodStatus() : status;
    }

    String phase(String name) {
        return String.valueOf(status(name).getPhase());
    }

    ContainerStatus container(String name, String container) {
        return Stream.concat(
                        status(name).getContainerStatuses().stream(), status(name).getInitContainerStatuses().stream())
                .filter(c -> c.getName().equals(container))
                .findFirst()
                .orElse(new ContainerStatusBuilder()
                        .withReady(false)
                        .withRestartCount(0)
                        .withState(new ContainerState())
                        .build());
    }

    String condition(String name, String type) {
        return status(name).getConditions().stream()
                .filter(c -> c.getType().equals(type))
                .findFirst()
                .map(PodCondition::getStatus)
                .orElse("");
    }

    void add(io.fabric8.kubernetes.api.model.HasMetadata object) {
        objects.put(
                object.getKind() + "/" + object.getMetadata().getNamespace() + "/"
                        + object.getMetadata().getName(),
                object);
    }

    @Override
    public synchronized void writeStatus(Pod pod, PodStatus status) {
        Pod stored = pods.get(ObjectKey.of(pod));
        if (stored != null
                && stored.getMetadata().getUid().equals(pod.getMetadata().getUid())) {
            Pod next = new PodBuilder(stored).withStatus(status).build();
            pods.put(ObjectKey.of(pod), next);
            listener.podChanged(next);
        }
    }

    @Override
    public synchronized void deletePod(Pod pod) {
        Pod stored = pods.get(ObjectKey.of(pod));
        if (stored != null
                && stored.getMetadata().getUid().equals(pod.getMetadata().getUid())) {
            pods.remove(ObjectKey.of(pod));
            listener.podRemoved(stored);
        }
    }

    @Override
    public Optional<ConfigMap> configMap(String namespace, String name) {
        return Optional.ofNullable((ConfigMap) objects.get("ConfigMap/" + namespace + "/" + name));
    }

    @Override
    public Optional<Secret> secret(String namespace, String name) {
        return Optional.ofNullable((Secret) objects.get("Secret/" + namespace + "/" + name));
    }

    @Override
    public List<Service> services(String namespace) {
        return objects.values().stream()
                .filter(Service.class::isInstance)
                .map(Service.class::cast)
                .toList();
    }

    @Override
    public Token token(Pod pod, String audience, long expirationSeconds) {
        return new Token(
                "token-of-" + pod.getMetadata().getName(), Instant.now().plusSeconds(expirationSeconds));
    }

    @Override
    public Optional<BoundClaim> claim(String namespace, String name) {
        return Optional.empty();
    }

    @Override
    public void podEvent(Pod pod, String fieldPath, boolean isWarning, String reason, String message) {
        events.add(pod.getMetadata().getName() + " " + fieldPath + " " + (isWarning ? "Warning" : "Normal") + " "
                + reason + " " + message);
    }

    @Override
    public void nodeEvent(boolean isWarning, String reason, String message) {
        events.add("node " + reason + " " + message);
    }

    /** Events of a pod that contain the text. */
    long eventCount(String name, String text) {
        return events.stream()
                .filter(e -> e.startsWith(name + " ") && e.contains(text))
                .count();
    }
}
