// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import io.mizzen.api.quantity.Quantity;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * A hard eviction threshold: as soon as less is left, pods go.
 *
 * @param signal what is watched
 * @param amount least amount, or least part of the capacity
 * @param isFraction whether the amount is a part, 0 to 1
 */
public record Threshold(Signal signal, BigDecimal amount, boolean isFraction) {
    /** Upstream's, in the form of the flag. */
    public static final String DEFAULTS = "memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,"
            + "imagefs.available<15%,imagefs.inodesFree<5%";

    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);

    /** The least amount that must be left of a capacity. */
    public long least(long capacity) {
        return isFraction ? amount.multiply(BigDecimal.valueOf(capacity)).longValue() : amount.longValue();
    }

    /**
     * Reads the form {@code memory.available<100Mi,nodefs.available<10%}. A part of 0 % or 100 % switches a signal off.
     *
     * @throws IllegalArgumentException with a text for the user when it is malformed
     */
    public static List<Threshold> parse(String text) {
        List<Threshold> out = new ArrayList<>();
        for (String part : text.split(",")) {
            if (part.isBlank()) {
                continue;
            }
            int at = part.indexOf('<');
            if (at < 0) {
                throw new IllegalArgumentException(
                        "invalid eviction threshold syntax " + part.strip() + ", expected <signal><operator><value>");
            }
            String name = part.substring(0, at).strip();
            Signal signal = Signal.of(name)
                    .orElseThrow(() -> new IllegalArgumentException("unsupported eviction signal " + name));
            if (out.stream().anyMatch(t -> t.signal() == signal)) {
                throw new IllegalArgumentException("duplicate eviction threshold for signal " + name);
            }
            Threshold threshold = one(signal, part.substring(at + 1).strip());
            boolean isOff = threshold.isFraction()
                    && (threshold.amount().signum() == 0 || threshold.amount().compareTo(BigDecimal.ONE) == 0);
            if (!isOff) {
                out.add(threshold);
            }
        }
        return List.copyOf(out);
    }

    private static Threshold one(Signal signal, String value) {
        if (!value.endsWith("%")) {
            Quantity quantity = Quantity.parse(value);
            if (quantity.value().signum() <= 0) {
                throw new IllegalArgumentException(
                        "eviction threshold " + signal.text() + " must be positive: " + value);
            }
            return new Threshold(signal, quantity.value(), false);
        }
        BigDecimal percent;
        try {
            percent = new BigDecimal(value.substring(0, value.length() - 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "eviction threshold " + signal.text() + " is no percentage: " + value, e);
        }
        if (percent.signum() < 0 || percent.compareTo(HUNDRED) > 0) {
            throw new IllegalArgumentException(
                    "eviction percentage threshold " + signal.text() + " must be between 0% and 100%: " + value);
        }
        return new Threshold(signal, percent.movePointLeft(2), true);
    }
}
