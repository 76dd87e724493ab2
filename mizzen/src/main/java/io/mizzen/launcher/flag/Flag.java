// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.flag;

/**
 * One flag.
 *
 * @param name without its two dashes
 * @param placeholder what stands for its value in the help; empty for a flag that is on or off
 * @param defaultValue its value when it is not given
 * @param help one line
 */
public record Flag(String name, String placeholder, String defaultValue, String help) {
    /** A flag with a value. */
    public static Flag value(String name, String placeholder, String defaultValue, String help) {
        return new Flag(name, placeholder, defaultValue, help);
    }

    /** A flag that is off unless it is given. */
    public static Flag toggle(String name, String help) {
        return new Flag(name, "", "false", help);
    }

    boolean isToggle() {
        return placeholder.isEmpty();
    }
}
