// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.job;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Completion indexes in the API's text form, such as {@code 0-2,5}. */
final class IndexSet {

    private IndexSet() {}

    /** Reads the text; what is malformed or not below {@code limit} is left out. */
    static SortedSet<Integer> parse(@Nullable String text, int limit) {
        SortedSet<Integer> indexes = new TreeSet<>();
        if (text == null || text.isEmpty()) {
            return indexes;
        }
        for (String part : text.split(",")) {
            if (!part.matches("[0-9]{1,9}(-[0-9]{1,9})?")) {
                continue;
            }
            String[] ends = part.split("-");
            int first = Integer.parseInt(ends[0]);
            int last = Math.min(limit - 1, Integer.parseInt(ends[ends.length - 1]));
            for (int i = first; i <= last; i++) {
                indexes.add(i);
            }
        }
        return indexes;
    }

    /** Writes the text: two neighbours stand apart, three or more as a range. */
    static String format(SortedSet<Integer> indexes) {
        List<String> parts = new ArrayList<>();
        Integer first = null;
        Integer last = null;
        for (int index : indexes) {
            if (last == null || index != last + 1) {
                add(parts, first, last);
                first = index;
            }
            last = index;
        }
        add(parts, first, last);
        return String.join(",", parts);
    }

    private static void add(List<String> parts, @Nullable Integer first, @Nullable Integer last) {
        if (first == null || last == null) {
            return;
        }
        if (first.equals(last)) {
            parts.add(first.toString());
        } else {
            parts.add(first + (last == first + 1 ? "," : "-") + last);
        }
    }
}
