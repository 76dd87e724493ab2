// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.Informers;
import io.mizzen.scheduler.cache.SchedulerCache;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.Nominations;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Resources;
import io.mizzen.scheduler.queue.SchedulingQueue;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * Turns what informers see into changes of the cache and events of the queue. Called on the informers' threads, one change of a
 * kind at a time.
 */
final class ClusterWatch {
    private final SchedulerCache cache;
    private final SchedulingQueue queue;
    private final Nominations nominations;
    private final Set<String> schedulerNames;
    private final Runnable onVolumeChange;

    ClusterWatch(
            SchedulerCache cache,
            SchedulingQueue queue,
            Nominations nominations,
            Set<String> schedulerNames,
            Runnable onVolumeChange) {
        this.cache = cache;
        this.queue = queue;
        this.nominations = nominations;
        this.schedulerNames = schedulerNames;
        this.onVolumeChange = onVolumeChange;
    }

    /** Listens to all kinds that matter. */
    void listen(Informers informers) {
        informers.of(Node.class).onChange(nodes());
        informers.of(Pod.class).onChange(pods());
        informers.of(PersistentVolumeClaim.class).onChange(new OtherChanges<>(Resource.PERSISTENT_VOLUME_CLAIM));
        informers.of(PersistentVolume.class).onChange(new OtherChanges<>(Resource.PERSISTENT_VOLUME));
        informers.of(StorageClass.class).onChange(new OtherChanges<>(Resource.STORAGE_CLASS));
    }

    /** What to do when pods change. */
    ChangeHandler<Pod> pods() {
        return new PodChanges();
    }

    /** What to do when nodes change. */
    ChangeHandler<Node> nodes() {
        return new NodeChanges();
    }

    private final class PodChanges implements ChangeHandler<Pod> {
        @Override
        public void added(Pod object) {
            if (isFinished(object)) {
                return;
            }
            PodInfo pod = PodInfo.of(object);
            if (pod.nodeName() != null) {
                nowOnNode(pod);
            } else if (isOurs(object)) {
                nominations.nominate(pod, pod.nominatedNodeName());
                queue.add(pod);
            }
        }

        @Override
        public void updated(Pod old, Pod object) {
            boolean isOther = !Objects.equals(
                    old.getMetadata().getUid(), object.getMetadata().getUid());
            if (isOther) {
                deleted(old);
                added(object);
            } else if (isFinished(object)) {
                if (!isFinished(old)) {
                    deleted(old);
                }
            } else if (isAssigned(old)) {
                changedOnNode(PodInfo.of(old), PodInfo.of(object));
            } else if (isAssigned(object)) {
                nowOnNode(PodInfo.of(object));
            } else if (isOurs(object) && !cache.isAssumed(object.getMetadata().getUid())) {
                queue.update(PodInfo.of(old), PodInfo.of(object));
            }
        }

        @Override
        public void deleted(Pod last) {
            PodInfo pod = withItsPlace(PodInfo.of(last));
            nominations.remove(pod.uid());
            queue.delete(pod.uid());
            cache.removePod(pod.uid());
            queue.moveAll(ClusterEvent.of(Resource.POD, Action.DELETE), pod, null);
        }

        /** A pod that was assumed on a node or nominated to it held a place there, though it was never bound. */
        private PodInfo withItsPlace(PodInfo pod) {
            String place = cache.nodeOf(pod.uid());
            place = place == null ? nominations.nodeOf(pod.uid()) : place;
            return pod.nodeName() != null || place == null
                    ? pod
                    : PodInfo.of(pod.pod()
                            .edit()
                            .editSpec()
                            .withNodeName(place)
                            .endSpec()
                            .build());
        }

        private void nowOnNode(PodInfo pod) {
            nominations.remove(pod.uid());
            queue.delete(pod.uid());
            cache.addPod(pod);
            queue.moveAll(ClusterEvent.of(Resource.POD, Action.ADD), null, pod);
        }

        private void changedOnNode(PodInfo old, PodInfo pod) {
            cache.addPod(pod);
            EnumSet<Action> actions = EnumSet.noneOf(Action.class);
            if (!old.labels().equals(pod.labels())) {
                actions.add(Action.UPDATE_POD_LABEL);
            }
            Resources less = old.requests().minus(pod.requests());
            if (less.milliCpu() > 0
                    || less.memory() > 0
                    || less.ephemeralStorage() > 0
                    || less.scalars().values().stream().anyMatch(amount -> amount > 0)) {
                actions.add(Action.UPDATE_POD_SCALE_DOWN);
            }
            if (!actions.isEmpty()) {
                queue.moveAll(new ClusterEvent(Resource.POD, actions), old, pod);
            }
        }
    }

    private final class NodeChanges implements ChangeHandler<Node> {
        @Override
        public void added(Node node) {
            cache.putNode(node);
            queue.moveAll(
                    ClusterEvent.of(
                            Resource.NODE,
                            Action.ADD,
                            Action.UPDATE_NODE_TAINT,
                            Action.UPDATE_NODE_LABEL,
                            Action.UPDATE_NODE_ALLOCATABLE),
                    null,
                    node);
        }

        @Override
        public void updated(Node old, Node node) {
            cache.putNode(node);
            EnumSet<Action> actions = changes(old, node);
            if (!actions.isEmpty()) {
                queue.moveAll(new ClusterEvent(Resource.NODE, actions), old, node);
            }
        }

        @Override
        public void deleted(Node last) {
            cache.removeNode(last.getMetadata().getName());
            queue.moveAll(ClusterEvent.of(Resource.NODE, Action.DELETE), last, null);
        }
    }

    private final class OtherChanges<T extends HasMetadata> implements ChangeHandler<T> {
        private final Resource resource;

        OtherChanges(Resource resource) {
            this.resource = resource;
        }

        @Override
        public void added(T object) {
            onVolumeChange.run();
            queue.moveAll(ClusterEvent.of(resource, Action.ADD), null, object);
        }

        @Override
        public void updated(T old, T object) {
            onVolumeChange.run();
            queue.moveAll(ClusterEvent.of(resource, Action.UPDATE), old, object);
        }

        @Override
        public void deleted(T last) {
            onVolumeChange.run();
            queue.moveAll(ClusterEvent.of(resource, Action.DELETE), last, null);
        }
    }

    /** What changed in a node, as far as plugins care. */
    static EnumSet<Action> changes(Node old, Node node) {
        EnumSet<Action> actions = EnumSet.noneOf(Action.class);
        if (!Objects.equals(old.getMetadata().getLabels(), node.getMetadata().getLabels())) {
            actions.add(Action.UPDATE_NODE_LABEL);
        }
        if (!Objects.equals(
                old.getMetadata().getAnnotations(), node.getMetadata().getAnnotations())) {
            actions.add(Action.UPDATE_NODE_ANNOTATION);
        }
        if (old.getSpec() == null
                || node.getSpec() == null
                || !old.getSpec().getTaints().equals(node.getSpec().getTaints())
                || !Objects.equals(
                        old.getSpec().getUnschedulable(), node.getSpec().getUnschedulable())) {
            actions.add(Action.UPDATE_NODE_TAINT);
        }
        NodeStatus before = old.getStatus();
        NodeStatus after = node.getStatus();
        if (before != null && after != null && !Objects.equals(before.getAllocatable(), after.getAllocatable())
                || (before == null) != (after == null)) {
            actions.add(Action.UPDATE_NODE_ALLOCATABLE);
        }
        return actions;
    }

    private boolean isOurs(Pod pod) {
        return schedulerNames.contains(pod.getSpec().getSchedulerName());
    }

    private static boolean isAssigned(Pod pod) {
        return pod.getSpec().getNodeName() != null
                && !pod.getSpec().getNodeName().isEmpty();
    }

    private static boolean isFinished(Pod pod) {
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        return "Succeeded".equals(phase) || "Failed".equals(phase);
    }
}
