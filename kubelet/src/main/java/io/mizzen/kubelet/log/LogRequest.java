// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.log;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What part of a log is wanted (fields of PodLogOptions).
 *
 * @param isFollowed go on until the container ends
 * @param hasTimestamps begin each line with its time
 * @param tailLines only the last so many lines of the file; empty for all
 * @param since only lines written at or after; empty for all
 * @param limitBytes end after so many bytes; empty for no end
 */
public record LogRequest(
        boolean isFollowed,
        boolean hasTimestamps,
        OptionalLong tailLines,
        Optional<Instant> since,
        OptionalLong limitBytes) {
    /** The whole log as it is now. */
    public static LogRequest all() {
        return new LogRequest(false, false, OptionalLong.empty(), Optional.empty(), OptionalLong.empty());
    }
}
