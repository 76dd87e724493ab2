// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.stats;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Collects samples and renders them by name, in Prometheus' text form. Confined to one caller. */
final class MetricText {
    private final Map<String, StringBuilder> families = new LinkedHashMap<>();

    void add(String name, String type, String labels, double value, @Nullable Instant time) {
        StringBuilder family = families.computeIfAbsent(
                name,
                n -> new StringBuilder("# TYPE ")
                        .append(n)
                        .append(' ')
                        .append(type)
                        .append('\n'));
        family.append(name);
        if (!labels.isEmpty()) {
            family.append('{').append(labels).append('}');
        }
        family.append(' ').append(BigDecimal.valueOf(value).stripTrailingZeros().toPlainString());
        if (time != null) {
            family.append(' ').append(time.toEpochMilli());
        }
        family.append('\n');
    }

    @Override
    public String toString() {
        return String.join("", families.values());
    }
}
