// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

/** A start that cannot go on; the message is one line for the operator that says what to do. */
public final class LaunchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With a line for the operator. */
    public LaunchException(String message) {
        super(message);
    }

    /** With a line for the operator, and what went wrong. */
    public LaunchException(String message, Throwable cause) {
        super(message, cause);
    }
}
