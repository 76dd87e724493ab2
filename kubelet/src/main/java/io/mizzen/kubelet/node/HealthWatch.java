// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.node;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Asks for the runtime's health where no node is kept; virtual thread {@code runtime-health}. */
public final class HealthWatch implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofMillis(500);

    private final Thread thread;

    /** Starts to ask. */
    public HealthWatch(RuntimeHealth health) {
        this.thread = Thread.ofVirtual().name("runtime-health").start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                health.refresh();
                LockSupport.parkNanos(PERIOD.toNanos());
            }
        });
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
