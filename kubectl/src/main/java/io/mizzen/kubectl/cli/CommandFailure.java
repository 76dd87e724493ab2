// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.cli;

/**
 * A command ends here: the message is the whole line that the user reads on standard error (empty: nothing is printed), and
 * {@link #exitCode()} is the code that the process ends with.
 */
public class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    /** Says {@code message} as it is and ends with {@code exitCode}. */
    public CommandFailure(int exitCode, String message) {
        super(message, null, false, false);
        this.exitCode = exitCode;
    }

    /** Upstream's usual form: {@code error: <message>}, exit code 1. */
    public static CommandFailure error(String message) {
        return new CommandFailure(1, message.startsWith("error: ") ? message : "error: " + message);
    }

    /** Upstream's form of a wrong call: the message and where the right one is described. */
    public static CommandFailure usage(String commandPath, String message) {
        return new CommandFailure(1, "error: " + message + "\nSee '" + commandPath + " -h' for help and examples");
    }

    /** The process's exit code. */
    public int exitCode() {
        return exitCode;
    }

    /** The text for standard error, without the last newline. */
    public String text() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
