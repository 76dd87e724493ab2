// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Kubectl;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** The cluster forgets what is over: pods that have ended, beyond a number, and Events, after their time. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CleaningIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    private static Cluster cluster;
    private static Kubectl kubectl;

    /** Pods end while the first story is told: the cluster looks for them every 20 s. */
    @BeforeAll
    static void startsAClusterAndPodsThatEnd() {
        cluster = Cluster.start(CleaningIT.class, "--terminated-pod-gc-threshold=2", ExpiringEvents.TTL);
        kubectl = cluster.kubectl();
        kubectl.ok("run", "worker", "--image=" + Cluster.IMAGE, "--", "sleep", "9999");
        end("ended-1", "true", "Succeeded");
        end("ended-2", "false", "Failed");
        end("ended-3", "true", "Succeeded");
        end("ended-4", "false", "Failed");
    }

    private static void end(String name, String command, String phase) {
        kubectl.ok("run", name, "--image=" + Cluster.IMAGE, "--restart=Never", "--", command);
        // Empty: an earlier one may be gone again by now.
        Kubectl.within(SOON)
                .untilAsserted(() ->
                        assertThat(kubectl.find("pod/" + name, ".status.phase")).isIn(phase, ""));
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    @Test
    @Order(1)
    void anEventIsKeptForItsTime() {
        ExpiringEvents.tell(kubectl);
    }

    @Test
    @Order(2)
    void theOldestOfTooManyEndedPodsAreDeleted() {
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.ok("get", "pods", "-o", "name"))
                        .isEqualTo("pod/ended-3\npod/ended-4\npod/worker\n"));
        assertThat(kubectl.find("pod/worker", ".status.phase")).isEqualTo("Running");
    }
}
