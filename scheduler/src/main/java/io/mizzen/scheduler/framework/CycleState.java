// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the plugins remember about one pod during one cycle. Owned by the thread that runs the cycle. */
public final class CycleState {
    /** A plugin's entry; its class is the key. */
    public interface Data {
        /** A copy whose changes the original does not see; immutable data returns itself. */
        default Data copy() {
            return this;
        }
    }

    private final Map<Class<? extends Data>, Data> data = new HashMap<>();
    private final Set<String> skippedFilters = new HashSet<>();
    private final Set<String> skippedScores = new HashSet<>();

    /** Writes an entry over an earlier one of its class. */
    public void put(Data entry) {
        data.put(entry.getClass(), entry);
    }

    /** Reads an entry, null if the plugin wrote none. */
    public <T extends Data> @Nullable T find(Class<T> type) {
        Data entry = data.get(type);
        return entry == null ? null : type.cast(entry);
    }

    /** Reads an entry that must be there. */
    public <T extends Data> T get(Class<T> type) {
        T entry = find(type);
        if (entry == null) {
            throw new IllegalStateException("no " + type.getSimpleName() + " in the cycle state");
        }
        return entry;
    }

    /** Plugins whose Filter is left out because their PreFilter said Skip. */
    public Set<String> skippedFilters() {
        return skippedFilters;
    }

    /** Plugins whose Score is left out because their PreScore said Skip. */
    public Set<String> skippedScores() {
        return skippedScores;
    }

    /** A copy for a "what if": changes there are not seen here. */
    public CycleState copy() {
        CycleState copy = new CycleState();
        data.forEach((type, entry) -> copy.data.put(type, entry.copy()));
        copy.skippedFilters.addAll(skippedFilters);
        copy.skippedScores.addAll(skippedScores);
        return copy;
    }
}
