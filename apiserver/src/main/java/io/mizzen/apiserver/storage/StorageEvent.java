// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One change of one key. Arrays are shared, never change them.
 *
 * @param revision the change's own revision; for a deletion the revision of the deletion
 * @param key the whole key
 * @param value the new value; null when the key was deleted (or its time to live ended)
 * @param previousValue the value before, where the store still knows it; null when the key was new or unknown
 */
public record StorageEvent(long revision, String key, byte @Nullable [] value, byte @Nullable [] previousValue) {
    public StorageEvent {
        Objects.requireNonNull(key);
    }

    /** Whether the key ceased to exist. */
    public boolean isDeletion() {
        return value == null;
    }
}
