// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.flag;

/** A flag that does not exist or a value that it does not take; the message is one line. */
public final class FlagException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With a line for the user. */
    public FlagException(String message) {
        super(message);
    }
}
