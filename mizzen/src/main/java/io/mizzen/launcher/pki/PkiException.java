// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

/** Keys or certificates that cannot be read, made or signed; the message names the file. */
public final class PkiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PkiException(String message, Throwable cause) {
        super(message + ": " + cause.getMessage(), cause);
    }
}
