// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.TopologySelectorTerm;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mizzen.client.selector.LabelMatcher;
import io.mizzen.client.selector.NodeMatcher;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.ClusterLister;
import io.mizzen.scheduler.framework.ClusterWriter;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.Filter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreBind;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilterResult;
import io.mizzen.scheduler.framework.ExtensionPoint.Reserve;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Brings pods and their claims to the same node: bound claims filter nodes; claims of a class with WaitForFirstConsumer get a
 * volume or a node to be provisioned on, before the pod is bound. Volumes promised to pods that are not bound yet are remembered
 * between cycles.
 */
public final class VolumeBinding implements PreFilter, Filter, Reserve, PreBind {
    /** Annotation that names the node on which a claim is to be provisioned. */
    public static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";

    private static final String BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
    private static final String NO_PROVISIONER = "kubernetes.io/no-provisioner";
    private static final String NOTHING_TO_BIND = "node(s) didn't find available persistent volumes to bind";

    private final ClusterLister lister;
    private final ClusterWriter writer;
    private final Duration bindTimeout;
    private final Map<String, String> promisedVolumes = new ConcurrentHashMap<>();

    /** A plugin that waits at most {@code bindTimeout} for claims to become bound. */
    public VolumeBinding(ClusterLister lister, ClusterWriter writer, Duration bindTimeout) {
        this.lister = lister;
        this.writer = writer;
        this.bindTimeout = bindTimeout;
    }

    private record Claims(List<PersistentVolumeClaim> bound, List<PersistentVolumeClaim> waiting)
            implements CycleState.Data {}

    /** What is to be done for one node: volumes for some claims, provisioning for the others. */
    private record Decision(Map<PersistentVolumeClaim, PersistentVolume> found, List<PersistentVolumeClaim> provisioned)
            implements CycleState.Data {}

    private record Search(Status status, Decision decision) {}

    @Override
    public String name() {
        return "VolumeBinding";
    }

    @Override
    public PreFilterResult preFilter(CycleState state, PodInfo pod, Snapshot snapshot) {
        List<PersistentVolumeClaim> bound = new ArrayList<>();
        List<PersistentVolumeClaim> waiting = new ArrayList<>();
        boolean hasUnboundImmediate = false;
        for (Volume volume : pod.pod().getSpec().getVolumes()) {
            String name = claimName(pod, volume);
            if (name == null) {
                continue;
            }
            PersistentVolumeClaim claim = lister.claim(pod.namespace(), name);
            if (claim == null) {
                return PreFilterResult.of(Status.unresolvable(
                        volume.getEphemeral() != null
                                ? "waiting for ephemeral volume controller to create the persistentvolumeclaim \""
                                        + name + "\""
                                : "persistentvolumeclaim \"" + name + "\" not found"));
            }
            if (claim.getMetadata().getDeletionTimestamp() != null) {
                return PreFilterResult.of(
                        Status.unresolvable("persistentvolumeclaim \"" + name + "\" is being deleted"));
            }
            if (isLost(claim)) {
                return PreFilterResult.of(Status.unresolvable(
                        "persistentvolumeclaim \"" + name + "\" bound to non-existent persistentvolume \""
                                + claim.getSpec().getVolumeName() + "\""));
            }
            if (isBound(claim)) {
                bound.add(claim);
            } else if (waitsForConsumer(claim) && !hasVolume(claim)) {
                waiting.add(claim);
            } else {
                hasUnboundImmediate = true;
            }
        }
        if (hasUnboundImmediate) {
            return PreFilterResult.of(Status.unresolvable("pod has unbound immediate PersistentVolumeClaims"));
        }
        if (bound.isEmpty() && waiting.isEmpty()) {
            return PreFilterResult.of(Status.skip());
        }
        state.put(new Claims(bound, waiting));
        return PreFilterResult.of(Status.success());
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        Claims claims = state.get(Claims.class);
        for (PersistentVolumeClaim claim : claims.bound()) {
            PersistentVolume volume = lister.volume(claim.getSpec().getVolumeName());
            if (volume == null) {
                return Status.unresolvable("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
            }
            if (!isReachable(volume, node)) {
                return Status.unresolvable("node(s) didn't match PersistentVolume's node affinity");
            }
        }
        return search(claims, node).status();
    }

    @Override
    public Status reserve(CycleState state, PodInfo pod, String nodeName) {
        Claims claims = state.find(Claims.class);
        if (claims == null || claims.waiting().isEmpty()) {
            return Status.success();
        }
        Chosen chosen = state.find(Chosen.class);
        Search search = search(claims, chosen == null ? NodeInfo.unknown(nodeName) : chosen.node());
        if (search.status().isSuccess()) {
            search.decision()
                    .found()
                    .forEach((claim, volume) -> promisedVolumes.put(
                            volume.getMetadata().getName(), claim.getMetadata().getUid()));
            state.put(search.decision());
        }
        return search.status();
    }

    @Override
    public void unreserve(CycleState state, PodInfo pod, String nodeName) {
        Decision decision = state.find(Decision.class);
        if (decision != null) {
            decision.found()
                    .forEach((claim, volume) -> promisedVolumes.remove(
                            volume.getMetadata().getName(), claim.getMetadata().getUid()));
        }
    }

    @Override
    public Status preBind(CycleState state, PodInfo pod, String nodeName) {
        Decision decision = state.find(Decision.class);
        if (decision == null) {
            return Status.success();
        }
        try {
            decision.found().forEach((claim, volume) -> writer.claimVolume(volume, claim));
            decision.provisioned().forEach(claim -> writer.selectNode(claim, nodeName));
            return awaitBound(decision, nodeName);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return Status.error(stopped);
        } catch (RuntimeException refused) {
            return Status.error(refused);
        } finally {
            unreserve(state, pod, nodeName);
        }
    }

    private Status awaitBound(Decision decision, String nodeName) throws InterruptedException {
        List<PersistentVolumeClaim> open = new ArrayList<>(decision.found().keySet());
        open.addAll(decision.provisioned());
        Set<String> selected = new HashSet<>();
        long deadline = System.nanoTime() + bindTimeout.toNanos();
        while (System.nanoTime() < deadline) {
            boolean areAllBound = true;
            for (PersistentVolumeClaim claim : open) {
                String name = claim.getMetadata().getName();
                PersistentVolumeClaim now = lister.claim(claim.getMetadata().getNamespace(), name);
                if (now == null) {
                    return Status.error(new IllegalStateException("persistentvolumeclaim \"" + name + "\" not found"));
                }
                areAllBound &= isBound(now);
                String node = annotation(now, SELECTED_NODE);
                if (nodeName.equals(node)) {
                    selected.add(name);
                } else if (selected.contains(name) && !isBound(now)) {
                    return Status.error(new IllegalStateException(
                            "provisioning failed for PVC \"" + name + "\": selected-node annotation was removed"));
                }
            }
            if (areAllBound) {
                return Status.success();
            }
            writer.awaitVolumeChange(Duration.ofSeconds(1));
        }
        return Status.error(new IllegalStateException("timed out waiting for volumes to be bound"));
    }

    /** The node the cycle has chosen, with its labels; put by the cycle before Reserve. */
    public record Chosen(NodeInfo node) implements CycleState.Data {}

    private Search search(Claims claims, NodeInfo node) {
        Map<PersistentVolumeClaim, PersistentVolume> found = new LinkedHashMap<>();
        List<PersistentVolumeClaim> provisioned = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        List<PersistentVolumeClaim> bySize = claims.waiting().stream()
                .sorted(Comparator.comparing(VolumeBinding::requestedBytes))
                .toList();
        for (PersistentVolumeClaim claim : bySize) {
            PersistentVolume volume = smallestFit(claim, node, taken);
            if (volume != null) {
                found.put(claim, volume);
                taken.add(volume.getMetadata().getName());
            } else if (mayProvision(claim, node)) {
                provisioned.add(claim);
            } else {
                return new Search(Status.unresolvable(NOTHING_TO_BIND), new Decision(Map.of(), List.of()));
            }
        }
        return new Search(Status.success(), new Decision(found, provisioned));
    }

    private @Nullable PersistentVolume smallestFit(PersistentVolumeClaim claim, NodeInfo node, Set<String> taken) {
        String selected = annotation(claim, SELECTED_NODE);
        if (selected != null) {
            return null;
        }
        return lister.volumes().stream()
                .filter(volume -> !taken.contains(volume.getMetadata().getName()))
                .filter(volume -> isFreeFor(volume, claim) && suits(volume, claim) && isReachable(volume, node))
                .min(Comparator.comparing((PersistentVolume volume) -> !isPreboundTo(volume, claim))
                        .thenComparing(VolumeBinding::capacityBytes)
                        .thenComparing(volume -> volume.getMetadata().getName()))
                .orElse(null);
    }

    private boolean isFreeFor(PersistentVolume volume, PersistentVolumeClaim claim) {
        String promised = promisedVolumes.get(volume.getMetadata().getName());
        if (promised != null && !promised.equals(claim.getMetadata().getUid())) {
            return false;
        }
        if (volume.getMetadata().getDeletionTimestamp() != null) {
            return false;
        }
        String phase = volume.getStatus() == null ? null : volume.getStatus().getPhase();
        return volume.getSpec().getClaimRef() == null
                ? "Available".equals(phase) || "Pending".equals(phase)
                : isPreboundTo(volume, claim);
    }

    private static boolean isPreboundTo(PersistentVolume volume, PersistentVolumeClaim claim) {
        ObjectReference reference = volume.getSpec().getClaimRef();
        return reference != null
                && claim.getMetadata().getName().equals(reference.getName())
                && claim.getMetadata().getNamespace().equals(reference.getNamespace())
                && (reference.getUid() == null
                        || reference.getUid().isEmpty()
                        || reference.getUid().equals(claim.getMetadata().getUid()));
    }

    private static boolean suits(PersistentVolume volume, PersistentVolumeClaim claim) {
        return className(claim).equals(orEmpty(volume.getSpec().getStorageClassName()))
                && volume.getSpec().getAccessModes().containsAll(claim.getSpec().getAccessModes())
                && mode(volume.getSpec().getVolumeMode())
                        .equals(mode(claim.getSpec().getVolumeMode()))
                && capacityBytes(volume) >= requestedBytes(claim)
                && (claim.getSpec().getSelector() == null
                        || LabelMatcher.of(claim.getSpec().getSelector())
                                .matches(volume.getMetadata().getLabels()));
    }

    private static boolean isReachable(PersistentVolume volume, NodeInfo node) {
        NodeSelector required = volume.getSpec().getNodeAffinity() == null
                ? null
                : volume.getSpec().getNodeAffinity().getRequired();
        return required == null
                || NodeMatcher.terms(required).stream().anyMatch(term -> term.matches(node.name(), node.labels()));
    }

    private boolean mayProvision(PersistentVolumeClaim claim, NodeInfo node) {
        String selected = annotation(claim, SELECTED_NODE);
        if (selected != null && !selected.equals(node.name())) {
            return false;
        }
        StorageClass storageClass = lister.storageClass(className(claim));
        if (storageClass == null
                || orEmpty(storageClass.getProvisioner()).isEmpty()
                || NO_PROVISIONER.equals(storageClass.getProvisioner())) {
            return false;
        }
        List<TopologySelectorTerm> allowed = storageClass.getAllowedTopologies();
        return allowed == null
                || allowed.isEmpty()
                || allowed.stream()
                        .anyMatch(term -> term.getMatchLabelExpressions().stream()
                                .allMatch(e ->
                                        e.getValues().contains(node.labels().getOrDefault(e.getKey(), ""))));
    }

    private boolean waitsForConsumer(PersistentVolumeClaim claim) {
        StorageClass storageClass = lister.storageClass(className(claim));
        return storageClass != null && "WaitForFirstConsumer".equals(storageClass.getVolumeBindingMode());
    }

    private static boolean hasVolume(PersistentVolumeClaim claim) {
        return !orEmpty(claim.getSpec().getVolumeName()).isEmpty();
    }

    private static boolean isBound(PersistentVolumeClaim claim) {
        return hasVolume(claim) && annotation(claim, BIND_COMPLETED) != null;
    }

    private static boolean isLost(PersistentVolumeClaim claim) {
        return claim.getStatus() != null && "Lost".equals(claim.getStatus().getPhase());
    }

    private static @Nullable String claimName(PodInfo pod, Volume volume) {
        if (volume.getPersistentVolumeClaim() != null) {
            return volume.getPersistentVolumeClaim().getClaimName();
        }
        return volume.getEphemeral() == null ? null : pod.name() + "-" + volume.getName();
    }

    private static @Nullable String annotation(PersistentVolumeClaim claim, String key) {
        Map<String, String> annotations = claim.getMetadata().getAnnotations();
        return annotations == null ? null : annotations.get(key);
    }

    private static String className(PersistentVolumeClaim claim) {
        return orEmpty(claim.getSpec().getStorageClassName());
    }

    private static long requestedBytes(PersistentVolumeClaim claim) {
        Map<String, Quantity> requests = claim.getSpec().getResources() == null
                ? null
                : claim.getSpec().getResources().getRequests();
        Quantity storage = requests == null ? null : requests.get("storage");
        return storage == null ? 0 : io.mizzen.scheduler.framework.Resources.amount("storage", storage);
    }

    private static long capacityBytes(PersistentVolume volume) {
        Quantity storage = volume.getSpec().getCapacity() == null
                ? null
                : volume.getSpec().getCapacity().get("storage");
        return storage == null ? 0 : io.mizzen.scheduler.framework.Resources.amount("storage", storage);
    }

    private static String mode(@Nullable String mode) {
        return orEmpty(mode).isEmpty() ? "Filesystem" : orEmpty(mode);
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(
                EventRegistration.always(ClusterEvent.of(Resource.STORAGE_CLASS, Action.ADD, Action.UPDATE)),
                new EventRegistration(
                        ClusterEvent.of(Resource.PERSISTENT_VOLUME_CLAIM, Action.ADD, Action.UPDATE),
                        (pod, before, after) -> after instanceof PersistentVolumeClaim claim
                                && claim.getMetadata().getNamespace().equals(pod.namespace())
                                && pod.pod().getSpec().getVolumes().stream()
                                        .anyMatch(volume ->
                                                claim.getMetadata().getName().equals(claimName(pod, volume)))),
                EventRegistration.always(ClusterEvent.of(Resource.PERSISTENT_VOLUME, Action.ADD, Action.UPDATE)),
                EventRegistration.always(ClusterEvent.of(Resource.NODE, Action.ADD, Action.UPDATE_NODE_LABEL)));
    }
}
