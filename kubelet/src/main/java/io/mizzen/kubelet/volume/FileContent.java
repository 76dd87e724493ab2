// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A file of a projected volume.
 *
 * @param bytes its content
 * @param mode permission bits
 * @param uid its owner
 */
public record FileContent(byte[] bytes, int mode, int uid) {

    /** A file of root. */
    public FileContent(byte[] bytes, int mode) {
        this(bytes, mode, 0);
    }

    /** Whether content, mode and owner are the same. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FileContent that
                && mode == that.mode
                && uid == that.uid
                && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(bytes) + mode;
    }
}
