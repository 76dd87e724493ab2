// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes the files of a projected volume so that a reader sees either the old or the new set, never a mixture.
 *
 * <p>Files lie in a directory named after the time; {@code ..data} is a link to it that is replaced by a rename (the point of
 * no return); what users see are links through {@code ..data}. This is the layout that programs watch for.
 */
final class AtomicWriter {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyy_MM_dd_HH_mm_ss.SSSSSSSSS").withZone(ZoneOffset.UTC);
    private static final String DATA = "..data";

    private AtomicWriter() {}

    /**
     * Makes the volume contain just the given files.
     *
     * @param dir the volume
     * @param files by path relative to the volume
     * @param gid owner group of the files; empty leaves them to root
     * @param now names the new directory
     * @return whether anything changed
     */
    static boolean write(Path dir, SortedMap<String, FileContent> files, OptionalLong gid, Instant now)
            throws IOException {
        Path data = dir.resolve(DATA);
        Path old = Files.isSymbolicLink(data) ? dir.resolve(Files.readSymbolicLink(data)) : null;
        if (old != null && read(old, gid).equals(withGroup(files, gid))) {
            return false;
        }
        Path fresh = dir.resolve(".." + STAMP.format(now));
        Trees.delete(fresh);
        Files.createDirectory(fresh);
        Trees.chmod(fresh, 0755);
        for (Map.Entry<String, FileContent> file : withGroup(files, gid).entrySet()) {
            Path target = fresh.resolve(file.getKey());
            Files.createDirectories(target.getParent());
            Files.write(target, file.getValue().bytes());
            if (file.getValue().uid() != 0) {
                Files.setAttribute(target, "unix:uid", file.getValue().uid());
            }
            if (gid.isPresent()) {
                Files.setAttribute(target, "unix:gid", (int) gid.getAsLong());
            }
            Trees.chmod(target, file.getValue().mode());
        }
        Path link = dir.resolve("..data_tmp");
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, fresh.getFileName());
        Files.move(link, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        linkVisible(dir, files.keySet());
        if (old != null) {
            Trees.delete(old);
        }
        return true;
    }

    /** With a group of its own a file must be readable by it. */
    private static SortedMap<String, FileContent> withGroup(SortedMap<String, FileContent> files, OptionalLong gid) {
        if (gid.isEmpty()) {
            return files;
        }
        SortedMap<String, FileContent> out = new TreeMap<>();
        files.forEach((path, content) ->
                out.put(path, new FileContent(content.bytes(), content.mode() | 0440, content.uid())));
        return out;
    }

    private static SortedMap<String, FileContent> read(Path dir, OptionalLong gid) throws IOException {
        SortedMap<String, FileContent> files = new TreeMap<>();
        if (!Files.isDirectory(dir)) {
            return files;
        }
        try (Stream<Path> all = Files.walk(dir)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                boolean isOwned = gid.isEmpty() || (int) Files.getAttribute(path, "unix:gid") == gid.getAsLong();
                int mode = isOwned ? (int) Files.getAttribute(path, "unix:mode") & 07777 : -1;
                int uid = (int) Files.getAttribute(path, "unix:uid");
                files.put(dir.relativize(path).toString(), new FileContent(Files.readAllBytes(path), mode, uid));
            }
        }
        return files;
    }

    private static void linkVisible(Path dir, Set<String> paths) throws IOException {
        Set<String> wanted = paths.stream().map(p -> p.split("/", 2)[0]).collect(Collectors.toSet());
        for (String name : wanted) {
            Path link = dir.resolve(name);
            if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                Files.createSymbolicLink(link, Path.of(DATA, name));
            }
        }
        try (Stream<Path> children = Files.list(dir)) {
            for (Path child : children.toList()) {
                String name = child.getFileName().toString();
                if (!name.startsWith("..") && !wanted.contains(name)) {
                    Files.deleteIfExists(child);
                }
            }
        }
    }
}
