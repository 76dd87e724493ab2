// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.HashMap;
import java.util.Map;

/**
 * Makes equal strings and label maps one object. Two tables of fixed size in which the latest wins: they never grow, need no
 * lock (a lost race costs a copy, nothing else), and catch what repeats: namespaces, label keys, the labels of a ReplicaSet's
 * pods, node names.
 */
final class Interner {
    private static final int STRINGS = 1 << 13;
    private static final int MAPS = 1 << 11;

    private final String[] strings = new String[STRINGS];
    private final Object[] maps = new Object[MAPS];

    Interner() {
        java.util.Arrays.fill(strings, "");
        java.util.Arrays.fill(maps, Map.of());
    }

    String intern(String text) {
        int slot = spread(text.hashCode()) & (STRINGS - 1);
        String known = strings[slot];
        if (known.equals(text)) {
            return known;
        }
        strings[slot] = text;
        return text;
    }

    @SuppressWarnings("unchecked") // only maps of strings are ever put in
    Map<String, String> intern(Map<String, String> map) {
        if (map.isEmpty()) {
            return Map.of();
        }
        int slot = spread(map.hashCode()) & (MAPS - 1);
        Map<String, String> known = (Map<String, String>) maps[slot];
        if (known.equals(map)) {
            return known;
        }
        Map<String, String> copy = HashMap.newHashMap(map.size());
        map.forEach((key, value) -> copy.put(intern(key), intern(value)));
        Map<String, String> compact = Map.copyOf(copy);
        maps[slot] = compact;
        return compact;
    }

    CachedObject intern(CachedObject object) {
        return new CachedObject(
                object.key(),
                intern(object.namespace()),
                object.name(),
                object.revision(),
                intern(object.labels()),
                intern(object.fields()),
                object.json());
    }

    private static int spread(int hash) {
        int mixed = hash * 0x9E3779B9;
        return mixed ^ (mixed >>> 15);
    }
}
