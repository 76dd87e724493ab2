// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission.podsecurity;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A level of the standards as of a minor version.
 *
 * @param level how strict
 * @param minor the minor version of Kubernetes 1 whose rules count; {@link #LATEST} for the newest
 */
public record PolicyLevel(Level level, int minor) {
    /** The newest rules. */
    public static final int LATEST = Integer.MAX_VALUE;

    private static final Pattern VERSION = Pattern.compile("v1\\.(0|[1-9][0-9]{0,5})");

    /** How strict. */
    public enum Level {
        PRIVILEGED,
        BASELINE,
        RESTRICTED
    }

    /** A level by its name in labels. */
    public static Optional<Level> level(String name) {
        for (Level level : Level.values()) {
            if (level.name().toLowerCase(Locale.ROOT).equals(name)) {
                return Optional.of(level);
            }
        }
        return Optional.empty();
    }

    /** A version as labels write it: {@code latest} or {@code v1.x}. */
    public static Optional<Integer> minor(String version) {
        if (version.equals("latest")) {
            return Optional.of(LATEST);
        }
        var matcher = VERSION.matcher(version);
        return matcher.matches() ? Optional.of(Integer.valueOf(matcher.group(1))) : Optional.empty();
    }

    @Override
    public String toString() {
        return level.name().toLowerCase(Locale.ROOT) + ":" + (minor == LATEST ? "latest" : "v1." + minor);
    }
}
