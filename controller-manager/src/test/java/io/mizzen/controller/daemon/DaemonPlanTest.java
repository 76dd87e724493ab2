// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DaemonPlanTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private final DaemonSet set = set();
    private final List<Node> nodes = new ArrayList<>(List.of(node("a", null), node("b", null), node("c", null)));

    @Test
    void putsOnePodOnEachNodeThatHasNone() {
        assertThat(decide(pod("p", "a", "new", true)).create()).containsExactly("b", "c");
    }

    @Test
    void leavesNodesAloneWhoseTaintsItDoesNotTolerate() {
        nodes.set(0, node("a", "NoSchedule"));
        nodes.set(1, node("b", "NoExecute"));
        Pod onA = pod("on-a", "a", "new", true);
        Pod onB = pod("on-b", "b", "new", true);

        DaemonPlan.Decision decision = decide(onA, onB);

        assertThat(decision.create()).containsExactly("c");
        assertThat(decision.delete()).containsExactly(onB);
        assertThat(decision.status().desired()).isEqualTo(1);
        assertThat(decision.status().misscheduled()).isEqualTo(2);
    }

    @Test
    void goesToNodesThatAreCordonedOrUnderPressure() {
        nodes.clear();
        nodes.add(new NodeBuilder(node("a", null))
                .editOrNewSpec()
                .addNewTaint()
                .withKey("node.kubernetes.io/unschedulable")
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec()
                .build());

        assertThat(decide().create()).containsExactly("a");
    }

    @Test
    void keepsTheOldestOfTwoPodsOnANode() {
        Pod first = pod("first", "a", "new", true);
        Pod second = pod("second", "a", "new", true);
        second.getMetadata().setCreationTimestamp("2026-01-01T00:00:01Z");

        assertThat(decide(first, second, pod("b", "b", "new", true), pod("c", "c", "new", true))
                        .delete())
                .containsExactly(second);
    }

    @Test
    void updatesAsManyNodesAtOnceAsMayBeWithout() {
        Pod a = pod("a", "a", "old", true);
        Pod b = pod("b", "b", "old", true);
        Pod c = pod("c", "c", "old", true);

        assertThat(decide(a, b, c).delete()).hasSize(1);
        set.getSpec().getUpdateStrategy().getRollingUpdate().setMaxUnavailable(new IntOrString(2));
        assertThat(decide(a, b, c).delete()).hasSize(2);
        set.getSpec().getUpdateStrategy().setType("OnDelete");
        assertThat(decide(a, b, c).delete()).isEmpty();
    }

    @Test
    void surgesOverAsManyNodesAsItMayAndEndsAnOldPodWhenTheNewOneIsAvailable() {
        set.getSpec().getUpdateStrategy().getRollingUpdate().setMaxUnavailable(new IntOrString(0));
        set.getSpec().getUpdateStrategy().getRollingUpdate().setMaxSurge(new IntOrString("34%"));
        Pod a = pod("a", "a", "old", true);
        Pod b = pod("b", "b", "old", true);
        Pod c = pod("c", "c", "old", true);
        assertThat(decide(a, b, c).create()).containsExactly("a", "b");
        assertThat(decide(a, b, c).delete()).isEmpty();

        Pod starting = pod("a2", "a", "new", false);
        assertThat(decide(a, starting, b, c).create()).containsExactly("b");
        assertThat(decide(a, starting, b, c).delete()).isEmpty();

        Pod available = pod("a2", "a", "new", true);
        DaemonPlan.Decision decision = decide(a, available, b, c);
        assertThat(decision.delete()).containsExactly(a);
        assertThat(decision.status().updated()).isEqualTo(1);
        assertThat(decision.status().available()).isEqualTo(3);
    }

    @Test
    void updatesABrokenPodBeforeAWellOne() {
        Pod broken = pod("broken", "b", "old", false);

        assertThat(decide(pod("a", "a", "old", true), broken, pod("c", "c", "old", true))
                        .delete())
                .containsExactly(broken);
    }

    @Test
    void replacesFailedPods() {
        Pod failed = new PodBuilder(pod("f", "a", "new", false))
                .editStatus()
                .withPhase("Failed")
                .endStatus()
                .build();

        DaemonPlan.Decision decision = decide(failed, pod("b", "b", "new", true), pod("c", "c", "new", true));

        assertThat(decision.delete()).containsExactly(failed);
        assertThat(decision.failed()).containsExactly(failed);
    }

    @Test
    void followsTheNodeSelectorAndAffinity() {
        set.getSpec().getTemplate().getSpec().setNodeSelector(java.util.Map.of("disk", "ssd"));
        nodes.get(1).getMetadata().setLabels(java.util.Map.of("disk", "ssd"));

        assertThat(decide().create()).containsExactly("b");
    }

    private DaemonPlan.Decision decide(Pod... pods) {
        return DaemonPlan.decide(new DaemonPlan.Observed(set, nodes, List.of(pods), "new"), NOW);
    }

    private static DaemonSet set() {
        return new DaemonSetBuilder()
                .withNewMetadata()
                .withName("ds")
                .endMetadata()
                .withNewSpec()
                .withNewUpdateStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxUnavailable(new IntOrString(1))
                .endRollingUpdate()
                .endUpdateStrategy()
                .withNewTemplate()
                .withNewSpec()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private static Node node(String name, String taintEffect) {
        NodeBuilder node = new NodeBuilder().withNewMetadata().withName(name).endMetadata();
        if (taintEffect != null) {
            node.withNewSpec()
                    .addNewTaint()
                    .withKey("own")
                    .withEffect(taintEffect)
                    .endTaint()
                    .endSpec();
        }
        return node.build();
    }

    private static Pod pod(String name, String node, String hash, boolean ready) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withUid(name)
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .addToLabels("controller-revision-hash", hash)
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready ? "True" : "False")
                .endCondition()
                .endStatus()
                .build();
    }
}
