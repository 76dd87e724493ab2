// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.admission;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Owns which pods were let in on this node. A pod counts from its admission until its end is about to be told, so that whoever
 * learns of the end can already count on the room.
 *
 * <p>A pod that was let in before a restart of the kubelet stays in, whatever the rules would say now; nobody new is let in before
 * all of those are known. Safe for use from many threads; the lock guards memory only.
 */
public final class Admission {
    private final Supplier<NodeView> node;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Pod> active = new LinkedHashMap<>();

    @GuardedBy("lock")
    private boolean isOpen;

    /** Judges by what is known of the node at that time. */
    public Admission(Supplier<NodeView> node) {
        this.node = node;
    }

    /** What came of asking. */
    public sealed interface Answer {
        /** It may run. */
        record Admitted() implements Answer {}

        /** It may not, now and for ever. */
        record Rejected(Rejection rejection) implements Answer {}

        /** Ask again: not all pods of the node are known yet. */
        record NotYet() implements Answer {}
    }

    /** All pods that were there at the start are known. */
    public void open() {
        lock.lock();
        try {
            isOpen = true;
        } finally {
            lock.unlock();
        }
    }

    /** Lets a pod in without a question if it was let in before; answers whether it was. */
    public boolean readmit(Pod pod) {
        PodStatus status = pod.getStatus();
        if (status == null || status.getStartTime() == null || isOver(status)) {
            return false;
        }
        lock.lock();
        try {
            active.put(pod.getMetadata().getUid(), pod);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private static boolean isOver(PodStatus status) {
        return "Succeeded".equals(status.getPhase()) || "Failed".equals(status.getPhase());
    }

    /** Asks for a pod. */
    public Answer enter(Pod pod) {
        NodeView view = node.get();
        lock.lock();
        try {
            String uid = pod.getMetadata().getUid();
            if (active.containsKey(uid)) {
                return new Answer.Admitted();
            }
            if (!isOpen) {
                return new Answer.NotYet();
            }
            Optional<Rejection> rejection = AdmissionRules.check(pod, List.copyOf(active.values()), view);
            if (rejection.isPresent()) {
                return new Answer.Rejected(rejection.get());
            }
            active.put(uid, pod);
            return new Answer.Admitted();
        } finally {
            lock.unlock();
        }
    }

    /** A pod has ended; its room is free. */
    public void leave(String uid) {
        lock.lock();
        try {
            active.remove(uid);
        } finally {
            lock.unlock();
        }
    }

    /** Pods that count. */
    public List<Pod> active() {
        lock.lock();
        try {
            return List.copyOf(active.values());
        } finally {
            lock.unlock();
        }
    }
}
