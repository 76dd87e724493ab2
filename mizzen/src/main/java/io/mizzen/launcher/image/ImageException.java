// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

/** An image that cannot be made; the message is one line for the operator that says what to do. */
public final class ImageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With a line for the operator. */
    public ImageException(String message) {
        super(message);
    }
}
