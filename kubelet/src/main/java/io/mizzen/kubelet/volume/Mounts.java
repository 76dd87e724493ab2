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
    private static final int O_NOFOLLOW = 0x20000;
    private static final int O_CLOEXEC = 0x80000;

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
     * Shows {@code source} at {@code target} after making sure that it lies inside {@code base}, whatever links a container
     * put there meanwhile: the source is opened first, checked by its descriptor, and the descriptor is what gets mounted.
     */
    public static void bindInside(Path base, Path source, Path target) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int descriptor = call(
                    OPEN,
                    "open " + source,
                    arena,
                    arena.allocateFrom(source.toString()),
                    O_PATH | O_NOFOLLOW | O_CLOEXEC);
            try {
                Path real = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor));
                if (!real.startsWith(base.toRealPath())) {
                    throw new IOException("subpath " + real + " is not within volume path " + base);
                }
                call(
                        MOUNT,
                        "bind " + real + " on " + target,
                        arena,
                        arena.allocateFrom("/proc/self/fd/" + descriptor),
                        arena.allocateFrom(target.toString()),
                        MemorySegment.NULL,
                        MS_BIND | MS_REC,
                        MemorySegment.NULL);
            } finally {
                call(CLOSE, "close", arena, descriptor);
            }
        }
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
            result = (int) handle.invokeWithArguments(all);
        } catch (Throwable e) {
            throw new IOException(what, e);
        }
        if (result < 0) {
            throw new IOException(what + ": errno " + (int) ERRNO_FIELD.get(state, 0L));
        }
        return result;
    }
}
