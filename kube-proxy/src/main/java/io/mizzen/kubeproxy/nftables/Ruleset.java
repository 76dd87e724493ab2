// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.nftables;

import io.mizzen.kubeproxy.service.Family;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One nftables table as a value: everything that should be in it, and nothing else.
 *
 * @param family the family of the table
 * @param table its name
 * @param chains chains by name
 * @param sets sets and maps by name
 */
public record Ruleset(Family family, String table, Map<String, Chain> chains, Map<String, ElementSet> sets) {
    /**
     * A chain.
     *
     * @param hook what stands between the braces of a base chain, null for one that is only jumped to
     * @param rules its rules in order
     */
    public record Chain(@Nullable String hook, List<String> rules) {
        /** Copies the rules. */
        public Chain {
            rules = List.copyOf(rules);
        }
    }

    /**
     * A set or a map.
     *
     * @param isMap whether elements have values
     * @param definition what stands between the braces of its definition
     * @param elements key → value; the value is empty in a set
     */
    public record ElementSet(boolean isMap, String definition, Map<String, String> elements) {
        /** Copies the elements, sorted by key. */
        public ElementSet {
            elements = Collections.unmodifiableMap(new TreeMap<>(elements));
        }
    }

    /** Copies the maps, sorted by name. */
    public Ruleset {
        chains = Collections.unmodifiableMap(new TreeMap<>(chains));
        sets = Collections.unmodifiableMap(new TreeMap<>(sets));
    }
}
