// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

/** The revision asked for has not been reached: the API answers 504 Timeout, "Too large resource version". */
public final class FutureRevisionException extends StorageException {
    private final long requested;
    private final long current;

    /**
     * @param requested the revision asked for
     * @param current the newest one, or 0 where the store did not say
     */
    public FutureRevisionException(long requested, long current) {
        super("Revision " + requested + " has not been reached; the newest is " + current, null);
        this.requested = requested;
        this.current = current;
    }

    /** The revision asked for. */
    public long requested() {
        return requested;
    }

    /** The newest revision at that time, or 0 where the store did not say. */
    public long current() {
        return current;
    }
}
