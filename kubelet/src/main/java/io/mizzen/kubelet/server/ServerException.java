// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.server;

/** A request that is answered with an error: a code and a text. */
final class ServerException extends Exception {
    private final int code;

    ServerException(int code, String message) {
        super(message);
        this.code = code;
    }

    int code() {
        return code;
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
