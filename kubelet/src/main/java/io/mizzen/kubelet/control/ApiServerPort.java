// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.EventRecorder;
import io.mizzen.client.HttpApiClient;
import io.mizzen.client.Informer;
import io.mizzen.client.Informers;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Patches;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The API server behind the kubelet's ports.
 *
 * <p>Pods and services are watched; everything else is asked for when it is needed. Writes are not repeated here: their
 * callers know when that is right. Safe for use from many threads.
 */
public final class ApiServerPort
        implements PodSource, StatusSink, ObjectSource, EventSink, NodeRegistry, VolumeRegistry, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ApiServerPort.class);
    private static final Set<String> OWN_CONDITIONS = Set.of(
            "PodReadyToStartContainers",
            "Initialized",
            "Ready",
            "ContainersReady",
            "PodScheduled",
            "PodResizePending",
            "PodResizeInProgress");

    private final ApiClient api;
    private final Informers informers;
    private final Informer<Pod> pods;
    private final Informer<Service> services;
    private final EventRecorder events;
    private final String nodeName;

    /**
     * Speaks through the given client, which stays its caller's to close.
     *
     * @param nodeName whose pods are watched
     */
    public ApiServerPort(KubernetesClient client, String nodeName, InstantSource clock, MeterRegistry registry) {
        this.nodeName = nodeName;
        this.api = new HttpApiClient(client);
        this.informers = new Informers(client, "kubelet", registry);
        this.pods = informers.of(Pod.class, "", "spec.nodeName=" + nodeName, "");
        this.services = informers.of(Service.class);
        this.events = EventRecorder.start(api, "kubelet", nodeName, clock, registry);
    }

    /** All ports as one value. */
    public ControlPlane controlPlane() {
        return new ControlPlane(this, this, this, this, Optional.of(this), Optional.of(this));
    }

    @Override
    public AutoCloseable start(Listener listener) {
        pods.onChange(new ChangeHandler<>() {
            @Override
            public void added(Pod pod) {
                listener.podChanged(pod);
            }

            @Override
            public void updated(Pod old, Pod pod) {
                listener.podChanged(pod);
            }

            @Override
            public void deleted(Pod last) {
                listener.podRemoved(last);
            }
        });
        informers.start();
        Thread waiter = Thread.ofVirtual().name("pods-synced").start(() -> {
            while (!pods.hasSynced()) {
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
            listener.synced();
        });
        return waiter::interrupt;
    }

    @Override
    public void writeStatus(Pod pod, PodStatus status) throws IOException {
        ObjectKey key = ObjectKey.of(pod);
        ObjectNode tree = Json.tree(status);
        List<PodCondition> conditions = new ArrayList<>(status.getConditions());
        Pod newest = pods.find(key).orElse(pod);
        if (newest.getStatus() != null) {
            // Conditions of others, such as readiness gates, must survive a patch that replaces the whole list.
            newest.getStatus().getConditions().stream()
                    .filter(c -> !OWN_CONDITIONS.contains(c.getType()))
                    .filter(c -> status.getConditions().stream()
                            .noneMatch(own -> own.getType().equals(c.getType())))
                    .forEach(conditions::add);
        }
        tree.set("conditions", Json.tree(conditions));
        for (String field : List.of("reason", "message", "initContainerStatuses", "ephemeralContainerStatuses")) {
            if (!tree.has(field)
                    || tree.path(field).isEmpty() && tree.path(field).isArray()) {
                tree.putNull(field);
            }
        }
        ObjectNode patch = Json.object();
        patch.putObject("metadata").put("uid", pod.getMetadata().getUid());
        patch.set("status", tree);
        try {
            api.patchStatus(Pod.class, key, patch);
        } catch (KubernetesClientException e) {
            if (ApiErrors.isNotFound(e) || ApiErrors.isConflict(e)) {
                // Gone, or another pod of the same name: nobody is left to be told.
                return;
            }
            throw failed(e);
        }
    }

    @Override
    public void deletePod(Pod pod) throws IOException {
        try {
            DeleteRequest request =
                    DeleteRequest.ofUid(pod.getMetadata().getUid()).withGrace(0);
            api.deleteIfPresent(Pod.class, ObjectKey.of(pod), request);
        } catch (KubernetesClientException e) {
            throw failed(e);
        }
    }

    @Override
    public Optional<ConfigMap> configMap(String namespace, String name) throws IOException {
        return find(ConfigMap.class, namespace, name);
    }

    @Override
    public Optional<Secret> secret(String namespace, String name) throws IOException {
        return find(Secret.class, namespace, name);
    }

    @Override
    public List<Service> services(String namespace) throws IOException {
        if (!services.hasSynced()) {
            throw new IOException("services have not yet been read at least once, cannot construct envs");
        }
        List<Service> out = new ArrayList<>(services.inNamespace(namespace));
        if (!namespace.equals("default")) {
            services.find(new ObjectKey("default", "kubernetes")).ifPresent(out::add);
        }
        return out;
    }

    @Override
    public Token token(Pod pod, String audience, long expirationSeconds) throws IOException {
        ObjectMeta meta = pod.getMetadata();
        String account = pod.getSpec().getServiceAccountName() == null
                ? "default"
                : pod.getSpec().getServiceAccountName();
        ObjectNode body =
                Json.object().put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenRequest");
        ObjectNode spec = body.putObject("spec").put("expirationSeconds", expirationSeconds);
        ArrayNode audiences = spec.putArray("audiences");
        if (!audience.isEmpty()) {
            audiences.add(audience);
        }
        spec.putObject("boundObjectRef")
                .put("apiVersion", "v1")
                .put("kind", "Pod")
                .put("name", meta.getName())
                .put("uid", meta.getUid());
        String path = "/api/v1/namespaces/" + meta.getNamespace() + "/serviceaccounts/" + account + "/token";
        try {
            JsonNode status = api.dynamic().send("POST", path, body).path("status");
            Instant expires = OffsetDateTime.parse(
                            status.path("expirationTimestamp").asText())
                    .toInstant();
            return new Token(status.path("token").asText(), expires);
        } catch (KubernetesClientException | DateTimeParseException e) {
            throw new IOException("failed to fetch token: " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<BoundClaim> claim(String namespace, String name) throws IOException {
        Optional<PersistentVolumeClaim> claim = find(PersistentVolumeClaim.class, namespace, name);
        if (claim.isEmpty()) {
            return Optional.empty();
        }
        String volume = claim.get().getSpec().getVolumeName();
        Optional<PersistentVolume> bound =
                BoundClaim.isBound(claim.get()) ? find(PersistentVolume.class, "", volume) : Optional.empty();
        return Optional.of(new BoundClaim(claim.get(), bound));
    }

    private <T extends io.fabric8.kubernetes.api.model.HasMetadata> Optional<T> find(
            Class<T> type, String namespace, String name) throws IOException {
        try {
            return api.find(type, new ObjectKey(namespace, name));
        } catch (KubernetesClientException e) {
            throw failed(e);
        }
    }

    @Override
    public void podEvent(Pod pod, String fieldPath, boolean isWarning, String reason, String message) {
        ObjectMeta meta = pod.getMetadata();
        ObjectReference reference = new ObjectReferenceBuilder()
                .withApiVersion("v1")
                .withKind("Pod")
                .withNamespace(meta.getNamespace())
                .withName(meta.getName())
                .withUid(meta.getUid())
                .withResourceVersion(meta.getResourceVersion())
                .withFieldPath(fieldPath.isEmpty() ? null : fieldPath)
                .build();
        events.event(reference, isWarning ? "Warning" : "Normal", reason, message);
    }

    @Override
    public void nodeEvent(boolean isWarning, String reason, String message) {
        ObjectReference reference = new ObjectReferenceBuilder()
                .withKind("Node")
                .withName(nodeName)
                .withUid(nodeName)
                .build();
        events.event(reference, isWarning ? "Warning" : "Normal", reason, message);
    }

    @Override
    public Optional<Node> find(String name) throws IOException {
        return find(Node.class, "", name);
    }

    @Override
    public Node create(Node node) throws IOException {
        try {
            return api.create(node);
        } catch (KubernetesClientException e) {
            if (ApiErrors.isAlreadyExists(e)) {
                return find(node.getMetadata().getName()).orElseThrow(() -> failed(e));
            }
            throw failed(e);
        }
    }

    @Override
    public Node write(Node node) throws IOException {
        ObjectKey key = ObjectKey.cluster(node.getMetadata().getName());
        ObjectNode meta = Json.object();
        ObjectNode labels = meta.putObject("metadata");
        labels.set("labels", Json.tree(node.getMetadata().getLabels()));
        labels.set("annotations", Json.tree(node.getMetadata().getAnnotations()));
        ObjectNode status = Json.object();
        status.set("status", Json.tree(node.getStatus()));
        try {
            api.patch(Node.class, key, meta);
            return api.patchStatus(Node.class, key, status);
        } catch (KubernetesClientException e) {
            throw failed(e);
        }
    }

    @Override
    public void renewLease(Lease lease) throws IOException {
        ObjectKey key = ObjectKey.of(lease);
        ObjectNode patch = Json.object();
        patch.set("spec", Json.tree(lease.getSpec()));
        try {
            try {
                api.patch(Lease.class, key, patch);
            } catch (KubernetesClientException e) {
                if (!ApiErrors.isNotFound(e)) {
                    throw e;
                }
                api.create(lease);
            }
        } catch (KubernetesClientException e) {
            throw failed(e);
        }
    }

    @Override
    public AutoCloseable watch(String name, Consumer<Node> listener) {
        Informer<Node> informer = informers.of(Node.class, "", "metadata.name=" + name, "");
        informer.onChange(new ChangeHandler<>() {
            @Override
            public void added(Node node) {
                listener.accept(node);
            }

            @Override
            public void updated(Node old, Node node) {
                listener.accept(node);
            }

            @Override
            public void deleted(Node last) {
                LOG.warn(
                        "Node {} was deleted from the API server; it registers again when this kubelet starts anew",
                        name);
            }
        });
        informers.start();
        return () -> LOG.debug("node watch ends with the port");
    }

    @Override
    public AutoCloseable watchVolumes(Consumer<PersistentVolume> listener) {
        informers.of(PersistentVolume.class).onChange(ChangeHandler.of(listener));
        informers.start();
        return () -> LOG.debug("volume watch ends with the port");
    }

    @Override
    public Optional<PersistentVolume> volume(String name) throws IOException {
        return find(PersistentVolume.class, "", name);
    }

    @Override
    public boolean removeFinalizer(PersistentVolume volume, String finalizer) throws IOException {
        try {
            api.patch(PersistentVolume.class, ObjectKey.of(volume), Patches.withoutFinalizer(volume, finalizer));
        } catch (KubernetesClientException e) {
            if (ApiErrors.isConflict(e)) {
                return false;
            }
            if (!ApiErrors.isNotFound(e)) {
                throw failed(e);
            }
        }
        return true;
    }

    private static IOException failed(KubernetesClientException e) {
        return new IOException(ApiErrors.message(e), e);
    }

    @Override
    public void close() {
        events.close();
        informers.close();
    }
}
