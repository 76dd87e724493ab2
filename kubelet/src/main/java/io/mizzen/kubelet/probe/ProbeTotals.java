// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.probe;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ObjLongConsumer;

/** How many probes ran and how they ended, for metrics. Safe for use from many threads; bounded by the probes of living pods. */
public final class ProbeTotals {
    private final ConcurrentMap<Key, LongAdder> totals = new ConcurrentHashMap<>();

    /**
     * What is counted together.
     *
     * @param podUid of the pod
     * @param pod name of the pod
     * @param namespace of the pod
     * @param container its name
     * @param kind of probe
     * @param result {@code successful} or {@code failed}
     */
    public record Key(String podUid, String pod, String namespace, String container, ProbeKind kind, String result) {}

    void count(Pod pod, Container container, ProbeKind kind, boolean isSuccess) {
        Key key = new Key(
                pod.getMetadata().getUid(),
                pod.getMetadata().getName(),
                pod.getMetadata().getNamespace(),
                container.getName(),
                kind,
                isSuccess ? "successful" : "failed");
        totals.computeIfAbsent(key, k -> new LongAdder()).increment();
    }

    /** Tells each total. */
    public void each(ObjLongConsumer<Key> consumer) {
        for (Map.Entry<Key, LongAdder> each : totals.entrySet()) {
            consumer.accept(each.getKey(), each.getValue().sum());
        }
    }

    /** Forgets a pod that is gone. */
    public void forget(String podUid) {
        totals.keySet().removeIf(k -> k.podUid().equals(podUid));
    }
}
