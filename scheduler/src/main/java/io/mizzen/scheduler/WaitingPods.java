// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Status;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Pods that a Permit plugin keeps waiting. Thread-safe. */
final class WaitingPods {
    private record Waiting(CompletableFuture<Status> word, Duration timeout) {}

    private final Map<String, Waiting> pods = new ConcurrentHashMap<>();

    /** Keeps a pod until somebody's word, at most for {@code timeout}. */
    void add(PodInfo pod, Duration timeout) {
        pods.put(pod.uid(), new Waiting(new CompletableFuture<>(), timeout));
    }

    /** Lets a pod go on to be bound; false if it does not wait. */
    boolean allow(String uid) {
        return speak(uid, Status.success());
    }

    /** Refuses a pod; false if it does not wait. */
    boolean reject(String uid, String reason) {
        return speak(uid, Status.unschedulable(reason));
    }

    /** Waits for the word on a pod; success at once if it does not wait. */
    Status await(PodInfo pod) {
        Waiting waiting = pods.get(pod.uid());
        if (waiting == null) {
            return Status.success();
        }
        try {
            return waiting.word().get(waiting.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            return Status.unschedulable(
                    "rejected due to timeout after waiting " + waiting.timeout().toSeconds() + "s");
        } catch (ExecutionException broken) {
            return Status.error(broken);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return Status.error(stopped);
        } finally {
            pods.remove(pod.uid());
        }
    }

    private boolean speak(String uid, Status status) {
        Waiting waiting = pods.get(uid);
        return waiting != null && waiting.word().complete(status);
    }
}
