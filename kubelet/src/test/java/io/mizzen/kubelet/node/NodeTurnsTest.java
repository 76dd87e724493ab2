// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.NodeStatusBuilder;
import org.junit.jupiter.api.Test;

class NodeTurnsTest {
    private static final NodeStatus STARTING =
            status("False", "KubeletHasSufficientMemory", "False", "KubeletNotReady");
    private static final NodeStatus READY = status("False", "KubeletHasSufficientMemory", "True", "KubeletReady");

    @Test
    void tellsOfPressuresAtTheStartAndOfReadinessOnceItIsThere() {
        assertThat(NodeTurns.reasons(null, STARTING, false, false)).containsExactly("NodeHasSufficientMemory");
        assertThat(NodeTurns.reasons(STARTING, READY, false, false)).containsExactly("NodeReady");
        assertThat(NodeTurns.reasons(null, READY, false, false))
                .containsExactly("NodeHasSufficientMemory", "NodeReady");
        assertThat(NodeTurns.reasons(READY, READY, false, false)).isEmpty();
    }

    @Test
    void tellsOfEachTurn() {
        NodeStatus pressed = status("True", "KubeletHasInsufficientMemory", "True", "KubeletReady");

        assertThat(NodeTurns.reasons(READY, pressed, false, false)).containsExactly("NodeHasInsufficientMemory");
        assertThat(NodeTurns.reasons(READY, STARTING, false, false)).containsExactly("NodeNotReady");
        assertThat(NodeTurns.reasons(READY, READY, false, true)).containsExactly("NodeNotSchedulable");
        assertThat(NodeTurns.reasons(READY, READY, true, false)).containsExactly("NodeSchedulable");
    }

    private static NodeStatus status(String pressure, String pressureReason, String ready, String readyReason) {
        return new NodeStatusBuilder()
                .addNewCondition()
                .withType("MemoryPressure")
                .withStatus(pressure)
                .withReason(pressureReason)
                .endCondition()
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready)
                .withReason(readyReason)
                .endCondition()
                .build();
    }
}
