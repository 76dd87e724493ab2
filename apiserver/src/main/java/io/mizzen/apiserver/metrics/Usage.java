// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.metrics;

import io.mizzen.api.quantity.Quantity;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;

/**
 * What a node or a container uses.
 *
 * @param time end of the window
 * @param window over which CPU was measured
 * @param nanoCores thousand-millionths of a core
 * @param memoryBytes working set at the end of the window
 */
public record Usage(Instant time, Duration window, long nanoCores, long memoryBytes) {

    /** CPU in cores. */
    public Quantity cpu() {
        return new Quantity(BigDecimal.valueOf(nanoCores, 9), Quantity.Format.DECIMAL_SI);
    }

    /** Memory in bytes. */
    public Quantity memory() {
        return Quantity.of(memoryBytes, Quantity.Format.BINARY_SI);
    }

    /** The window in Go's notation for durations, to the millisecond. */
    public String windowText() {
        BigDecimal seconds = BigDecimal.valueOf(window.toMillis(), 3);
        long minutes = window.toMinutes();
        BigDecimal rest = seconds.subtract(BigDecimal.valueOf(minutes * 60)).stripTrailingZeros();
        String text = (rest.signum() == 0 ? "0" : rest.toPlainString()) + "s";
        return minutes == 0 ? text : minutes + "m" + text;
    }
}
