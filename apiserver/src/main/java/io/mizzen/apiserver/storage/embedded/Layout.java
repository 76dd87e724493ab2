// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How keys and values look on disk. Numbers are big-endian, so that the order of bytes is the order of numbers.
 *
 * <pre>
 * default    "revision" | "compacted" | "cleaned" | "format"  ->  number
 * names      key                                              ->  modRevision, expiry (epoch second, 0 for never)
 * revisions  revision                                         ->  op, previous revision (0: did not exist), key length, key, value
 * expiries   expiry, modRevision                              ->  key
 * </pre>
 *
 * Pure: bytes in, values out.
 */
final class Layout {
    /** The layout that this code writes; a folder with another is refused. */
    static final long FORMAT = 1;

    static final byte[] REVISION = ascii("revision");
    static final byte[] COMPACTED = ascii("compacted");
    static final byte[] CLEANED = ascii("cleaned");
    static final byte[] FORMAT_KEY = ascii("format");

    private static final byte PUT = 1;
    private static final byte DELETE = 2;
    private static final int CHANGE_HEADER = 1 + Long.BYTES + Integer.BYTES;

    private Layout() {}

    /**
     * What {@code names} says of a key.
     *
     * @param modRevision the revision of its newest value
     * @param expiry the epoch second after which it is deleted, 0 for never
     */
    record Name(long modRevision, long expiry) {}

    /**
     * One change, as {@code revisions} keeps it.
     *
     * @param revision its revision
     * @param key the key's bytes
     * @param previous the revision of the value it replaced, 0 when there was none
     * @param value the new value, null for a deletion
     */
    record Change(long revision, byte[] key, long previous, byte @Nullable [] value) {
        String name() {
            return text(key);
        }
    }

    static byte[] number(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }

    static long number(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getLong();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static byte[] name(Name name) {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(name.modRevision())
                .putLong(name.expiry())
                .array();
    }

    static Name name(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        return new Name(in.getLong(), in.getLong());
    }

    static byte[] change(byte[] key, long previous, byte @Nullable [] value) {
        int length = value == null ? 0 : value.length;
        ByteBuffer out = ByteBuffer.allocate(CHANGE_HEADER + key.length + length)
                .put(value == null ? DELETE : PUT)
                .putLong(previous)
                .putInt(key.length)
                .put(key);
        if (value != null) {
            out.put(value);
        }
        return out.array();
    }

    static Change change(long revision, byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        byte op = in.get();
        long previous = in.getLong();
        byte[] key = new byte[in.getInt()];
        in.get(key);
        byte[] value = op == DELETE ? null : Arrays.copyOfRange(bytes, in.position(), bytes.length);
        return new Change(revision, key, previous, value);
    }

    /** Only the value of a change; null for a deletion. */
    static byte @Nullable [] value(byte[] change) {
        if (change[0] == DELETE) {
            return null;
        }
        int keyLength = ByteBuffer.wrap(change).getInt(1 + Long.BYTES);
        return Arrays.copyOfRange(change, CHANGE_HEADER + keyLength, change.length);
    }

    static byte[] expiry(long expiry, long modRevision) {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(expiry)
                .putLong(modRevision)
                .array();
    }

    /** The first key after all that start with a prefix; null when there is none (the prefix is all 0xff or empty). */
    static byte @Nullable [] endOf(byte[] prefix) {
        for (int i = prefix.length - 1; i >= 0; i--) {
            if (prefix[i] != (byte) 0xff) {
                byte[] end = Arrays.copyOf(prefix, i + 1);
                end[i]++;
                return end;
            }
        }
        return null;
    }

    /** The first key after this one. */
    static byte[] successor(byte[] key) {
        return Arrays.copyOf(key, key.length + 1);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
