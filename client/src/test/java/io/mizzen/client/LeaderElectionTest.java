// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpecBuilder;
import java.time.Duration;
import java.time.Instant;
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
