// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.stream;

import io.mizzen.kubectl.cli.Io;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The tar format (ustar, with GNU's long names): just what {@code cp} needs. Stateless. */
final class Tar {
    private static final int BLOCK = 512;
    private static final int NAME = 100;

    private Tar() {}

    /** Writes a file or a whole folder under {@code name}. */
    static void write(Path from, String name, OutputStream out) throws IOException {
        try (Stream<Path> walk = Files.walk(from)) {
            List<Path> all = walk.sorted().toList();
            for (Path path : all) {
                String relative = from.relativize(path).toString();
                entry(path, relative.isEmpty() ? name : name + "/" + relative, out);
            }
        }
        out.write(new byte[BLOCK * 2]);
        out.flush();
    }

    private static void entry(Path path, String name, OutputStream out) throws IOException {
        if (Files.isSymbolicLink(path)) {
            header(out, name, '2', 0, 0777, Files.readSymbolicLink(path).toString());
        } else if (Files.isDirectory(path)) {
            header(out, name + "/", '5', 0, mode(path), "");
        } else if (Files.isRegularFile(path)) {
            long size = Files.size(path);
            header(out, name, '0', size, mode(path), "");
            try (InputStream in = Files.newInputStream(path)) {
                long copied = in.transferTo(out);
                if (copied != size) {
                    throw new IOException(path + " changed while it was read");
                }
            }
            out.write(new byte[(int) ((BLOCK - size % BLOCK) % BLOCK)]);
        }
    }

    private static int mode(Path path) throws IOException {
        int mode = 0;
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
        PosixFilePermission[] order = PosixFilePermission.values();
        for (int i = 0; i < order.length; i++) {
            if (permissions.contains(order[i])) {
                mode |= 1 << (8 - i);
            }
        }
        return mode;
    }

    private static void header(OutputStream out, String name, char type, long size, int mode, String link)
            throws IOException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > NAME) {
            longName(out, bytes, 'L');
        }
        byte[] linkBytes = link.getBytes(StandardCharsets.UTF_8);
        if (linkBytes.length > NAME) {
            longName(out, linkBytes, 'K');
        }
        block(out, bytes, type, size, mode, linkBytes);
    }

    private static void longName(OutputStream out, byte[] name, char type) throws IOException {
        block(out, "././@LongLink".getBytes(StandardCharsets.US_ASCII), type, name.length + 1L, 0, new byte[0]);
        out.write(name);
        out.write(new byte[BLOCK - name.length % BLOCK]);
    }

    private static void block(OutputStream out, byte[] name, char type, long size, int mode, byte[] link)
            throws IOException {
        byte[] head = new byte[BLOCK];
        System.arraycopy(name, 0, head, 0, Math.min(name.length, NAME));
        octal(head, 100, 8, mode);
        octal(head, 108, 8, 0);
        octal(head, 116, 8, 0);
        octal(head, 124, 12, size);
        octal(head, 136, 12, System.currentTimeMillis() / 1000);
        head[156] = (byte) type;
        System.arraycopy(link, 0, head, 157, Math.min(link.length, NAME));
        byte[] magic = {'u', 's', 't', 'a', 'r', ' ', ' ', 0};
        System.arraycopy(magic, 0, head, 257, magic.length);
        java.util.Arrays.fill(head, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte b : head) {
            sum += b & 0xff;
        }
        byte[] text = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, head, 148, 8);
        out.write(head);
    }

    private static void octal(byte[] head, int at, int width, long value) {
        String text = String.format("%0" + (width - 1) + "o", value);
        if (text.length() >= width) {
            // Larger than eight gigabytes: GNU's binary form.
            head[at] = (byte) 0x80;
            for (int i = 0; i < 8; i++) {
                head[at + width - 1 - i] = (byte) (value >> (8 * i));
            }
            return;
        }
        System.arraycopy(text.getBytes(StandardCharsets.US_ASCII), 0, head, at, text.length());
    }

    /**
     * Unpacks below {@code place}; {@code prefix} is the packed root, which becomes {@code place} itself. Names that would leave it are
     * skipped with a warning.
     */
    static void read(InputStream in, String prefix, Path place, Io io) throws IOException {
        String longName = "";
        boolean any = false;
        byte[] head = new byte[BLOCK];
        while (readBlock(in, head)) {
            long size = number(head, 124, 12);
            char type = (char) head[156];
            if (type == 'L') {
                longName = new String(in.readNBytes((int) size), StandardCharsets.UTF_8).replace("\0", "");
                skip(in, (BLOCK - size % BLOCK) % BLOCK);
                continue;
            }
            String name = longName.isEmpty() ? text(head, 0, NAME) : longName;
            longName = "";
            any = true;
            Path target = target(name, prefix, place);
            if (target == null) {
                io.errorLine("warning: file \"" + name + "\" is outside target destination, skipping");
                skip(in, size + (BLOCK - size % BLOCK) % BLOCK);
            } else {
                unpack(in, type, size, (int) number(head, 100, 8), target, name, io);
            }
        }
        if (!any) {
            throw new IOException("tar: nothing was sent");
        }
    }

    private static @org.jspecify.annotations.Nullable Path target(String name, String prefix, Path place) {
        String clean = name.startsWith("/") ? name.substring(1) : name;
        if (!clean.startsWith(prefix)) {
            return null;
        }
        String rest = clean.substring(prefix.length());
        while (rest.startsWith("/")) {
            rest = rest.substring(1);
        }
        Path root = place.toAbsolutePath().normalize();
        Path target = root.resolve(rest).normalize();
        return target.startsWith(root) ? target : null;
    }

    private static void unpack(InputStream in, char type, long size, int mode, Path target, String name, Io io)
            throws IOException {
        if (type == '5' || name.endsWith("/")) {
            Files.createDirectories(target);
        } else if (type == '0' || type == 0) {
            Path folder = target.getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            try (OutputStream out = Files.newOutputStream(target)) {
                copy(in, out, size);
            }
            Files.setPosixFilePermissions(target, permissions(mode));
            skip(in, (BLOCK - size % BLOCK) % BLOCK);
            return;
        } else {
            io.errorLine("warning: skipping symlink: \"" + name + "\"");
        }
        skip(in, size + (BLOCK - size % BLOCK) % BLOCK);
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
        PosixFilePermission[] order = PosixFilePermission.values();
        for (int i = 0; i < order.length; i++) {
            if ((mode & 1 << (8 - i)) != 0) {
                set.add(order[i]);
            }
        }
        return set;
    }

    private static void copy(InputStream in, OutputStream out, long size) throws IOException {
        byte[] buffer = new byte[32 * 1024];
        long left = size;
        while (left > 0) {
            int n = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (n < 0) {
                throw new EOFException("unexpected EOF");
            }
            out.write(buffer, 0, n);
            left -= n;
        }
    }

    private static void skip(InputStream in, long count) throws IOException {
        in.skipNBytes(count);
    }

    private static boolean readBlock(InputStream in, byte[] head) throws IOException {
        int n = in.readNBytes(head, 0, BLOCK);
        if (n < BLOCK) {
            return false;
        }
        return head[0] != 0;
    }

    private static String text(byte[] head, int at, int length) {
        int end = at;
        while (end < at + length && head[end] != 0) {
            end++;
        }
        return new String(head, at, end - at, StandardCharsets.UTF_8);
    }

    private static long number(byte[] head, int at, int width) {
        if ((head[at] & 0x80) != 0) {
            long value = 0;
            for (int i = at + 1; i < at + width; i++) {
                value = value << 8 | head[i] & 0xff;
            }
            return value;
        }
        String text = text(head, at, width).strip();
        return text.isEmpty() ? 0 : Long.parseLong(text, 8);
    }
}
