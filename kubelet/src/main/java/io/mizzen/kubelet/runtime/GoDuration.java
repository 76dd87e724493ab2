// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import java.math.BigDecimal;
import java.time.Duration;

/** Durations in the form that Kubernetes' texts carry, e.g. {@code 10s}, {@code 1m20s}, {@code 1.234s}, {@code 250ms}. */
public final class GoDuration {
    private GoDuration() {}

    /** Renders with at most milliseconds. Pure. */
    public static String format(Duration duration) {
        long millis = duration.toMillis();
        if (millis == 0) {
            return "0s";
        }
        if (millis < 1000) {
            return millis + "ms";
        }
        StringBuilder out = new StringBuilder();
        long hours = millis / 3_600_000;
        long minutes = millis / 60_000 % 60;
        if (hours > 0) {
            out.append(hours).append('h');
        }
        if (hours > 0 || minutes > 0) {
            out.append(minutes).append('m');
        }
        BigDecimal seconds = BigDecimal.valueOf(millis % 60_000, 3).stripTrailingZeros();
        return out.append(seconds.signum() == 0 ? "0" : seconds.toPlainString())
                .append('s')
                .toString();
    }
}
