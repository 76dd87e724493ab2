// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

/** The store refuses a value of this size (etcd: 1.5 MiB unless its {@code --max-request-bytes} says more). */
public final class ValueTooLargeException extends StorageException {
    public ValueTooLargeException(String message) {
        super(message, null);
    }
}
