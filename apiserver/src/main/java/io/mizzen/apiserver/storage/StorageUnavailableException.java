// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import org.jspecify.annotations.Nullable;

/** The store did not answer in time or is closed. It may answer again later; nobody has to restart anything. */
public final class StorageUnavailableException extends StorageException {
    private final boolean outcomeUnknown;

    /**
     * @param outcomeUnknown whether a write may have been done all the same: the caller must not repeat it unguarded
     */
    public StorageUnavailableException(String message, boolean outcomeUnknown, @Nullable Throwable cause) {
        super(message, cause);
        this.outcomeUnknown = outcomeUnknown;
    }

    /** Whether the failed call was a write that may have been done all the same. */
    public boolean outcomeUnknown() {
        return outcomeUnknown;
    }
}
