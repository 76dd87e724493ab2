// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.containerd;

/** The container runtime cannot be used; the message is one line that says what to do. */
public final class ContainerdException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With a line for the operator. */
    public ContainerdException(String message) {
        super(message);
    }

    /** With a line for the operator, and what went wrong. */
    public ContainerdException(String message, Throwable cause) {
        super(message, cause);
    }
}
