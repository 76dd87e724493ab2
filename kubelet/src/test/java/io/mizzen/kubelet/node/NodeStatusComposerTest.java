// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NodeStatusComposerTest {
    private static final MachineFacts MACHINE =
            new MachineFacts(2, 4L << 30, 100L << 30, "m", "s", "b", "6.1", "Debian", "amd64");

    private static final Reserved RESERVED = new Reserved(0, 0, 0, 100L << 20, 10L << 30);

    private static NodeStatusInput input(List<String> problems, Instant now) {
        return new NodeStatusInput(
                "n",
                "192.0.2.1",
                MACHINE,
                110,
                RESERVED,
                10250,
                "containerd://1.6.20",
                List.of(),
                problems,
                Set.of(),
                now);
    }

    private static NodeCondition condition(NodeStatus status, String type) {
        return status.getConditions().stream()
                .filter(c -> c.getType().equals(type))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void saysReadyOrWhatIsMissing() {
        NodeStatus ready = NodeStatusComposer.compose(input(List.of(), Instant.EPOCH), null);
        NodeStatus not = NodeStatusComposer.compose(input(List.of("container runtime is down"), Instant.EPOCH), ready);

        assertThat(condition(ready, "Ready").getMessage()).isEqualTo("kubelet is posting ready status");
        assertThat(condition(not, "Ready").getReason()).isEqualTo("KubeletNotReady");
        assertThat(condition(not, "Ready").getMessage()).isEqualTo("container runtime is down");
        assertThat(condition(ready, "MemoryPressure").getReason()).isEqualTo("KubeletHasSufficientMemory");
        assertThat(ready.getCapacity().get("memory")).isEqualTo(new Quantity("4194304Ki"));
        assertThat(ready.getAllocatable().get("memory")).isEqualTo(new Quantity("4091904Ki"));
        assertThat(ready.getDaemonEndpoints().getKubeletEndpoint().getPort()).isEqualTo(10250);
    }

    @Test
    void ignoresTheHeartbeatWhenItComparesAndKeepsTransitionTimes() {
        NodeStatus first = NodeStatusComposer.compose(input(List.of(), Instant.EPOCH), null);
        NodeStatus second = NodeStatusComposer.compose(input(List.of(), Instant.EPOCH.plusSeconds(60)), first);

        assertThat(NodeStatusComposer.isChanged(first, second)).isFalse();
        assertThat(condition(second, "Ready").getLastTransitionTime()).isEqualTo("1970-01-01T00:00:00Z");
        assertThat(NodeStatusComposer.isChanged(
                        first, NodeStatusComposer.compose(input(List.of("x"), Instant.EPOCH), first)))
                .isTrue();
    }
}
