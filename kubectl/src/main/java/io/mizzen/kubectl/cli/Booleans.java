// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.cli;

/** The spellings of true and false that a flag takes. */
final class Booleans {
    private Booleans() {}

    static boolean isBoolean(String text) {
        return switch (text) {
            case "1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False" -> true;
            default -> false;
        };
    }

    static boolean parse(String text) {
        return switch (text) {
            case "1", "t", "T", "true", "TRUE", "True" -> true;
            default -> false;
        };
    }
}
