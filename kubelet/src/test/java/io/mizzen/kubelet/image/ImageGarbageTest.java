// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mizzen.kubelet.image.ImageGarbage.Candidate;
import io.mizzen.kubelet.image.ImageGarbage.Memory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ImageGarbageTest {
    private static final Duration AGE = Duration.ofMinutes(2);
    private static final Instant START = Instant.EPOCH;

    private static Candidate image(String id, boolean isUsed, boolean isPinned) {
        return new Candidate(id, 10, isUsed, isPinned);
    }

    @Test
    void removesTheLeastRecentlyUsedFirstAndNeverWhatIsUsedPinnedOrYoung() {
        List<Candidate> first = List.of(image("old", false, false), image("late", true, false));
        Map<String, Memory> memory = ImageGarbage.remember(Map.of(), first, true, START);
        List<Candidate> then = List.of(
                image("late", false, false),
                image("used", true, false),
                image("pause", false, true),
                image("old", false, false),
                image("young", false, false));
        memory = ImageGarbage.remember(memory, then, false, START.plusSeconds(60));

        assertThat(ImageGarbage.removable(then, memory, AGE, START.plusSeconds(60)))
                .extracting(Candidate::id)
                .containsExactly("old", "late");
        assertThat(ImageGarbage.removable(then, memory, AGE, START.plusSeconds(180)))
                .extracting(Candidate::id)
                .containsExactly("old", "young", "late");
    }

    @Test
    void forgetsImagesThatAreGone() {
        Map<String, Memory> memory = ImageGarbage.remember(Map.of(), List.of(image("a", false, false)), true, START);

        assertThat(ImageGarbage.remember(memory, List.of(), false, START)).isEmpty();
    }

    @Test
    void freesFromTheHighMarkDownToTheLowOne() {
        assertThat(ImageGarbage.wanted(1000, 160, 85, 80)).isZero();
        assertThat(ImageGarbage.wanted(1000, 150, 85, 80)).isEqualTo(50);
        assertThat(ImageGarbage.wanted(1000, 0, 85, 80)).isEqualTo(200);
    }

    @Test
    void refusesThresholdsThatCross() {
        assertThatThrownBy(() -> new ImageCollector.Policy(80, 80, AGE, AGE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ImageCollector.Policy(101, 80, AGE, AGE))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
