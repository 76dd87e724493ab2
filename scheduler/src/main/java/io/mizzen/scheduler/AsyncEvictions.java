// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.mizzen.scheduler.framework.ClusterWriter;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.plugin.DefaultPreemption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes victims on a thread of its own, so that the scheduling thread need not wait. Thread-safe. */
final class AsyncEvictions implements DefaultPreemption.Evictions {
    private static final Logger log = LoggerFactory.getLogger(AsyncEvictions.class);

    private final ClusterWriter writer;
    private final Executor threads;
    private final String schedulerName;
    private final SchedulerMetrics metrics;
    private final Set<String> running = ConcurrentHashMap.newKeySet();
    private volatile Consumer<String> onFailure = uid -> {};
    private volatile Consumer<String> onEnd = uid -> {};

    AsyncEvictions(ClusterWriter writer, Executor threads, String schedulerName, SchedulerMetrics metrics) {
        this.writer = writer;
        this.threads = threads;
        this.schedulerName = schedulerName;
        this.metrics = metrics;
    }

    /**
     * Who is told of the end.
     *
     * @param failure given the preemptor's uid when evictions failed: nothing will wake it
     * @param end given the preemptor's uid when all evictions are sent: events that came before found it gated
     */
    void tell(Consumer<String> failure, Consumer<String> end) {
        onFailure = failure;
        onEnd = end;
    }

    @Override
    public boolean isRunning(String preemptorUid) {
        return running.contains(preemptorUid);
    }

    @Override
    public void evict(PodInfo preemptor, List<PodInfo> victims, List<PodInfo> outdated) {
        running.add(preemptor.uid());
        metrics.preempted(victims.size());
        threads.execute(() -> {
            try {
                outdated.forEach(writer::clearNomination);
                for (int i = 0; i < victims.size(); i++) {
                    // The last deletion's event must find the pod no longer gated, or nothing would wake it.
                    if (i == victims.size() - 1) {
                        running.remove(preemptor.uid());
                    }
                    writer.evict(victims.get(i), preemptor, schedulerName);
                    log.info("Preempted pod {} for {}", victims.get(i), preemptor);
                }
            } catch (RuntimeException refused) {
                log.warn("Preemption for {} failed: {}", preemptor, refused.getMessage());
                running.remove(preemptor.uid());
                onFailure.accept(preemptor.uid());
            } finally {
                running.remove(preemptor.uid());
                onEnd.accept(preemptor.uid());
            }
        });
    }
}
