// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.stats;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** Bytes and inodes of a file system, by the kernel's own call: Java does not tell inodes. Stateless. */
@SuppressWarnings("restricted") // System calls need native access, which the program is started with.
public final class FileSystems {
    private static final int STRUCT_BYTES = 256;
    private static final MethodHandle STATVFS = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("statvfs"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));

    private FileSystems() {}

    /**
     * One file system.
     *
     * @param capacityBytes all of it
     * @param availableBytes for who is not privileged
     * @param usedBytes taken
     * @param inodes all of them
     * @param inodesFree free ones
     */
    public record Space(long capacityBytes, long availableBytes, long usedBytes, long inodes, long inodesFree) {}

    /** The space of the file system that holds a path. */
    public static Space of(Path path) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(STRUCT_BYTES, 8);
            int result;
            try {
                result = (int) STATVFS.invokeExact(arena.allocateFrom(path.toString()), out);
            } catch (Throwable e) {
                throw new IOException("statvfs " + path, e);
            }
            if (result != 0) {
                throw new IOException("statvfs " + path + " failed");
            }
            // f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree: eight bytes each on 64-bit Linux.
            long fragment = field(out, 1);
            return new Space(
                    field(out, 2) * fragment,
                    field(out, 4) * fragment,
                    (field(out, 2) - field(out, 3)) * fragment,
                    field(out, 5),
                    field(out, 6));
        }
    }

    private static long field(MemorySegment struct, int index) {
        return struct.get(ValueLayout.JAVA_LONG, index * 8L);
    }
}
