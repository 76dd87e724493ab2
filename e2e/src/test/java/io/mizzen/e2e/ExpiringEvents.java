// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Kubectl;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** The story of Events that are gone after their time, the same for every store; for a cluster with {@link #TTL}. */
final class ExpiringEvents {
    /** The server's flag. */
    static final String TTL = "--event-ttl=6s";

    private ExpiringEvents() {}

    /** One is told once, another again and again: the silent one goes after its time, the other when it has fallen silent too. */
    static void tell(Kubectl kubectl) {
        kubectl.apply(event("silent", 1));
        long start = System.nanoTime();
        AtomicInteger times = new AtomicInteger();

        Kubectl.within(Duration.ofSeconds(20)).until(() -> {
            kubectl.apply(event("repeated", times.incrementAndGet()));
            return kubectl.find("event/silent", ".count").isEmpty();
        });
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(5));
        assertThat(kubectl.ok("get", "events.v1.events.k8s.io", "repeated", "-o", "jsonpath={.deprecatedCount}"))
                .as("each telling gives it its time anew")
                .isEqualTo(times.toString());
        Kubectl.within(Duration.ofSeconds(20))
                .until(() -> kubectl.find("event/repeated", ".count").isEmpty());
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(10));
    }

    private static String event(String name, int count) {
        return """
                ---
                apiVersion: v1
                kind: Event
                metadata: {name: %s, namespace: default}
                involvedObject: {apiVersion: v1, kind: Namespace, name: default, namespace: default}
                reason: Told
                message: a story
                type: Normal
                count: %d
                """.formatted(name, count);
    }
}
