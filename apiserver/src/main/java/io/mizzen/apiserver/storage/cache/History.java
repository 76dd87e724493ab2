// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/**
 * The latest changes of one resource, for watches that resume and lists of a moment ago. Keeps the last few whatever their
 * age, more while they are young, never more than the bounds. Guarded by the resource's lock.
 */
final class History {

    /**
     * How much to keep.
     *
     * @param few changes kept whatever their age
     * @param youngNanos the age below which all are kept as far as the bounds allow (upstream: 75 s)
     * @param maxChanges never more changes
     * @param maxBytes never more bytes of objects held because of them
     */
    record Bounds(int few, long youngNanos, int maxChanges, long maxBytes) {}

    private final Bounds bounds;
    private final Deque<Change> changes = new ArrayDeque<>();
    private long bytes;
    private long oldest;

    /**
     * @param oldest the revision of the state that the first change follows
     */
    History(Bounds bounds, long oldest) {
        this.bounds = bounds;
        this.oldest = oldest;
    }

    void add(Change change) {
        changes.addLast(change);
        bytes += change.weight();
        while (changes.size() > bounds.few() && isDue(changes.getFirst(), change.atNanos())) {
            Change gone = changes.removeFirst();
            bytes -= gone.weight();
            oldest = gone.revision();
        }
    }

    private boolean isDue(Change first, long nowNanos) {
        return changes.size() > bounds.maxChanges()
                || bytes > bounds.maxBytes()
                || nowNanos - first.atNanos() > bounds.youngNanos();
    }

    /** The oldest revision that a watch can begin after or a list be of. */
    long oldest() {
        return oldest;
    }

    /** The changes after a revision, oldest first; the caller has checked {@link #oldest}. */
    List<Change> after(long revision) {
        List<Change> found = new ArrayList<>();
        Iterator<Change> newestFirst = changes.descendingIterator();
        while (newestFirst.hasNext()) {
            Change change = newestFirst.next();
            if (change.revision() <= revision) {
                break;
            }
            found.add(change);
        }
        return found.reversed();
    }
}
