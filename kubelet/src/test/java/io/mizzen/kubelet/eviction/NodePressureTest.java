// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.mizzen.kubelet.control.EventSink;
import io.mizzen.kubelet.stats.PodUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The loop's single look, with sensors that say what the test wants. */
class NodePressureTest {
    private static final long MI = 1 << 20;

    private final List<String> happened = new ArrayList<>();
    private final List<PodUsage> pods = new ArrayList<>();
    private NodeReading reading = new NodeReading(Map.of());
    private NodeReading afterImages = new NodeReading(Map.of());
    private Instant now = Instant.EPOCH;
    private boolean isReady = true;

    private final class Fakes implements NodeSensors, NodePressure.Evictor, EventSink {
        @Override
        public NodeReading node() {
            return reading;
        }

        @Override
        public List<PodUsage> pods(boolean withInodes) {
            return pods;
        }

        @Override
        public void evict(String uid, String message, long graceSeconds, boolean isDisruption) {
            happened.add("evict " + uid + (isDisruption ? " for the node" : " for itself"));
            pods.removeIf(u -> u.pod().getMetadata().getUid().equals(uid));
        }

        @Override
        public boolean hasEnded(String uid) {
            return pods.stream().noneMatch(u -> u.pod().getMetadata().getUid().equals(uid));
        }

        @Override
        public void podEvent(Pod pod, String fieldPath, boolean isWarning, String reason, String message) {
            happened.add(reason + " " + pod.getMetadata().getName());
        }

        @Override
        public void nodeEvent(boolean isWarning, String reason, String message) {
            happened.add(reason + ": " + message);
        }
    }

    private NodePressure pressure(String thresholds) {
        Fakes fakes = new Fakes();
        return new NodePressure(
                new NodePressure.Settings(Threshold.parse(thresholds), Duration.ofMinutes(5), Duration.ofSeconds(10)),
                new NodePressure.Parts(
                        fakes,
                        fakes,
                        () -> {
                            happened.add("images");
                            reading = afterImages;
                        },
                        fakes,
                        () -> now,
                        () -> isReady));
    }

    private void uses(String name, long memory, long disk, String volumes) {
        Pod pod = Serialization.unmarshal(
                "metadata: {name: " + name + ", uid: " + name + "}\nspec: {containers: [{name: main}], volumes: ["
                        + volumes + "]}",
                Pod.class);
        pods.add(new PodUsage(
                pod, memory, 0, 1, Map.of("main", new PodUsage.ContainerUsage(memory, disk, 0)), Map.of("v", disk)));
    }

    private static NodeReading left(Signal signal, long available) {
        return new NodeReading(Map.of(signal, new NodeReading.Level(available, 1000 * MI)));
    }

    @Test
    void evictsOnePodALookWhileMemoryIsShort() throws Exception {
        NodePressure pressure = pressure("memory.available<100Mi");
        uses("small", 10 * MI, 0, "");
        uses("large", 500 * MI, 0, "");
        reading = left(Signal.MEMORY_AVAILABLE, 50 * MI);

        pressure.look();

        assertThat(happened)
                .containsExactly(
                        "EvictionThresholdMet: Attempting to reclaim memory",
                        "Evicted large",
                        "evict large for the node");
        assertThat(pressure.conditions()).containsExactly("MemoryPressure");

        reading = left(Signal.MEMORY_AVAILABLE, 550 * MI);
        now = now.plusSeconds(10);
        pressure.look();
        assertThat(happened).as("enough is left").hasSize(3);
        assertThat(pressure.conditions()).containsExactly("MemoryPressure");

        now = now.plus(Duration.ofMinutes(5));
        pressure.look();
        assertThat(pressure.conditions()).isEmpty();
    }

    @Test
    void imagesGoBeforePods() throws Exception {
        NodePressure pressure = pressure("imagefs.available<10%");
        uses("pod", 0, 5 * MI, "");
        reading = left(Signal.IMAGEFS_AVAILABLE, 10 * MI);
        afterImages = left(Signal.IMAGEFS_AVAILABLE, 900 * MI);

        pressure.look();

        assertThat(happened).containsExactly("EvictionThresholdMet: Attempting to reclaim ephemeral-storage", "images");
        assertThat(pressure.conditions()).containsExactly("DiskPressure");
    }

    @Test
    void podsGoWhereImagesDoNotHelp() throws Exception {
        NodePressure pressure = pressure("nodefs.available<10%");
        uses("pod", 0, 5 * MI, "");
        reading = left(Signal.NODEFS_AVAILABLE, 10 * MI);
        afterImages = reading;

        pressure.look();

        assertThat(happened).contains("images", "evict pod for the node");
    }

    @Test
    void aPodBeyondItsOwnLimitGoesFirstAndAlone() throws Exception {
        NodePressure pressure = pressure("memory.available<100Mi");
        uses("hoarder", 0, 2 * MI, "{name: v, emptyDir: {sizeLimit: 1Mi}}");
        uses("large", 500 * MI, 0, "");
        reading = left(Signal.MEMORY_AVAILABLE, 50 * MI);

        pressure.look();

        assertThat(happened).containsExactly("Evicted hoarder", "evict hoarder for itself");
    }

    @Test
    void nobodyGoesBeforeAllPodsAreKnown() throws Exception {
        NodePressure pressure = pressure("memory.available<100Mi");
        uses("large", 500 * MI, 0, "");
        reading = left(Signal.MEMORY_AVAILABLE, 50 * MI);
        isReady = false;

        pressure.look();

        assertThat(happened).isEmpty();
        assertThat(pressure.conditions()).containsExactly("MemoryPressure");
    }
}
