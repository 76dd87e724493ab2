// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.mizzen.kubelet.stats.PodUsage;
import io.mizzen.kubelet.stats.PodUsage.ContainerUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EvictionRulesTest {
    private static final long MI = 1 << 20;
    private static final Threshold MEMORY =
            Threshold.parse("memory.available<100Mi").getFirst();
    private static final NodeReading LOW =
            new NodeReading(Map.of(Signal.MEMORY_AVAILABLE, new NodeReading.Level(90 * MI, 1000 * MI)));
    private static final NodeReading FINE =
            new NodeReading(Map.of(Signal.MEMORY_AVAILABLE, new NodeReading.Level(100 * MI, 1000 * MI)));

    private static Pod pod(String name, int priority, String resources) {
        return Serialization.unmarshal(
                "metadata: {name: " + name + ", uid: " + name + "}\nspec: {priority: " + priority
                        + ", containers: [{name: main, resources: " + resources + "}]}",
                Pod.class);
    }

    private static PodUsage uses(Pod pod, long memory) {
        return new PodUsage(pod, memory, 0, 1, Map.of("main", new ContainerUsage(memory, 0, 0)), Map.of());
    }

    private static PodUsage stores(String spec, long layer, long logs, Map<String, Long> volumes) {
        Pod pod = Serialization.unmarshal("metadata: {name: p, uid: p}\nspec: " + spec, Pod.class);
        return new PodUsage(pod, 0, 0, 1, Map.of("main", new ContainerUsage(0, layer, logs)), volumes);
    }

    @Test
    void ranksByExcessThenPriorityThenAmount() {
        PodUsage within = uses(pod("within", -5, "{requests: {memory: 900Mi}}"), 800 * MI);
        PodUsage important = uses(pod("important", 10, "{}"), 700 * MI);
        PodUsage much = uses(pod("much", 0, "{requests: {memory: 100Mi}}"), 300 * MI);
        PodUsage little = uses(pod("little", 0, "{}"), 50 * MI);
        PodUsage critical = uses(pod("critical", 2_000_000_000, "{}"), 900 * MI);

        assertThat(EvictionRules.ranked(Signal.MEMORY_AVAILABLE, List.of(critical, within, little, important, much)))
                .containsExactly(much, little, important, within);
        assertThat(EvictionRules.choose(MEMORY, LOW, List.of(critical))).isEmpty();
    }

    @Test
    void saysWhyInUpstreamsWords() {
        PodUsage usage = uses(pod("p", 0, "{requests: {memory: 100Mi}}"), 200 * MI);

        assertThat(EvictionRules.choose(MEMORY, LOW, List.of(usage))
                        .orElseThrow()
                        .message())
                .isEqualTo("The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi. Container"
                        + " main was using 200Mi, request is 100Mi, has larger consumption of memory. ");
        assertThat(EvictionRules.choose(MEMORY, LOW, List.of(uses(pod("q", 0, "{}"), 1000 * 1024)))
                        .orElseThrow()
                        .message())
                .endsWith("Container main was using 1000Ki, request is 0, has larger consumption of memory. ");
    }

    @Test
    void findsPodsBeyondTheirOwnStorage() {
        String volume = "{containers: [{name: main}], volumes: [{name: scratch, emptyDir: {sizeLimit: 1Mi}}]}";
        String limited = "{containers: [{name: main, resources: {limits: {ephemeral-storage: 2Mi}}}]}";
        String two = "{containers: [{name: main, resources: {limits: {ephemeral-storage: 2Mi}}}, {name: other,"
                + " resources: {limits: {ephemeral-storage: 2Mi}}}]}";

        assertThat(EvictionRules.overOwnLimits(List.of(stores(volume, 9 * MI, 0, Map.of("scratch", MI)))))
                .isEmpty();
        assertThat(EvictionRules.overOwnLimits(List.of(stores(volume, 0, 0, Map.of("scratch", MI + 1)))))
                .extracting(EvictionRules.Victim::message)
                .containsExactly("Usage of EmptyDir volume \"scratch\" exceeds the limit \"1Mi\". ");
        assertThat(EvictionRules.overOwnLimits(List.of(stores(limited, 2 * MI, 1, Map.of()))))
                .extracting(EvictionRules.Victim::message)
                .containsExactly("Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ");
        assertThat(EvictionRules.overOwnLimits(List.of(stores(two, 2 * MI, 1, Map.of()))))
                .extracting(EvictionRules.Victim::message)
                .containsExactly("Container main exceeded its local ephemeral storage limit \"2Mi\". ");
    }

    @Test
    void aConditionStaysForTheTransitionPeriod() {
        Duration transition = Duration.ofMinutes(5);
        List<Threshold> thresholds = List.of(MEMORY);
        Instant start = Instant.EPOCH;

        PressureRules.State low = PressureRules.next(PressureRules.State.none(), thresholds, LOW, transition, start);
        PressureRules.State soon = PressureRules.next(
                low, thresholds, FINE, transition, start.plus(transition).minusMillis(1));
        PressureRules.State later = PressureRules.next(soon, thresholds, FINE, transition, start.plus(transition));

        assertThat(low.conditions()).containsExactly("MemoryPressure");
        assertThat(low.met()).containsExactly(MEMORY);
        assertThat(soon.conditions()).containsExactly("MemoryPressure");
        assertThat(soon.met()).isEmpty();
        assertThat(later.conditions()).isEmpty();
    }

    @Test
    void whatCannotBeReadIsNotShort() {
        assertThat(PressureRules.isMet(MEMORY, new NodeReading(Map.of()))).isFalse();
        assertThat(PressureRules.isMet(MEMORY, FINE))
                .as("just enough is enough")
                .isFalse();
    }
}
