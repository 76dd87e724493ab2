// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mizzen.launcher.ComponentStack.Component;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ComponentStackTest {
    private static final Duration LONG = Duration.ofSeconds(10);

    private final List<String> events = new CopyOnWriteArrayList<>();

    @Test
    void endsInReverseOrder() throws Exception {
        ComponentStack stack = new ComponentStack(LONG);
        stack.push("api", () -> events.add("api"));
        stack.startTogether(List.of(component("scheduler")), LONG);

        stack.close();

        assertThat(events).containsExactly("scheduler", "api");
    }

    @Test
    void startsOneLayerAtTheSameTime() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        Component meeting = new Component("meeting", () -> {
            both.countDown();
            assertThat(both.await(5, TimeUnit.SECONDS)).isTrue();
            return () -> events.add("ended");
        });
        ComponentStack stack = new ComponentStack(LONG);

        stack.startTogether(List.of(meeting, meeting), LONG);

        stack.close();
        assertThat(events).containsExactly("ended", "ended");
    }

    @Test
    void aFailedStartNamesTheComponentAndEndsTheOthers() throws Exception {
        ComponentStack stack = new ComponentStack(LONG);
        Component broken = new Component("kubelet", () -> {
            throw new IllegalStateException("no runtime");
        });

        assertThatThrownBy(() -> stack.startTogether(List.of(broken, component("scheduler")), LONG))
                .isInstanceOf(LaunchException.class)
                .hasMessage("kubelet cannot start: no runtime");

        stack.close();
        assertThat(events).containsExactly("scheduler");
    }

    @Test
    void leavesBehindWhatDoesNotEnd() {
        ComponentStack stack = new ComponentStack(Duration.ofMillis(50));
        CountDownLatch never = new CountDownLatch(1);
        stack.push("api", () -> events.add("api"));
        stack.push("stuck", never::await);

        stack.close();

        assertThat(events).containsExactly("api");
        never.countDown();
    }

    private Component component(String name) {
        return new Component(name, () -> () -> events.add(name));
    }
}
