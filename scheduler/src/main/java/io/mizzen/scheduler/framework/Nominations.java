// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Which pods hope to get onto which node, because room is being made for them. Thread-safe. */
public final class Nominations {
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Map<String, PodInfo>> podsByNode = new HashMap<>();

    @GuardedBy("lock")
    private final Map<String, String> nodeByUid = new HashMap<>();

    /** Remembers a nomination in place of an earlier one of the pod; a null or empty node forgets it. */
    public void nominate(PodInfo pod, @Nullable String nodeName) {
        lock.lock();
        try {
            forget(pod.uid());
            if (nodeName != null && !nodeName.isEmpty()) {
                nodeByUid.put(pod.uid(), nodeName);
                podsByNode
                        .computeIfAbsent(nodeName, name -> new LinkedHashMap<>())
                        .put(pod.uid(), pod);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Forgets a pod's nomination. */
    public void remove(String uid) {
        lock.lock();
        try {
            forget(uid);
        } finally {
            lock.unlock();
        }
    }

    /** The pods nominated to a node. */
    public List<PodInfo> on(String nodeName) {
        lock.lock();
        try {
            Map<String, PodInfo> pods = podsByNode.get(nodeName);
            return pods == null ? List.of() : List.copyOf(pods.values());
        } finally {
            lock.unlock();
        }
    }

    /** The node a pod is nominated to, or null. */
    public @Nullable String nodeOf(String uid) {
        lock.lock();
        try {
            return nodeByUid.get(uid);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void forget(String uid) {
        String node = nodeByUid.remove(uid);
        if (node != null) {
            podsByNode.computeIfPresent(node, (name, pods) -> {
                pods.remove(uid);
                return pods.isEmpty() ? null : pods;
            });
        }
    }
}
