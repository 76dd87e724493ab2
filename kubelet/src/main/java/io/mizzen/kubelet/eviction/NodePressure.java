// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import io.mizzen.kubelet.control.EventSink;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.stats.PodUsage;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the node every ten seconds, says which pressure it is under, frees images when a disk fills up, and evicts one pod at a
 * time while a threshold stays crossed. Pods beyond their own storage limits go at once.
 *
 * <p>One virtual thread {@code eviction} owns the state; the conditions may be read by anyone.
 */
public final class NodePressure implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodePressure.class);
    private static final Duration CLEAN_UP = Duration.ofSeconds(30);
    private static final Duration LOOK = Duration.ofMillis(200);
    private static final long GRACE_SECONDS = 1;

    private final Settings settings;
    private final Parts parts;
    private final Thread thread;
    private PressureRules.State state = PressureRules.State.none();
    private volatile Set<String> conditions = Set.of();

    /**
     * What is watched and how.
     *
     * @param thresholds hard thresholds
     * @param transition how long a condition stays after it was last true
     * @param period between two looks
     */
    public record Settings(List<Threshold> thresholds, Duration transition, Duration period) {}

    /** Ends pods. */
    public interface Evictor {
        /** Ends a pod as evicted; answers at once. */
        void evict(String uid, String message, long graceSeconds, boolean isDisruption);

        /** Whether nothing of the pod runs or holds room any more. */
        boolean hasEnded(String uid);
    }

    /**
     * What it works with.
     *
     * @param sensors read the node
     * @param evictor ends pods
     * @param freeImages removes unused images
     * @param events told of crossed thresholds
     * @param clock the time
     * @param isReady whether all pods are known; before that nothing is evicted
     */
    public record Parts(
            NodeSensors sensors,
            Evictor evictor,
            Runnable freeImages,
            EventSink events,
            InstantSource clock,
            Supplier<Boolean> isReady) {}

    /** Starts to watch. */
    public NodePressure(Settings settings, Parts parts) {
        this.settings = settings;
        this.parts = parts;
        this.thread = Thread.ofVirtual().name("eviction").unstarted(this::loop);
    }

    /** Starts. */
    public void start() {
        thread.start();
    }

    /** Node conditions of pressure that are true now. */
    public Set<String> conditions() {
        return conditions;
    }

    private void loop() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                look();
            } catch (CriException | IOException e) {
                LOG.debug("the usage of pods cannot be read now: {}", e.getMessage());
            } catch (RuntimeException e) {
                LOG.error("The look at the node's resources failed", e);
            }
            LockSupport.parkNanos(settings.period().toNanos());
        }
    }

    /** One look; called by the thread of this alone, or by a test instead of it. */
    void look() throws CriException, IOException {
        NodeReading reading = parts.sensors().node();
        assess(reading);
        if (!parts.isReady().get() || evictOverOwnLimits() || state.met().isEmpty()) {
            return;
        }
        Threshold threshold = state.met().getFirst();
        String resource = threshold.signal().resource();
        LOG.warn(
                "{} is below its threshold; {} is to be reclaimed",
                threshold.signal().text(),
                resource);
        parts.events().nodeEvent(true, "EvictionThresholdMet", "Attempting to reclaim " + resource);
        if (threshold.signal().isDisk()) {
            parts.freeImages().run();
            reading = parts.sensors().node();
            if (!PressureRules.isMet(threshold, reading)) {
                return;
            }
        }
        List<PodUsage> usages = living(threshold.signal().isInodes());
        Optional<EvictionRules.Victim> victim = EvictionRules.choose(threshold, reading, usages);
        if (victim.isEmpty()) {
            LOG.warn("No pod may be evicted to reclaim {}", resource);
            return;
        }
        evict(victim.get(), true);
    }

    private void assess(NodeReading reading) {
        TreeSet<String> before = state.conditions();
        state = PressureRules.next(
                state,
                settings.thresholds(),
                reading,
                settings.transition(),
                parts.clock().instant());
        conditions = Set.copyOf(state.conditions());
        if (!before.equals(state.conditions())) {
            LOG.info("The node's conditions of pressure are now {}", state.conditions());
        }
    }

    private List<PodUsage> living(boolean withInodes) throws CriException, IOException {
        return parts.sensors().pods(withInodes).stream()
                .filter(u -> !parts.evictor().hasEnded(u.pod().getMetadata().getUid()))
                .toList();
    }

    private boolean evictOverOwnLimits() throws CriException, IOException {
        List<EvictionRules.Victim> victims = EvictionRules.overOwnLimits(living(false));
        victims.forEach(v -> evict(v, false));
        return !victims.isEmpty();
    }

    /** Tells the pod and waits a while for its end, so that the next look sees what it freed. */
    private void evict(EvictionRules.Victim victim, boolean isDisruption) {
        String uid = victim.pod().getMetadata().getUid();
        LOG.warn(
                "Pod {}/{} is evicted: {}",
                victim.pod().getMetadata().getNamespace(),
                victim.pod().getMetadata().getName(),
                victim.message());
        parts.events().podEvent(victim.pod(), "", true, "Evicted", victim.message());
        parts.evictor().evict(uid, victim.message(), GRACE_SECONDS, isDisruption);
        long end = System.nanoTime() + CLEAN_UP.toNanos();
        while (!parts.evictor().hasEnded(uid)
                && System.nanoTime() < end
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
