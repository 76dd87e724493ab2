// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.kubelet.runtime.StartFailure;
import io.mizzen.kubelet.status.StatusInput;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What others leave for a pod's worker: the newest version of the pod, and the wish that it look again. Holds one of each, so
 * it never grows. Safe for use from many threads; one worker takes.
 */
final class PodMailbox {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private Pod pod;

    @GuardedBy("lock")
    private boolean isRemoved;

    @GuardedBy("lock")
    private @Nullable Eviction eviction;

    @GuardedBy("lock")
    private boolean isWoken = true;

    @GuardedBy("lock")
    private boolean isClosed;

    @GuardedBy("lock")
    private @Nullable Thread interruptible;

    PodMailbox(Pod pod) {
        this.pod = pod;
    }

    /**
     * What the worker is to know now.
     *
     * @param pod newest version
     * @param isRemoved whether the API has it no more
     * @param isClosed whether the kubelet ends
     * @param eviction why the node ends it; empty if it does not
     * @param isWoken whether something was left since the last look
     */
    record Mail(Pod pod, boolean isRemoved, boolean isClosed, Optional<Eviction> eviction, boolean isWoken) {
        /** Whether the pod is to go. */
        boolean mustEnd() {
            return isRemoved || pod.getMetadata().getDeletionTimestamp() != null;
        }

        /** Whether nothing of the pod is to be started any more. */
        boolean mustStop() {
            return mustEnd() || isClosed || eviction.isPresent();
        }
    }

    /**
     * The node ends the pod, which stays in the API as failed.
     *
     * @param verdict what its status is to say
     * @param graceSeconds for its containers
     */
    record Eviction(StatusInput.Verdict verdict, long graceSeconds) {}

    void put(Pod newest) {
        lock.lock();
        try {
            boolean isDeletion = newest.getMetadata().getDeletionTimestamp() != null;
            pod = newest;
            signal(isDeletion);
        } finally {
            lock.unlock();
        }
    }

    void remove(Pod last) {
        lock.lock();
        try {
            pod = last;
            isRemoved = true;
            signal(true);
        } finally {
            lock.unlock();
        }
    }

    /** The first eviction counts. */
    void evict(Eviction order) {
        lock.lock();
        try {
            if (eviction == null) {
                eviction = order;
                signal(true);
            }
        } finally {
            lock.unlock();
        }
    }

    void wake() {
        lock.lock();
        try {
            signal(false);
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            isClosed = true;
            signal(true);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void signal(boolean isUrgent) {
        isWoken = true;
        changed.signalAll();
        if (isUrgent && interruptible != null) {
            interruptible.interrupt();
        }
    }

    /** Waits until somebody leaves something, or the time is over. */
    Mail await(Duration time) throws InterruptedException {
        lock.lock();
        try {
            long left = time.toNanos();
            while (!isWoken && left > 0) {
                left = changed.awaitNanos(left);
            }
            Mail mail = mail();
            isWoken = false;
            return mail;
        } finally {
            lock.unlock();
        }
    }

    /** What is there now, without waiting and without taking the wish to look again. */
    Mail peek() {
        lock.lock();
        try {
            return mail();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Mail mail() {
        return new Mail(pod, isRemoved, isClosed, Optional.ofNullable(eviction), isWoken);
    }

    /** A long step that gives a value. */
    interface Step<T> {
        T run() throws StartFailure;
    }

    /** A long step that gives none. */
    interface IoStep {
        void run() throws IOException;
    }

    /** Runs a long step of the worker; the end of the pod interrupts it. */
    <T> T interruptibly(Step<T> step) throws StartFailure {
        enter();
        try {
            return step.run();
        } finally {
            leave();
        }
    }

    /** Runs a long step of the worker; the end of the pod interrupts it. */
    void interruptiblyIo(IoStep step) throws IOException {
        enter();
        try {
            step.run();
        } finally {
            leave();
        }
    }

    private void enter() {
        lock.lock();
        try {
            interruptible = Thread.currentThread();
            if (mail().mustStop()) {
                interruptible.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            interruptible = null;
        } finally {
            lock.unlock();
        }
        // The interrupt was meant for the step alone; the worker learns of its reason from its mail.
        boolean wasInterrupted = Thread.interrupted();
        if (wasInterrupted) {
            wake();
        }
    }
}
