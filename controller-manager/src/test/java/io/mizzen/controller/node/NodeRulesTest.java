// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeRulesTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:10:00Z");

    @Test
    void losesANodeWhenItsGraceIsOver() {
        Node node = node("True");
        NodeRules.Health first = NodeRules.Health.seen(null, node, "renewed-1", NOW);
        NodeRules.Health silent = NodeRules.Health.seen(first, node, "renewed-1", NOW.plusSeconds(50));
        NodeRules.Health renewed = NodeRules.Health.seen(first, node, "renewed-2", NOW.plusSeconds(50));

        assertThat(silent.isLost(node, java.time.Duration.ofSeconds(50), NOW.plusSeconds(50)))
                .isFalse();
        assertThat(silent.isLost(node, java.time.Duration.ofSeconds(50), NOW.plusSeconds(51)))
                .isTrue();
        assertThat(renewed.isLost(node, java.time.Duration.ofSeconds(50), NOW.plusSeconds(100)))
                .isFalse();
    }

    @Test
    void takesALeaseForASignOfLifeAndItsAbsenceForNone() {
        Node silent = new NodeBuilder(node("True"))
                .editStatus()
                .withConditions()
                .endStatus()
                .build();
        Instant created = Instant.parse("2026-01-01T00:00:00Z");

        assertThat(NodeRules.Health.seen(null, silent, "", NOW).at()).isEqualTo(created);
        NodeRules.Health alive = NodeRules.Health.seen(null, silent, "renewed-1", NOW);
        assertThat(alive.at()).isEqualTo(NOW);
        assertThat(NodeRules.Health.seen(alive, silent, "", NOW.plusSeconds(9))).isEqualTo(alive);
    }

    @Test
    void doesNotTakeTheMonitorsOwnWriteForASignOfLife() {
        NodeRules.Health first = NodeRules.Health.seen(null, node("True"), "", NOW);

        assertThat(NodeRules.Health.seen(first, node("Unknown"), "", NOW.plusSeconds(50)))
                .isEqualTo(first);
    }

    @Test
    void doesNotTaintANodeThatHasNotReportedYet() {
        Node fresh = new NodeBuilder(node("True"))
                .editStatus()
                .withConditions()
                .endStatus()
                .build();

        assertThat(NodeRules.readinessTaint(fresh)).isEmpty();
        assertThat(NodeRules.scheduleTaints(fresh, NOW)).isEmpty();
    }

    @Test
    void setsTheReportedConditionsToUnknownOnce() {
        List<NodeCondition> unknown =
                NodeRules.unknownConditions(node("True"), NOW).orElseThrow();

        assertThat(unknown)
                .extracting(c -> c.getType() + " " + c.getStatus() + " " + c.getReason())
                .containsExactly(
                        "Ready Unknown NodeStatusUnknown",
                        "MemoryPressure Unknown NodeStatusNeverUpdated",
                        "DiskPressure Unknown NodeStatusNeverUpdated",
                        "PIDPressure Unknown NodeStatusNeverUpdated");
        Node written = new NodeBuilder(node("True"))
                .editStatus()
                .withConditions(unknown)
                .endStatus()
                .build();
        assertThat(NodeRules.unknownConditions(written, NOW)).isEmpty();
    }

    @Test
    void taintsByReadinessAndPressureAndTakesTheTaintsBack() {
        Node down = new NodeBuilder(node("Unknown"))
                .editStatus()
                .addNewCondition()
                .withType("DiskPressure")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();

        List<Taint> taints = NodeRules.scheduleTaints(down, NOW).orElseThrow();
        assertThat(taints)
                .extracting(Taint::getKey)
                .containsExactly("node.kubernetes.io/unreachable", "node.kubernetes.io/disk-pressure");

        Node up = new NodeBuilder(node("True"))
                .editSpec()
                .withTaints(taints)
                .addNewTaint()
                .withKey("mine")
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec()
                .build();
        assertThat(NodeRules.scheduleTaints(up, NOW).orElseThrow())
                .extracting(Taint::getKey)
                .containsExactly("mine");
    }

    @Test
    void movesPodsOffOneNodeInTenSecondsAndOffNoneWhenAllSeemLost() {
        Zones zones = new Zones();
        Map<String, Zones.Count> usual = Zones.count(List.of(node("True"), node("Unknown")));
        Map<String, Zones.Count> all = Zones.count(List.of(node("Unknown")));
        List<Node> mostly = new ArrayList<>(List.of(node("True")));
        mostly.addAll(List.of(node("Unknown"), node("Unknown"), node("Unknown")));

        assertThat(Zones.rate(usual, ":")).isEqualTo(0.1);
        assertThat(Zones.rate(all, ":")).isZero();
        assertThat(Zones.rate(Zones.count(mostly), ":")).isZero();
        assertThat(zones.tryTake(":", 0.1, NOW)).isTrue();
        assertThat(zones.tryTake(":", 0.1, NOW.plusSeconds(9))).isFalse();
        assertThat(zones.tryTake(":", 0.1, NOW.plusSeconds(10))).isTrue();
    }

    @Test
    void keepsAPodAsLongAsItsShortestTolerationSays() {
        Taint taint = new Taint();
        taint.setKey(NodeRules.UNREACHABLE);
        taint.setEffect("NoExecute");
        taint.setTimeAdded(NOW.toString());
        List<Taint> taints = List.of(taint);

        assertThat(Tolerations.decide(taints, List.of(), NOW.minusSeconds(600), NOW))
                .isEqualTo(new Tolerations.Stay.No());
        assertThat(Tolerations.decide(taints, List.of(exists(null)), NOW.minusSeconds(600), NOW))
                .isEqualTo(new Tolerations.Stay.ForEver());
        assertThat(Tolerations.decide(taints, List.of(exists(300L), exists(60L)), NOW.minusSeconds(600), NOW))
                .isEqualTo(new Tolerations.Stay.Until(NOW.plusSeconds(60)));
        assertThat(Tolerations.decide(List.of(), List.of(), NOW.minusSeconds(600), NOW))
                .isEqualTo(new Tolerations.Stay.ForEver());
        assertThat(Tolerations.decide(taints, List.of(exists(60L)), NOW.plusSeconds(40), NOW))
                .as("a pod that came after the taint")
                .isEqualTo(new Tolerations.Stay.Until(NOW.plusSeconds(100)));
        assertThat(NodeRules.readinessTaint(node("False"))).isEqualTo(Optional.of(NodeRules.NOT_READY));
    }

    private static Toleration exists(Long seconds) {
        return new TolerationBuilder()
                .withKey(NodeRules.UNREACHABLE)
                .withOperator("Exists")
                .withEffect("NoExecute")
                .withTolerationSeconds(seconds)
                .build();
    }

    private static Node node(String ready) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName("node")
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready)
                .withLastHeartbeatTime("2026-01-01T00:05:00Z")
                .endCondition()
                .endStatus()
                .build();
    }
}
