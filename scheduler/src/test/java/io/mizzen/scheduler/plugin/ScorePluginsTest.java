// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import static io.mizzen.scheduler.Objects.labels;
import static io.mizzen.scheduler.Objects.node;
import static io.mizzen.scheduler.Objects.pod;
import static io.mizzen.scheduler.Objects.requests;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.mizzen.client.selector.LabelMatcher;
import io.mizzen.scheduler.FakeCluster;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.ExtensionPoint.PreScore;
import io.mizzen.scheduler.framework.ExtensionPoint.Score;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Normalised scores, worked out by hand from the formulas of the plugins. */
class ScorePluginsTest {
    private final FakeCluster cluster = new FakeCluster();

    private static List<Long> scores(Score plugin, PodInfo pod, NodeInfo... nodes) {
        CycleState state = new CycleState();
        List<NodeInfo> list = List.of(nodes);
        if (plugin instanceof PreScore preScore
                && preScore.preScore(state, pod, list, Snapshot.of(list)).isSkip()) {
            return List.of();
        }
        long[] scores =
                list.stream().mapToLong(node -> plugin.score(state, pod, node)).toArray();
        plugin.normalize(state, pod, list, scores);
        return java.util.Arrays.stream(scores).boxed().toList();
    }

    private static NodeInfo with(String name, UnaryOperator<NodeBuilder> change) {
        return NodeInfo.of(node(name, "4", "10000", change));
    }

    @Test
    void leastAllocatedPrefersTheEmptierNode() {
        NodeInfo empty = NodeInfo.of(node("a", "4000m", "10000Mi"));
        NodeInfo used = NodeInfo.of(node("b", "4000m", "10000Mi")).withPod(pod("old", requests("2000m", "5000Mi")));

        // (4000-1000)*100/4000 = 75 and (10000-2000)*100/10000 = 80: 77; with the old pod 25 and 30: 27.
        assertThat(scores(new NodeResourcesFit(), pod("p", requests("1000m", "2000Mi")), empty, used))
                .containsExactly(77L, 27L);
    }

    @Test
    void leastAllocatedCountsPodsWithoutRequestsByDefaults() {
        NodeInfo node = NodeInfo.of(node("a", "1000m", "2000Mi"));

        assertThat(scores(new NodeResourcesFit(), pod("p"), node)).containsExactly(90L);
    }

    @Test
    void balancedAllocationPrefersEvenShares() {
        NodeInfo node = NodeInfo.of(node("a", "4000m", "10000Mi"));

        // Shares 0.75 and 0.25 deviate by 0.25.
        assertThat(scores(new NodeResourcesBalancedAllocation(), pod("p", requests("3000m", "2500Mi")), node))
                .containsExactly(75L);
        assertThat(scores(new NodeResourcesBalancedAllocation(), pod("best-effort"), node))
                .isEmpty();
    }

    @Test
    void taintTolerationPrefersFewerSoftTaints() {
        UnaryOperator<NodeBuilder> soft = n -> n.editSpec()
                .addNewTaint()
                .withKey("k")
                .withEffect("PreferNoSchedule")
                .endTaint()
                .endSpec();
        UnaryOperator<NodeBuilder> softer = n -> soft.apply(n)
                .editSpec()
                .addNewTaint()
                .withKey("l")
                .withEffect("PreferNoSchedule")
                .endTaint()
                .endSpec();

        assertThat(scores(new TaintToleration(), pod("p"), with("a", n -> n), with("b", soft), with("c", softer)))
                .containsExactly(100L, 50L, 0L);
    }

    @Test
    void nodeAffinityAddsWeightsUp() {
        PodInfo pod = pod(
                "p",
                p -> p.editSpec()
                        .withNewAffinity()
                        .withNewNodeAffinity()
                        .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                        .withWeight(20)
                        .withNewPreference()
                        .addToMatchExpressions(new io.fabric8.kubernetes.api.model.NodeSelectorRequirement(
                                "disk", "In", List.of("ssd")))
                        .endPreference()
                        .endPreferredDuringSchedulingIgnoredDuringExecution()
                        .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                        .withWeight(60)
                        .withNewPreference()
                        .addToMatchExpressions(new io.fabric8.kubernetes.api.model.NodeSelectorRequirement(
                                "zone", "Exists", List.of()))
                        .endPreference()
                        .endPreferredDuringSchedulingIgnoredDuringExecution()
                        .endNodeAffinity()
                        .endAffinity()
                        .endSpec());

        assertThat(scores(
                        new NodeAffinity(),
                        pod,
                        labelled("a", "disk", "ssd"),
                        labelled("b", "zone", "1"),
                        with("c", n -> n)))
                .containsExactly(33L, 100L, 0L);
    }

    @Test
    void imageLocalityScalesBySizeAndSpread() {
        UnaryOperator<NodeBuilder> has = n -> n.editStatus()
                .addNewImage()
                .withNames("app:latest")
                .withSizeBytes(1000L << 20)
                .endImage()
                .endStatus();

        // 1000 MiB on one of two nodes counts 500 MiB: (500-23)*100/(1000-23) = 48.
        assertThat(scores(new ImageLocality(), pod("p"), with("a", has), with("b", n -> n)))
                .containsExactly(48L, 0L);
    }

    @Test
    void spreadPrefersTheEmptierHostForOwnedPods() {
        cluster.owner = LabelMatcher.ofLabels(Map.of("app", "x"));
        PodInfo pod = pod("p", labels(Map.of("app", "x")));
        NodeInfo crowded = with("a", n -> n).withPod(pod("x1", labels(Map.of("app", "x"))));
        NodeInfo free = with("b", n -> n);

        // ln(4)=1.386: 1*1.386+2 rounds to 3, 0+2 is 2; then 100*(3+2-score)/3.
        assertThat(scores(new PodTopologySpread(cluster), pod, crowded, free)).containsExactly(66L, 100L);
    }

    @Test
    void spreadHasNothingToSayAboutPodsThatNothingOwns() {
        assertThat(scores(new PodTopologySpread(cluster), pod("p"), with("a", n -> n)))
                .isEmpty();
    }

    @Test
    void podAffinityLikesAndDislikes() {
        PodInfo pod = pod(
                "p",
                p -> p.editSpec()
                        .withNewAffinity()
                        .withNewPodAffinity()
                        .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                        .withWeight(10)
                        .withNewPodAffinityTerm()
                        .withTopologyKey("kubernetes.io/hostname")
                        .withNewLabelSelector()
                        .addToMatchLabels("app", "db")
                        .endLabelSelector()
                        .endPodAffinityTerm()
                        .endPreferredDuringSchedulingIgnoredDuringExecution()
                        .endPodAffinity()
                        .withNewPodAntiAffinity()
                        .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                        .withWeight(10)
                        .withNewPodAffinityTerm()
                        .withTopologyKey("kubernetes.io/hostname")
                        .withNewLabelSelector()
                        .addToMatchLabels("app", "noisy")
                        .endLabelSelector()
                        .endPodAffinityTerm()
                        .endPreferredDuringSchedulingIgnoredDuringExecution()
                        .endPodAntiAffinity()
                        .endAffinity()
                        .endSpec());
        NodeInfo liked = with("a", n -> n).withPod(pod("db", labels(Map.of("app", "db"))));
        NodeInfo disliked = with("b", n -> n).withPod(pod("noisy", labels(Map.of("app", "noisy"))));

        assertThat(scores(new InterPodAffinity(cluster), pod, liked, disliked, with("c", n -> n)))
                .containsExactly(100L, 0L, 50L);
    }

    private static NodeInfo labelled(String name, String key, String value) {
        return with(name, n -> n.editMetadata().addToLabels(key, value).endMetadata());
    }
}
