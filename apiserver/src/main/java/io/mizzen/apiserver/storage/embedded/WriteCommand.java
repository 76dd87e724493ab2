// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.Storage.WriteResult;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A guarded write on its way to the writer thread.
 *
 * @param key the key
 * @param value the new value, null to delete
 * @param expected the revision the key must be at, 0 when it must not exist
 * @param ttlSeconds the time to live, 0 for none
 * @param result completed after the sync
 */
record WriteCommand(
        String key, byte @Nullable [] value, long expected, long ttlSeconds, CompletableFuture<WriteResult> result) {

    static WriteCommand of(String key, byte @Nullable [] value, long expected, long ttlSeconds) {
        return new WriteCommand(key, value, expected, ttlSeconds, new CompletableFuture<>());
    }

    int size() {
        return key.length() + (value == null ? 0 : value.length);
    }
}
