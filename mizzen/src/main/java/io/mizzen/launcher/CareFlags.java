// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.fabric8.kubernetes.api.model.Quantity;
import io.mizzen.kubelet.NodeCare;
import io.mizzen.kubelet.eviction.Threshold;
import io.mizzen.kubelet.image.ImageCollector;
import io.mizzen.launcher.flag.Flag;
import io.mizzen.launcher.flag.FlagException;
import io.mizzen.launcher.flag.FlagValues;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The kubelet's flags about reserved resources, eviction and image collection; names and defaults are upstream's. */
final class CareFlags {
    private static final Set<String> RESERVABLE = Set.of("cpu", "memory", "ephemeral-storage", "pid");

    static final List<Flag> ALL = List.of(
            Flag.value("kube-reserved", "NAME=QUANTITY,…", "", "Kept from pods for the cluster's own daemons"),
            Flag.value("system-reserved", "NAME=QUANTITY,…", "", "Kept from pods for the system"),
            Flag.value(
                    "eviction-hard", "SIGNAL<LEAST,…", Threshold.DEFAULTS, "Evict pods while less than this is left"),
            Flag.value(
                    "eviction-pressure-transition-period",
                    "TIME",
                    "5m",
                    "How long a node condition of pressure stays after it was last true"),
            Flag.value("image-gc-high-threshold", "PERCENT", "85", "Remove unused images from this use of the disk on"),
            Flag.value("image-gc-low-threshold", "PERCENT", "80", "Remove them down to this use"),
            Flag.value("minimum-image-ttl-duration", "TIME", "2m", "Keep younger images"),
            Flag.value("image-gc-period", "TIME", "5m", "Time between two looks at the images"));

    private CareFlags() {}

    /** What the flags say. */
    static NodeCare care(FlagValues flags) {
        try {
            return new NodeCare(
                    resources(flags, "kube-reserved"),
                    resources(flags, "system-reserved"),
                    Threshold.parse(flags.text("eviction-hard")),
                    time(flags, "eviction-pressure-transition-period"),
                    NodeCare.defaults().evictionPeriod(),
                    new ImageCollector.Policy(
                            flags.number("image-gc-high-threshold", 0, 100),
                            flags.number("image-gc-low-threshold", 0, 100),
                            time(flags, "minimum-image-ttl-duration"),
                            time(flags, "image-gc-period")));
        } catch (IllegalArgumentException e) {
            throw new FlagException(String.valueOf(e.getMessage()));
        }
    }

    private static Map<String, Quantity> resources(FlagValues flags, String flag) {
        Map<String, Quantity> out = new TreeMap<>();
        for (String part : flags.list(flag)) {
            String[] pair = part.split("=", 2);
            if (pair.length != 2 || !RESERVABLE.contains(pair[0])) {
                throw new FlagException(
                        "flag --" + flag + " takes cpu, memory and ephemeral-storage, not \"" + part + "\"");
            }
            // Checked here, where the flag can still be named.
            if (io.mizzen.api.quantity.Quantity.parse(pair[1]).value().signum() < 0) {
                throw new FlagException("flag --" + flag + ": \"" + part + "\" must not be negative");
            }
            out.put(pair[0], new Quantity(pair[1]));
        }
        return out;
    }

    /** A time in Go's form, whole units only: {@code 90s}, {@code 1h30m}. */
    private static Duration time(FlagValues flags, String flag) {
        try {
            Duration time = Duration.parse("PT" + flags.text(flag).toUpperCase(Locale.ROOT));
            if (!time.isNegative()) {
                return time;
            }
        } catch (DateTimeParseException e) {
            // Falls through: the message is the same for what is no time and what is negative.
        }
        throw new FlagException(
                "flag --" + flag + " must be a time such as 90s or 5m, not \"" + flags.text(flag) + "\"");
    }
}
