// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpecBuilder;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LeaderElectionTest {

    private static final Instant SEEN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration LEASE = Duration.ofSeconds(15);

    @Test
    void createsALeaseThatIsAbsent() {
        assertThat(decide(null, SEEN)).isEqualTo(new LeaderElection.Step.Create());
    }

    @Test
    void waitsWhileAnotherHoldsTheLease() {
        assertThat(decide(heldBy("other"), SEEN.plusSeconds(15))).isEqualTo(new LeaderElection.Step.Wait("other"));
    }

    @Test
    void takesALeaseThatHasNotChangedForItsDuration() {
        assertThat(decide(heldBy("other"), SEEN.plusMillis(15_001))).isEqualTo(new LeaderElection.Step.Hold(true));
    }

    @Test
    void takesAReleasedLeaseAtOnce() {
        assertThat(decide(heldBy(""), SEEN)).isEqualTo(new LeaderElection.Step.Hold(true));
    }

    @Test
    void renewsItsOwn() {
        assertThat(decide(heldBy("me"), SEEN.plusSeconds(60))).isEqualTo(new LeaderElection.Step.Hold(false));
    }

    @Test
    void givesUpTheLeadWhenTheServerHangs() throws Exception {
        CountDownLatch forever = new CountDownLatch(1);
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        AtomicInteger reads = new AtomicInteger();
        ApiClient hanging = (ApiClient) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ApiClient.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("create")) {
                        return arguments[0];
                    }
                    if (reads.getAndIncrement() > 0 && !forever.await(1, TimeUnit.MINUTES)) {
                        throw new IllegalStateException("nobody gave up");
                    }
                    return Optional.empty();
                });
        var options = new LeaderElection.Options(
                new ObjectKey("kube-system", "test"),
                "me",
                Duration.ofMillis(300),
                Duration.ofMillis(200),
                Duration.ofMillis(20));

        List<String> events = new CopyOnWriteArrayList<>();
        EventSink sink = (lease, type, reason, message) ->
                events.add(lease.getKind() + " " + lease.getName() + " " + reason + ": " + message);

        try (LeaderElection election = LeaderElection.start(
                hanging, options, sink, InstantSource.system(), started::countDown, stopped::countDown)) {
            assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();

            assertThat(stopped.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(election.isLeading()).isFalse();
            assertThat(events)
                    .containsExactly(
                            "Lease test LeaderElection: me became leader",
                            "Lease test LeaderElection: me stopped leading");
        }
    }

    private static LeaderElection.Step decide(LeaseSpec lease, Instant now) {
        return LeaderElection.decide(lease, SEEN, "me", LEASE, now);
    }

    private static LeaseSpec heldBy(String holder) {
        return new LeaseSpecBuilder()
                .withHolderIdentity(holder)
                .withLeaseDurationSeconds(15)
                .build();
    }
}
