// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Writes a POSIX tar archive. Times and owners are zero, so that equal content gives equal bytes; names that are too long
 * for a header go into a pax one before it. Not thread-safe.
 */
final class TarWriter {
    private static final int BLOCK = 512;
    private static final int LONGEST_NAME = 100;

    private final OutputStream out;

    TarWriter(OutputStream out) {
        this.out = out;
    }

    TarWriter folder(String name, int mode) throws IOException {
        header(name + "/", mode, 0, '5', "");
        return this;
    }

    TarWriter file(String name, int mode, byte[] content) throws IOException {
        header(name, mode, content.length, '0', "");
        out.write(content);
        pad(content.length);
        return this;
    }

    TarWriter file(String name, int mode, String content) throws IOException {
        return file(name, mode, content.getBytes(StandardCharsets.UTF_8));
    }

    /** The bytes of a file, which must not change meanwhile. */
    TarWriter file(String name, int mode, Path source) throws IOException {
        long size = Files.size(source);
        header(name, mode, size, '0', "");
        try (InputStream in = Files.newInputStream(source)) {
            if (in.transferTo(out) != size) {
                throw new IOException(source + " changed while it was read");
            }
        }
        pad(size);
        return this;
    }

    TarWriter link(String name, String target) throws IOException {
        header(name, 0777, 0, '2', target);
        return this;
    }

    /** Ends the archive; nothing may be added afterwards. The stream stays open. */
    void finish() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.flush();
    }

    private void header(String name, int mode, long size, char type, String target) throws IOException {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        byte[] link = target.getBytes(StandardCharsets.UTF_8);
        String further = further("path", name, path) + further("linkpath", target, link);
        if (!further.isEmpty()) {
            byte[] records = further.getBytes(StandardCharsets.UTF_8);
            block("pax".getBytes(StandardCharsets.UTF_8), 0644, records.length, 'x', new byte[0]);
            out.write(records);
            pad(records.length);
        }
        block(shortened(path), mode, size, type, shortened(link));
    }

    /** A pax record: its own length in decimal digits, which count too, a key and a value. */
    private static String further(String key, String value, byte[] bytes) {
        if (bytes.length <= LONGEST_NAME) {
            return "";
        }
        int rest = 1 + key.length() + 1 + bytes.length + 1;
        int length = rest;
        while (length != rest + Integer.toString(length).length()) {
            length = rest + Integer.toString(length).length();
        }
        return length + " " + key + "=" + value + "\n";
    }

    private static byte[] shortened(byte[] name) {
        return name.length <= LONGEST_NAME ? name : Arrays.copyOf(name, LONGEST_NAME);
    }

    private void block(byte[] name, int mode, long size, char type, byte[] target) throws IOException {
        byte[] header = new byte[BLOCK];
        put(header, 0, name);
        put(header, 100, "%07o".formatted(mode));
        put(header, 108, "0000000");
        put(header, 116, "0000000");
        put(header, 124, "%011o".formatted(size));
        put(header, 136, "00000000000");
        put(header, 148, "        ");
        header[156] = (byte) type;
        put(header, 157, target);
        put(header, 257, "ustar");
        put(header, 263, "00");
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        put(header, 148, "%06o\0 ".formatted(sum));
        out.write(header);
    }

    private static void put(byte[] header, int at, String text) {
        put(header, at, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void put(byte[] header, int at, byte[] bytes) {
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private void pad(long size) throws IOException {
        int rest = (int) (size % BLOCK);
        if (rest != 0) {
            out.write(new byte[BLOCK - rest]);
        }
    }
}
