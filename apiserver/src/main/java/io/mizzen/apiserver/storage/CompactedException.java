// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

/** The revision asked for is older than the history kept: the API answers 410 Gone with reason Expired. */
public final class CompactedException extends StorageException {
    private final long revision;

    /**
     * @param revision the oldest revision that is still there, or 0 where the store did not say
     */
    public CompactedException(long revision) {
        super("The requested revision has been compacted; the oldest available is " + revision, null);
        this.revision = revision;
    }

    /** The oldest revision that is still there, or 0 where the store did not say. */
    public long revision() {
        return revision;
    }
}
