// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HealthTest {
    @Test
    void callsAStoreUnwellThatDoesNotAnswerInTime() throws InterruptedException {
        Health health = new Health();
        health.started();
        CountDownLatch interrupted = new CountDownLatch(1);
        health.add("etcd", () -> hang(interrupted));
        Instant before = Instant.now();

        assertThat(health.isReady()).isFalse();

        assertThat(Duration.between(before, Instant.now())).isLessThan(Duration.ofSeconds(4));
        assertThat(interrupted.await(10, TimeUnit.SECONDS))
                .as("the check is given up")
                .isTrue();
    }

    @Test
    void doesNotRunWhatIsExcluded() {
        Health health = new Health();
        health.started();
        CountDownLatch run = new CountDownLatch(1);
        health.add("etcd", () -> {
            run.countDown();
            return false;
        });

        assertThat(health.run(false, List.of("etcd"))).doesNotContainKey("etcd").doesNotContainValue(false);
        assertThat(run.getCount()).isEqualTo(1);
    }

    @Test
    void isReadyWhenEveryCheckPasses() {
        Health health = new Health();
        health.add("etcd", () -> true);
        assertThat(health.isReady()).isFalse();

        health.started();
        assertThat(health.isReady()).isTrue();

        health.add("broken", () -> {
            throw new IllegalStateException("broken");
        });
        assertThat(health.isReady()).isFalse();
    }

    private static boolean hang(CountDownLatch interrupted) {
        try {
            return !new CountDownLatch(1).await(30, TimeUnit.SECONDS);
        } catch (InterruptedException givenUp) {
            interrupted.countDown();
            return false;
        }
    }
}
