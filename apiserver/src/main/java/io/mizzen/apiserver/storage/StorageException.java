// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import org.jspecify.annotations.Nullable;

/**
 * Why a store could not do what was asked. Sealed, so that the one place that turns failures into Status answers is
 * complete by construction. A lost compare-and-set is no failure: see {@link Storage.WriteResult.Conflict}.
 */
public abstract sealed class StorageException extends RuntimeException
        permits CompactedException,
                FutureRevisionException,
                StorageReadOnlyException,
                StorageUnavailableException,
                ValueTooLargeException {
    StorageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
