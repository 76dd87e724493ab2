// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Volume;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.ClusterLister;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.Filter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilterResult;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Lets a claim with access mode ReadWriteOncePod be used by one pod at a time, in the whole cluster (KEP-2485). */
public final class VolumeRestrictions implements PreFilter, Filter {
    private final ClusterLister lister;

    /** A plugin that looks claims up. */
    public VolumeRestrictions(ClusterLister lister) {
        this.lister = lister;
    }

    /** The exclusive claims of the pod and the pods, by uid, that use one of them. */
    private record Exclusive(Set<String> claims, Set<String> users) implements CycleState.Data {
        @Override
        public CycleState.Data copy() {
            return new Exclusive(claims, new HashSet<>(users));
        }
    }

    @Override
    public String name() {
        return "VolumeRestrictions";
    }

    @Override
    public PreFilterResult preFilter(CycleState state, PodInfo pod, Snapshot snapshot) {
        Set<String> exclusive = new HashSet<>();
        for (String name : claims(pod)) {
            PersistentVolumeClaim claim = lister.claim(pod.namespace(), name);
            if (claim == null) {
                return PreFilterResult.of(Status.unresolvable("persistentvolumeclaim \"" + name + "\" not found"));
            }
            if (claim.getSpec().getAccessModes().contains("ReadWriteOncePod")) {
                exclusive.add(name);
            }
        }
        if (exclusive.isEmpty()) {
            return PreFilterResult.of(Status.skip());
        }
        Exclusive data = new Exclusive(Set.copyOf(exclusive), new HashSet<>());
        snapshot.nodes().forEach(node -> node.pods().forEach(other -> note(data, pod, other)));
        state.put(data);
        return PreFilterResult.of(Status.success());
    }

    @Override
    public void addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
        Exclusive data = state.find(Exclusive.class);
        if (data != null) {
            note(data, pod, added);
        }
    }

    @Override
    public void removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
        Exclusive data = state.find(Exclusive.class);
        if (data != null) {
            data.users().remove(removed.uid());
        }
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        return state.get(Exclusive.class).users().isEmpty()
                ? Status.success()
                : Status.unschedulable("node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access"
                        + " mode already in-use by another pod");
    }

    private static void note(Exclusive data, PodInfo pod, PodInfo other) {
        if (other.namespace().equals(pod.namespace()) && !Collections.disjoint(data.claims(), users(other))) {
            data.users().add(other.uid());
        }
    }

    /** The claims that a pod names. */
    private static Set<String> claims(PodInfo pod) {
        Set<String> names = new HashSet<>();
        for (Volume volume : pod.pod().getSpec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null) {
                names.add(volume.getPersistentVolumeClaim().getClaimName());
            }
        }
        return names;
    }

    /** The claims that a pod holds: those it names and those made for it. */
    private static Set<String> users(PodInfo pod) {
        Set<String> names = claims(pod);
        for (Volume volume : pod.pod().getSpec().getVolumes()) {
            if (volume.getEphemeral() != null) {
                names.add(pod.name() + "-" + volume.getName());
            }
        }
        return names;
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(
                new EventRegistration(
                        ClusterEvent.of(Resource.POD, Action.DELETE),
                        (pod, before, after) -> before instanceof PodInfo gone
                                && gone.namespace().equals(pod.namespace())
                                && !Collections.disjoint(claims(pod), users(gone))),
                EventRegistration.always(ClusterEvent.of(Resource.NODE, Action.ADD)),
                new EventRegistration(
                        ClusterEvent.of(Resource.PERSISTENT_VOLUME_CLAIM, Action.ADD),
                        (pod, before, after) -> after instanceof PersistentVolumeClaim claim
                                && claim.getMetadata().getNamespace().equals(pod.namespace())
                                && claims(pod).contains(claim.getMetadata().getName())));
    }
}
