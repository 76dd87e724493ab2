// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

/** A sync that could not come to its end; events have been told, and it is tried again soon. */
final class SyncFailure extends Exception {
    SyncFailure(String message, Throwable cause) {
        super(message, cause);
    }

    SyncFailure(String message) {
        super(message);
    }
}
