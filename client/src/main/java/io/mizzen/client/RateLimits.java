// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import java.time.Duration;

/**
 * The limits of a {@link WorkQueue}.
 *
 * @param baseDelay delay of an item's first retry; the n-th waits {@code baseDelay × 2^(n−1)}
 * @param maxDelay largest delay of an item
 * @param bucketPerSecond retries a second of all items together
 * @param bucketBurst how many retries may come at once before that rate holds
 * @param capacity how many keys may be queued, waiting or in work at once
 */
public record RateLimits(Duration baseDelay, Duration maxDelay, double bucketPerSecond, int bucketBurst, int capacity) {

    /** Refuses limits that could not work. */
    public RateLimits {
        if (baseDelay.isNegative() || maxDelay.compareTo(baseDelay) < 0 || bucketPerSecond <= 0 || bucketBurst < 1) {
            throw new IllegalArgumentException("impossible limits");
        }
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity must be positive");
        }
    }

    /** Kubernetes' own: 5 ms × 2^n up to 1000 s an item, 10 a second with a burst of 100 over all; a million keys. */
    public static RateLimits standard() {
        return new RateLimits(Duration.ofMillis(5), Duration.ofSeconds(1000), 10, 100, 1_000_000);
    }

    /** The same with another back-off an item. */
    public RateLimits withItemDelays(Duration base, Duration max) {
        return new RateLimits(base, max, bucketPerSecond, bucketBurst, capacity);
    }

    /** The delay of an item that has failed {@code failures} times before, at most {@link #maxDelay}. */
    Duration itemDelay(int failures) {
        if (failures >= 62) {
            return maxDelay;
        }
        double nanos = (double) baseDelay.toNanos() * (1L << failures);
        return nanos >= maxDelay.toNanos() ? maxDelay : Duration.ofNanos((long) nanos);
    }
}
