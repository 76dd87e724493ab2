// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * An immutable sequence of objects in key order. A change copies one block of at most {@value #BLOCK} references and the
 * list of blocks; all else is shared with the sequence before, so that every state is a free snapshot and an object costs
 * little more than one reference.
 */
final class SortedBlocks {
    static final int BLOCK = 256;
    private static final int MERGE_BELOW = BLOCK / 4;

    static final SortedBlocks EMPTY = new SortedBlocks(new CachedObject[0][], 0);

    private final CachedObject[][] blocks;
    private final int size;

    private SortedBlocks(CachedObject[][] blocks, int size) {
        this.blocks = blocks;
        this.size = size;
    }

    /** Of objects that are in key order, without a key twice. */
    static SortedBlocks of(List<CachedObject> sorted) {
        int fill = BLOCK * 3 / 4;
        List<CachedObject[]> blocks = new ArrayList<>(sorted.size() / fill + 1);
        for (int start = 0; start < sorted.size(); start += fill) {
            blocks.add(
                    sorted.subList(start, Math.min(sorted.size(), start + fill)).toArray(CachedObject[]::new));
        }
        return new SortedBlocks(blocks.toArray(CachedObject[][]::new), sorted.size());
    }

    int size() {
        return size;
    }

    @Nullable
    CachedObject get(String key) {
        int block = blockOf(key);
        if (block < 0) {
            return null;
        }
        int index = indexIn(blocks[block], key);
        return index < 0 ? null : blocks[block][index];
    }

    /** The sequence with an object put in or replaced. */
    SortedBlocks with(CachedObject object) {
        if (blocks.length == 0) {
            return new SortedBlocks(new CachedObject[][] {{object}}, 1);
        }
        int block = Math.max(0, blockOf(object.key()));
        CachedObject[] old = blocks[block];
        int index = indexIn(old, object.key());
        if (index >= 0) {
            CachedObject[] copy = old.clone();
            copy[index] = object;
            CachedObject[][] spine = blocks.clone();
            spine[block] = copy;
            return new SortedBlocks(spine, size);
        }
        int at = -index - 1;
        CachedObject[] grown = new CachedObject[old.length + 1];
        System.arraycopy(old, 0, grown, 0, at);
        grown[at] = object;
        System.arraycopy(old, at, grown, at + 1, old.length - at);
        if (grown.length <= BLOCK) {
            CachedObject[][] spine = blocks.clone();
            spine[block] = grown;
            return new SortedBlocks(spine, size + 1);
        }
        // Names often grow at the end: a full block then stays full and a new one begins.
        int cut = at == grown.length - 1 ? grown.length - 1 : grown.length / 2;
        return new SortedBlocks(
                replace(block, 1, Arrays.copyOf(grown, cut), Arrays.copyOfRange(grown, cut, grown.length)), size + 1);
    }

    /** The sequence without a key; this one when the key is not there. */
    SortedBlocks without(String key) {
        int block = blockOf(key);
        int index = block < 0 ? -1 : indexIn(blocks[block], key);
        if (index < 0) {
            return this;
        }
        CachedObject[] old = blocks[block];
        CachedObject[] shrunk = new CachedObject[old.length - 1];
        System.arraycopy(old, 0, shrunk, 0, index);
        System.arraycopy(old, index + 1, shrunk, index, shrunk.length - index);
        if (shrunk.length == 0) {
            return size == 1 ? EMPTY : new SortedBlocks(replace(block, 1), size - 1);
        }
        int left = block > 0 && blocks[block - 1].length + shrunk.length < MERGE_BELOW ? block - 1 : -1;
        if (left >= 0) {
            CachedObject[] before = blocks[left];
            CachedObject[] merged = Arrays.copyOf(before, before.length + shrunk.length);
            System.arraycopy(shrunk, 0, merged, before.length, shrunk.length);
            return new SortedBlocks(replace(left, 2, merged), size - 1);
        }
        return new SortedBlocks(replace(block, 1, shrunk), size - 1);
    }

    /** How many objects have keys in a range. */
    int count(String from, @Nullable String to) {
        return (to == null ? size : rank(to)) - rank(from);
    }

    /** The objects with keys from {@code from} (inclusive) to {@code to} (exclusive, null: to the end). */
    Iterator<CachedObject> range(String from, @Nullable String to) {
        return new Range(from, to);
    }

    /** How many objects have a smaller key. */
    private int rank(String key) {
        int block = blockOf(key);
        if (block < 0) {
            return 0;
        }
        int rank = 0;
        for (int i = 0; i < block; i++) {
            rank += blocks[i].length;
        }
        int index = indexIn(blocks[block], key);
        return rank + (index >= 0 ? index : -index - 1);
    }

    private CachedObject[][] replace(int at, int count, CachedObject[]... with) {
        CachedObject[][] spine = new CachedObject[blocks.length - count + with.length][];
        System.arraycopy(blocks, 0, spine, 0, at);
        System.arraycopy(with, 0, spine, at, with.length);
        System.arraycopy(blocks, at + count, spine, at + with.length, blocks.length - at - count);
        return spine;
    }

    /** The last block whose first key is not greater; -1 when all are. */
    private int blockOf(String key) {
        int low = 0;
        int high = blocks.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (blocks[middle][0].key().compareTo(key) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    private static int indexIn(CachedObject[] block, String key) {
        int low = 0;
        int high = block.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = block[middle].key().compareTo(key);
            if (order < 0) {
                low = middle + 1;
            } else if (order > 0) {
                high = middle - 1;
            } else {
                return middle;
            }
        }
        return -low - 1;
    }

    private final class Range implements Iterator<CachedObject> {
        private final @Nullable String to;
        private int block;
        private int index;
        private @Nullable CachedObject next;

        Range(String from, @Nullable String to) {
            this.to = to;
            this.block = Math.max(0, blockOf(from));
            if (block < blocks.length) {
                int found = indexIn(blocks[block], from);
                this.index = found >= 0 ? found : -found - 1;
            }
            step();
        }

        private void step() {
            while (block < blocks.length && index == blocks[block].length) {
                block++;
                index = 0;
            }
            CachedObject candidate = block < blocks.length ? blocks[block][index++] : null;
            next = candidate != null && (to == null || candidate.key().compareTo(to) < 0) ? candidate : null;
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public CachedObject next() {
            CachedObject current = next;
            if (current == null) {
                throw new NoSuchElementException();
            }
            step();
            return current;
        }
    }
}
