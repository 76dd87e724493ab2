// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Puts and deletions that are to happen together. Plain memory; one thread. */
final class Batch {

    /**
     * One of them.
     *
     * @param value null to delete
     */
    record Item(RocksStore.Table table, byte[] key, byte @Nullable [] value) {}

    private final List<Item> items = new ArrayList<>();

    Batch put(RocksStore.Table table, byte[] key, byte[] value) {
        items.add(new Item(table, key, value));
        return this;
    }

    Batch delete(RocksStore.Table table, byte[] key) {
        items.add(new Item(table, key, null));
        return this;
    }

    List<Item> items() {
        return items;
    }

    boolean isEmpty() {
        return items.isEmpty();
    }
}
