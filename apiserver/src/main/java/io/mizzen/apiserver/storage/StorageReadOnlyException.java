// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import org.jspecify.annotations.Nullable;

/**
 * The store answers reads but takes no writes, because its disk is full or failed. Nothing of the refused write is kept.
 * The message names the folder or the server and what to do.
 */
public final class StorageReadOnlyException extends StorageException {
    public StorageReadOnlyException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
