// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import io.fabric8.kubernetes.api.model.Quantity;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Amounts of resources. Immutable.
 *
 * @param milliCpu thousandths of a CPU
 * @param memory bytes
 * @param ephemeralStorage bytes
 * @param scalars all other resources, in their own unit, by name
 */
public record Resources(long milliCpu, long memory, long ephemeralStorage, Map<String, Long> scalars) {
    /** Nothing. */
    public static final Resources ZERO = new Resources(0, 0, 0, Map.of());

    /** Copies the scalars. */
    public Resources {
        scalars = Map.copyOf(scalars);
    }

    /** Reads a resource list; {@code pods} is left out. Fractions are rounded up. */
    public static Resources of(@Nullable Map<String, Quantity> list) {
        if (list == null || list.isEmpty()) {
            return ZERO;
        }
        long cpu = 0;
        long memory = 0;
        long storage = 0;
        Map<String, Long> scalars = new HashMap<>();
        for (Map.Entry<String, Quantity> entry : list.entrySet()) {
            long amount = amount(entry.getKey(), entry.getValue());
            switch (entry.getKey()) {
                case "cpu" -> cpu = amount;
                case "memory" -> memory = amount;
                case "ephemeral-storage" -> storage = amount;
                case "pods" -> {}
                default -> scalars.put(entry.getKey(), amount);
            }
        }
        return new Resources(cpu, memory, storage, scalars);
    }

    /** An amount as a whole number: thousandths for {@code cpu}, the unit itself for all else, rounded up. */
    public static long amount(String resource, Quantity quantity) {
        var value = quantity.getNumericalAmount();
        return (resource.equals("cpu") ? value.movePointRight(3) : value)
                .setScale(0, RoundingMode.CEILING)
                .longValue();
    }

    /** Sum. */
    public Resources plus(Resources other) {
        return other == ZERO ? this : combine(other, Long::sum);
    }

    /** Difference. */
    public Resources minus(Resources other) {
        return other == ZERO ? this : combine(other, (a, b) -> a - b);
    }

    /** The larger of each. */
    public Resources max(Resources other) {
        return other == ZERO ? this : combine(other, Math::max);
    }

    /** An amount by name, 0 where there is none. */
    public long get(String name) {
        return switch (name) {
            case "cpu" -> milliCpu;
            case "memory" -> memory;
            case "ephemeral-storage" -> ephemeralStorage;
            default -> scalars.getOrDefault(name, 0L);
        };
    }

    /** Whether nothing is asked for. */
    public boolean isZero() {
        return milliCpu == 0 && memory == 0 && ephemeralStorage == 0 && scalars.isEmpty();
    }

    private Resources combine(Resources other, LongBinaryOperator operator) {
        Map<String, Long> sum = scalars;
        if (!other.scalars.isEmpty()) {
            sum = new HashMap<>(scalars);
            for (Map.Entry<String, Long> entry : other.scalars.entrySet()) {
                sum.put(
                        entry.getKey(),
                        operator.applyAsLong(scalars.getOrDefault(entry.getKey(), 0L), entry.getValue()));
            }
        }
        return new Resources(
                operator.applyAsLong(milliCpu, other.milliCpu),
                operator.applyAsLong(memory, other.memory),
                operator.applyAsLong(ephemeralStorage, other.ephemeralStorage),
                sum);
    }
}
