// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.http.RequestInfo;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Bounds the requests that are worked on at a time, reads and writes apart, as upstream's flags
 * {@code --max-requests-inflight} and {@code --max-mutating-requests-inflight} do. A request waits for a seat for a short
 * while and is then refused with 429. Long-running requests take no seat. Thread-safe.
 */
final class InFlight {
    private static final int READS = 400;
    private static final int WRITES = 200;
    private static final long PATIENCE_SECONDS = 15;
    private static final Set<String> READING = Set.of("get", "list");
    private static final Set<String> LONG_RUNNING = Set.of("log", "exec", "attach", "portforward", "proxy");

    private final Semaphore reads = new Semaphore(READS, true);
    private final Semaphore writes = new Semaphore(WRITES, true);

    /** A place among the running requests; give it back by closing. */
    interface Seat extends AutoCloseable {
        @Override
        void close();
    }

    Seat enter(RequestInfo info) throws InterruptedException {
        if (info.verb().equals("watch") || LONG_RUNNING.contains(info.subresource())) {
            return () -> {};
        }
        Semaphore seats = READING.contains(info.verb()) ? reads : writes;
        if (!seats.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw StatusException.of(StatusReason.TooManyRequests, "Too many requests, please try again later.")
                    .withRetryAfter(1);
        }
        return seats::release;
    }
}
