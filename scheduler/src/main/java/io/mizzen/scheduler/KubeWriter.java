// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.EventSink;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.scheduler.framework.ClusterWriter;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.plugin.VolumeBinding;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@link ClusterWriter} over HTTP. At most {@value #MAX_CONCURRENT} requests are under way at once. */
final class KubeWriter implements ClusterWriter {
    private static final int MAX_CONCURRENT = 64;
    private static final PatchContext STRATEGIC = PatchContext.of(PatchType.STRATEGIC_MERGE);

    private final KubernetesClient client;
    private final ApiClient api;
    private final EventSink events;
    private final InstantSource clock;
    private final Semaphore permits = new Semaphore(MAX_CONCURRENT);
    private final ReentrantLock volumeLock = new ReentrantLock();
    private final Condition volumeChanged = volumeLock.newCondition();

    KubeWriter(KubernetesClient client, ApiClient api, EventSink events, InstantSource clock) {
        this.client = client;
        this.api = api;
        this.events = events;
        this.clock = clock;
    }

    /** To be called when a claim, volume or class changed. */
    void volumeChanged() {
        volumeLock.lock();
        try {
            volumeChanged.signalAll();
        } finally {
            volumeLock.unlock();
        }
    }

    @Override
    public void bind(PodInfo pod, String nodeName) {
        ObjectNode binding = Json.object().put("apiVersion", "v1").put("kind", "Binding");
        binding.putObject("metadata")
                .put("namespace", pod.namespace())
                .put("name", pod.name())
                .put("uid", pod.uid());
        binding.putObject("target").put("kind", "Node").put("name", nodeName);
        limited(() -> api.dynamic()
                .send("POST", "/api/v1/namespaces/" + pod.namespace() + "/pods/" + pod.name() + "/binding", binding));
    }

    @Override
    public void patchUnschedulable(PodInfo pod, String reason, String message, @Nullable String nominatedNode) {
        PodCondition before = pod.pod().getStatus() == null
                ? null
                : pod.pod().getStatus().getConditions().stream()
                        .filter(condition -> "PodScheduled".equals(condition.getType()))
                        .findFirst()
                        .orElse(null);
        String nominatedBefore = pod.nominatedNodeName() == null ? "" : pod.nominatedNodeName();
        boolean isSameNomination = nominatedNode == null || nominatedNode.equals(nominatedBefore);
        if (before != null
                && "False".equals(before.getStatus())
                && reason.equals(before.getReason())
                && message.equals(before.getMessage())
                && isSameNomination) {
            return;
        }
        ObjectNode status = Json.object();
        ObjectNode condition = status.putArray("conditions").addObject();
        condition
                .put("type", "PodScheduled")
                .put("status", "False")
                .put("reason", reason)
                .put("message", message);
        if (before == null || !"False".equals(before.getStatus())) {
            condition.put("lastTransitionTime", now());
        }
        if (!isSameNomination) {
            putNomination(status, nominatedNode);
        }
        patchStatus(pod, status);
    }

    @Override
    public void evict(PodInfo victim, PodInfo preemptor, String schedulerName) {
        ObjectNode status = Json.object();
        status.putArray("conditions")
                .addObject()
                .put("type", "DisruptionTarget")
                .put("status", "True")
                .put("reason", "PreemptionByScheduler")
                .put("message", schedulerName + ": preempting to accommodate a higher priority pod")
                .put("lastTransitionTime", now());
        try {
            patchStatus(victim, status);
            limited(() -> {
                api.delete(
                        Pod.class, new ObjectKey(victim.namespace(), victim.name()), DeleteRequest.ofUid(victim.uid()));
                return victim;
            });
        } catch (KubernetesClientException refused) {
            if (!ApiErrors.isNotFound(refused) && !ApiErrors.isConflict(refused)) {
                throw refused;
            }
        }
        event(victim, "Normal", "Preempted", "Preempted by pod " + preemptor.uid() + " on node " + victim.nodeName());
    }

    @Override
    public void clearNomination(PodInfo pod) {
        ObjectNode status = Json.object();
        putNomination(status, "");
        patchStatus(pod, status);
    }

    @Override
    public void claimVolume(PersistentVolume volume, PersistentVolumeClaim claim) {
        ObjectNode patch = Json.object();
        ObjectNode metadata = patch.putObject("metadata");
        metadata.put("resourceVersion", volume.getMetadata().getResourceVersion());
        if (volume.getSpec().getClaimRef() == null) {
            metadata.putObject("annotations").put("pv.kubernetes.io/bound-by-controller", "yes");
        }
        patch.putObject("spec")
                .putObject("claimRef")
                .put("apiVersion", "v1")
                .put("kind", "PersistentVolumeClaim")
                .put("namespace", claim.getMetadata().getNamespace())
                .put("name", claim.getMetadata().getName())
                .put("uid", claim.getMetadata().getUid())
                .put("resourceVersion", claim.getMetadata().getResourceVersion());
        limited(() -> api.patch(PersistentVolume.class, ObjectKey.of(volume), patch));
    }

    @Override
    public void selectNode(PersistentVolumeClaim claim, String nodeName) {
        ObjectNode patch = Json.object();
        ObjectNode metadata = patch.putObject("metadata");
        metadata.put("resourceVersion", claim.getMetadata().getResourceVersion());
        metadata.putObject("annotations").put(VolumeBinding.SELECTED_NODE, nodeName);
        limited(() -> api.patch(PersistentVolumeClaim.class, ObjectKey.of(claim), patch));
    }

    @Override
    public void awaitVolumeChange(Duration timeout) throws InterruptedException {
        volumeLock.lockInterruptibly();
        try {
            if (volumeChanged.awaitNanos(timeout.toNanos()) <= 0) {
                return;
            }
        } finally {
            volumeLock.unlock();
        }
    }

    @Override
    public void event(PodInfo pod, String type, String reason, String message) {
        events.event(EventSink.reference(pod.pod()), type, reason, message);
    }

    private void patchStatus(PodInfo pod, ObjectNode status) {
        ObjectNode patch = Json.object();
        patch.putObject("metadata").put("uid", pod.uid());
        patch.set("status", status);
        limited(() -> client.pods()
                .inNamespace(pod.namespace())
                .withName(pod.name())
                .subresource("status")
                .patch(STRATEGIC, patch.toString()));
    }

    private static void putNomination(ObjectNode status, @Nullable String nodeName) {
        if (nodeName == null || nodeName.isEmpty()) {
            status.putNull("nominatedNodeName");
        } else {
            status.put("nominatedNodeName", nodeName);
        }
    }

    private String now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private <T> T limited(Supplier<T> request) {
        try {
            if (!permits.tryAcquire(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the API server is too slow: no free request within 60 s");
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("stopped while waiting to send a request", stopped);
        }
        try {
            return request.get();
        } finally {
            permits.release();
        }
    }
}
