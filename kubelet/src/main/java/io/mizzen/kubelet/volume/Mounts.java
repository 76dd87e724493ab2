// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The kernel's mount table, by its own system calls (no process is started for them).
 *
 * <p>Failures carry the kernel's error number. Stateless.
 */
@SuppressWarnings("restricted") // System calls need native access, which the program is started with.
public final class Mounts {
    private static final long MS_NOSUID = 2;
    private static final long MS_NODEV = 4;
    private static final long MS_BIND = 4096;
    private static final long MS_REC = 16384;
    private static final int MNT_DETACH = 2;
    private static final int O_PATH = 0x200000;
    private static final int O_DIRECTORY = 0x10000;
    private static final int O_CLOEXEC = 0x80000;
    private static final int ENOENT = 2;
    private static final int EEXIST = 17;
    private static final int EXDEV = 18;
    private static final long SYS_OPENAT2 = 437;
    private static final long RESOLVE_NO_MAGICLINKS = 2;
    private static final long RESOLVE_NO_SYMLINKS = 4;
    private static final long RESOLVE_BENEATH = 8;
    private static final int ELOOP = 40;
    /** {@code struct open_how}: flags, mode, resolve. */
    private static final MemoryLayout OPEN_HOW = MemoryLayout.sequenceLayout(3, ValueLayout.JAVA_LONG);

    private static final StructLayout ERRNO = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO_FIELD = ERRNO.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle MOUNT = handle(
            "mount",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.ADDRESS));
    private static final MethodHandle UMOUNT2 =
            handle("umount2", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle OPEN =
            handle("open", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle MKDIRAT = handle(
            "mkdirat",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle OPENAT2 = handle(
            "syscall",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG));
    private static final MethodHandle CLOSE =
            handle("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private Mounts() {}

    /** Mounts memory as a directory. */
    public static void tmpfs(Path target, String options) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            call(
                    MOUNT,
                    "mount tmpfs on " + target,
                    arena,
                    arena.allocateFrom("tmpfs"),
                    arena.allocateFrom(target.toString()),
                    arena.allocateFrom("tmpfs"),
                    MS_NOSUID | MS_NODEV,
                    arena.allocateFrom(options));
        }
    }

    /**
     * Shows a part of {@code base} at a place of our own. The kernel resolves the part beneath the base (openat2), whatever
     * links a container put there meanwhile; missing directories are made in the directory that was opened; and the descriptor
     * is what gets mounted.
     *
     * @param parts names below base, none of them {@code ..}
     * @param place answers where to show it, told whether it is a directory
     */
    public static void bindBeneath(Path base, List<String> parts, Place place) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int root = call(
                    OPEN, "open " + base, arena, arena.allocateFrom(base.toString()), O_PATH | O_DIRECTORY | O_CLOEXEC);
            int part = root;
            try {
                part = openOrMake(arena, root, parts);
                Path opened = descriptor(part);
                Path target = place.of(Files.isDirectory(opened));
                call(
                        MOUNT,
                        "bind " + String.join("/", parts) + " of " + base + " on " + target,
                        arena,
                        arena.allocateFrom(opened.toString()),
                        arena.allocateFrom(target.toString()),
                        MemorySegment.NULL,
                        MS_BIND | MS_REC,
                        MemorySegment.NULL);
            } finally {
                if (part != root) {
                    call(CLOSE, "close", arena, part);
                }
                call(CLOSE, "close", arena, root);
            }
        }
    }

    /** Where a part of a volume is shown. */
    @FunctionalInterface
    public interface Place {
        /** The place, made if it was not there: a directory for a directory, else a file. */
        Path of(boolean isDirectory) throws IOException;
    }

    private static int openOrMake(Arena arena, int root, List<String> parts) throws IOException {
        int at = root;
        try {
            for (int i = 0; i < parts.size(); i++) {
                int next = openOrMake(arena, root, at, parts.subList(0, i + 1));
                if (at != root) {
                    call(CLOSE, "close", arena, at);
                }
                at = next;
            }
            return at;
        } catch (IOException | RuntimeException failed) {
            if (at != root) {
                call(CLOSE, "close", arena, at);
            }
            throw failed;
        }
    }

    /** Opens the last of the parts, made in its open parent if it is missing. */
    private static int openOrMake(Arena arena, int root, int parent, List<String> parts) throws IOException {
        String path = String.join("/", parts);
        try {
            return openBeneath(arena, root, path);
        } catch (KernelException missing) {
            if (missing.errno != ENOENT) {
                throw missing;
            }
        }
        try {
            call(MKDIRAT, "mkdir " + path, arena, parent, arena.allocateFrom(parts.getLast()), 0750);
        } catch (KernelException raced) {
            if (raced.errno != EEXIST) {
                throw raced;
            }
            // Another pod of the claim was quicker, and gives it its mode.
            return openBeneath(arena, root, path);
        }
        int made = openBeneath(arena, root, path);
        try {
            Files.setAttribute(descriptor(made), "unix:gid", Files.getAttribute(descriptor(root), "unix:gid"));
            Files.setAttribute(
                    descriptor(made), "unix:mode", (int) Files.getAttribute(descriptor(root), "unix:mode") & 07777);
            return made;
        } catch (IOException | RuntimeException failed) {
            call(CLOSE, "close", arena, made);
            throw failed;
        }
    }

    /**
     * Does something to what a name below {@code base} leads to without any link, by a path that stays with what was opened. A
     * name that is gone, or is or goes through a link, is passed over.
     */
    static void withoutLinks(Path base, Path name, FileAction action) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int root = call(
                    OPEN, "open " + base, arena, arena.allocateFrom(base.toString()), O_PATH | O_DIRECTORY | O_CLOEXEC);
            try {
                String path = name.toString().isEmpty() ? "." : name.toString();
                int opened = openBeneath(arena, root, path, RESOLVE_NO_SYMLINKS);
                try {
                    action.on(descriptor(opened));
                } finally {
                    call(CLOSE, "close", arena, opened);
                }
            } catch (KernelException passed) {
                if (passed.errno != ENOENT && passed.errno != ELOOP) {
                    throw passed;
                }
            } finally {
                call(CLOSE, "close", arena, root);
            }
        }
    }

    /** What is done to an opened file. */
    @FunctionalInterface
    interface FileAction {
        void on(Path opened) throws IOException;
    }

    private static int openBeneath(Arena arena, int root, String path) throws IOException {
        return openBeneath(arena, root, path, 0);
    }

    private static int openBeneath(Arena arena, int root, String path, long resolve) throws IOException {
        MemorySegment how = arena.allocate(OPEN_HOW);
        how.setAtIndex(ValueLayout.JAVA_LONG, 0, O_PATH | O_CLOEXEC);
        how.setAtIndex(ValueLayout.JAVA_LONG, 2, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve);
        return call(
                OPENAT2, "open " + path, arena, SYS_OPENAT2, root, arena.allocateFrom(path), how, OPEN_HOW.byteSize());
    }

    private static Path descriptor(int descriptor) {
        return Path.of("/proc/self/fd/" + descriptor);
    }

    /** Removes a mount, now or, when it is in use, as soon as it is not. */
    public static void detach(Path target) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            call(UMOUNT2, "umount " + target, arena, arena.allocateFrom(target.toString()), MNT_DETACH);
        }
    }

    /** Mount points at or below a directory, deepest first. */
    public static List<Path> below(Path root) throws IOException {
        List<Path> out = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
            Path point = Path.of(unescaped(line.split(" ")[4]));
            if (point.startsWith(root)) {
                out.add(point);
            }
        }
        out.sort(Comparator.comparingInt(Path::getNameCount).reversed());
        return out;
    }

    /** Whether something is mounted just there. */
    public static boolean isMountPoint(Path path) throws IOException {
        return below(path).contains(path);
    }

    private static String unescaped(String field) {
        return field.replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\");
    }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), descriptor, Linker.Option.captureCallState("errno"));
    }

    private static int call(MethodHandle handle, String what, Arena arena, Object... arguments) throws IOException {
        MemorySegment state = arena.allocate(ERRNO);
        Object[] all = new Object[arguments.length + 1];
        all[0] = state;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        int result;
        try {
            result = ((Number) handle.invokeWithArguments(all)).intValue();
        } catch (Throwable e) {
            throw new IOException(what, e);
        }
        if (result < 0) {
            throw new KernelException(what, (int) ERRNO_FIELD.get(state, 0L));
        }
        return result;
    }

    /** A system call that failed. */
    private static final class KernelException extends IOException {
        private final int errno;

        KernelException(String what, int errno) {
            super(what + (errno == EXDEV ? ": leads out of its volume" : ": errno " + errno));
            this.errno = errno;
        }
    }
}
