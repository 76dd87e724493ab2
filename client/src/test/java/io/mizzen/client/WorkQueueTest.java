// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WorkQueueTest {

    private final ManualClock clock = new ManualClock();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final WorkQueue<String> queue = new WorkQueue<>("test", RateLimits.standard(), clock, registry);

    @Test
    void givesItsGaugesToTheNextQueueOfItsName() {
        queue.close();

        WorkQueue<String> next = new WorkQueue<>("test", RateLimits.standard(), clock, registry);
        assertThat(next.add("a")).isTrue();

        assertThat(registry.get("workqueue_depth").tag("name", "test").gauge().value())
                .isEqualTo(1);
        next.close();
    }

    @Test
    void handsOutAKeyOnceHoweverOftenItWasAdded() {
        queue.add("a");
        queue.add("b");
        queue.add("a");

        assertThat(queue.poll()).contains("a");
        assertThat(queue.poll()).contains("b");
        assertThat(queue.poll()).isEmpty();
    }

    @Test
    void handsOutAKeyAddedDuringItsWorkOnlyAfterDone() {
        queue.add("a");
        assertThat(queue.poll()).contains("a");

        queue.add("a");
        assertThat(queue.poll()).isEmpty();

        queue.done("a");
        assertThat(queue.poll()).contains("a");
        queue.done("a");
        assertThat(queue.isIdle()).isTrue();
    }

    @Test
    void keepsTheEarliestOfSeveralDelays() {
        queue.addAfter("a", Duration.ofSeconds(10));
        queue.addAfter("a", Duration.ofSeconds(3));
        queue.addAfter("a", Duration.ofSeconds(20));

        clock.advance(Duration.ofSeconds(2));
        assertThat(queue.poll()).isEmpty();
        clock.advance(Duration.ofSeconds(1));
        assertThat(queue.poll()).contains("a");
        queue.done("a");
        clock.advance(Duration.ofSeconds(60));
        assertThat(queue.poll()).isEmpty();
    }

    @Test
    void doublesTheBackOffOfAnItemUpToItsLimit() {
        Duration expected = Duration.ofMillis(5);
        for (int failure = 0; failure < 25; failure++) {
            clock.advance(Duration.ofHours(1));
            queue.addRateLimited("a");
            assertThat(queue.nextDue()).contains(clock.instant().plus(expected));
            clock.advance(expected.minusMillis(1));
            assertThat(queue.poll()).isEmpty();
            clock.advance(Duration.ofMillis(1));
            assertThat(queue.poll()).contains("a");
            queue.done("a");
            expected = expected.multipliedBy(2);
            if (expected.compareTo(Duration.ofSeconds(1000)) > 0) {
                expected = Duration.ofSeconds(1000);
            }
        }
        queue.forget("a");
        clock.advance(Duration.ofHours(1));
        queue.addRateLimited("a");
        assertThat(queue.nextDue()).contains(clock.instant().plusMillis(5));
    }

    @Test
    void holdsAllItemsToTheSharedBucketAfterItsBurst() {
        for (int i = 0; i < 100; i++) {
            queue.addRateLimited("key" + i);
        }
        queue.addRateLimited("late");

        clock.advance(Duration.ofMillis(50));
        for (int i = 0; i < 100; i++) {
            assertThat(queue.poll()).isPresent();
        }
        assertThat(queue.poll()).isEmpty();
        clock.advance(Duration.ofMillis(50));
        assertThat(queue.poll()).contains("late");
    }

    @Test
    void refusesNewKeysWhenFullAndCountsThem() {
        RateLimits tiny = new RateLimits(Duration.ofMillis(5), Duration.ofSeconds(1), 10, 100, 2);
        WorkQueue<String> small = new WorkQueue<>("small", tiny, clock, registry);

        assertThat(small.add("a")).isTrue();
        assertThat(small.addAfter("b", Duration.ofSeconds(1))).isTrue();
        assertThat(small.add("c")).isFalse();
        assertThat(small.add("a")).isTrue();
        assertThat(registry.get("workqueue_refused_total")
                        .tag("name", "small")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void wakesATakerWhenItCloses() throws InterruptedException {
        WorkQueue<String> real = new WorkQueue<>("real", RateLimits.standard(), InstantSource.system(), registry);
        Thread closer = Thread.ofVirtual().start(real::close);

        assertThat(real.take(Duration.ofSeconds(30))).isEmpty();
        assertThat(closer.join(Duration.ofSeconds(10))).isTrue();
        assertThat(real.add("a")).isFalse();
    }

    @Test
    void takesADelayedKeyWhenItFallsDue() throws InterruptedException {
        WorkQueue<String> real = new WorkQueue<>("real", RateLimits.standard(), InstantSource.system(), registry);
        real.addAfter("a", Duration.ofMillis(20));

        Optional<String> key = real.take(Duration.ofSeconds(30));

        assertThat(key).contains("a");
    }

    @Test
    void reportsDepthAddsAndRetriesUnderKubernetesNames() {
        queue.add("a");
        queue.add("b");
        queue.addRateLimited("c");

        assertThat(registry.get("workqueue_depth").gauge().value()).isEqualTo(2);
        assertThat(registry.get("workqueue_adds_total").counter().count()).isEqualTo(2);
        assertThat(registry.get("workqueue_retries_total").counter().count()).isEqualTo(1);
    }
}
