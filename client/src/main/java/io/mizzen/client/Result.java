// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import java.time.Duration;

/** How a call of a {@link Reconciler} ended; failure is an exception instead. */
public sealed interface Result {

    /** Nothing is left to do until the next change. */
    record Done() implements Result {}

    /**
     * Look again later, whether or not something changes.
     *
     * @param delay how long to wait at most; not negative
     */
    record After(Duration delay) implements Result {
        /** Refuses a negative delay. */
        public After {
            if (delay.isNegative()) {
                throw new IllegalArgumentException("negative delay: " + delay);
            }
        }
    }

    /** Nothing is left to do. */
    static Result done() {
        return new Done();
    }

    /** Look again after the delay; negative delays count as zero. */
    static Result after(Duration delay) {
        return new After(delay.isNegative() ? Duration.ZERO : delay);
    }
}
