// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command;

import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;

/** How much of a change is really done. */
public enum DryRun {
    /** All of it. */
    NONE(""),
    /** Nothing is sent. */
    CLIENT(" (dry run)"),
    /** It is sent, and the server keeps nothing. */
    SERVER(" (server dry run)");

    private final String suffix;

    DryRun(String suffix) {
        this.suffix = suffix;
    }

    /** What follows the word in a line of result. */
    public String suffix() {
        return suffix;
    }

    /** The request's {@code dryRun} parameter. */
    public String parameter() {
        return this == SERVER ? "All" : "";
    }

    /** From {@code --dry-run}. */
    public static DryRun of(Flags flags) {
        String value = flags.text("dry-run");
        return switch (value) {
            case "", "none" -> NONE;
            case "client" -> CLIENT;
            case "server" -> SERVER;
            case "unchanged" ->
                throw CommandFailure.error(
                        "--dry-run flag without a value was specified. A value must be set: \"none\","
                                + " \"server\", or \"client\".");
            default ->
                throw CommandFailure.error(
                        "Invalid dry-run value (" + value + "). Must be \"none\", \"server\", or \"client\".");
        };
    }
}
