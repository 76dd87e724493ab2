// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A file of a projected volume.
 *
 * @param bytes its content
 * @param mode permission bits
 */
public record FileContent(byte[] bytes, int mode) {
    /** Whether content and mode are the same. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FileContent that && mode == that.mode && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(bytes) + mode;
    }
}
