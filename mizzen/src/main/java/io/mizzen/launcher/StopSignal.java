// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * SIGTERM and SIGINT, as something the main thread waits for. The JVM's shutdown hook wakes the main thread, also while it
 * is still starting components, and gives it 15 s to end everything.
 */
final class StopSignal implements AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(15);

    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread main = Thread.currentThread();
    private final Thread hook = new Thread(this::onShutdown, "shutdown");
    private final CountDownLatch ended = new CountDownLatch(1);

    private StopSignal() {}

    /** Listens on behalf of the calling thread. */
    static StopSignal install() {
        StopSignal signal = new StopSignal();
        Runtime.getRuntime().addShutdownHook(signal.hook);
        return signal;
    }

    /** Sleeps until the signal. */
    void await() {
        while (stopped.getCount() > 0) {
            try {
                if (stopped.await(1, TimeUnit.HOURS)) {
                    return;
                }
            } catch (InterruptedException e) {
                // Sent by the hook, which counts down first: the loop ends.
                continue;
            }
        }
    }

    /** Sleeps until the signal, at most that long; whether it was given. */
    boolean await(Duration longest) {
        try {
            return stopped.await(longest.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            // Sent by the hook, which counts down first.
            return isGiven();
        }
    }

    /** Whether the signal was given. */
    boolean isGiven() {
        return stopped.getCount() == 0;
    }

    private void onShutdown() {
        stopped.countDown();
        if (ended.getCount() == 0) {
            return;
        }
        main.interrupt();
        try {
            // Not for the thread itself: it may be waiting in System.exit, which waits for us.
            if (!ended.await(GRACE.toSeconds(), TimeUnit.SECONDS)) {
                System.err.println("mizzen: did not stop within " + GRACE.toSeconds() + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Says that everything has ended. */
    @Override
    public void close() {
        ended.countDown();
    }
}
