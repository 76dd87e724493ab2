// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A store of bytes by key with one global, ever-growing revision and compare-and-set writes.
 *
 * <p>Promises, which both implementations keep and {@code StorageContract} tests:
 *
 * <ul>
 *   <li>Every successful write takes a revision of its own, greater than all before; revisions are never used twice, not
 *       even after a crash. They may have gaps.
 *   <li>A write whose result was returned is durable: it survives the death of this process and of the machine's power
 *       (as far as the disk keeps its own promise).
 *   <li>{@link #get} and {@link #currentRevision} are linearizable: they see every write that was answered before they
 *       were called.
 *   <li>A watcher sees every change under its prefix exactly once, in order of revision, without gaps.
 * </ul>
 *
 * <p>Failures are unchecked and sealed: see {@link StorageException}. All methods block; all are safe for any thread.
 *
 * @see <a href="https://etcd.io/docs/v3.4/learning/api_guarantees/">etcd's guarantees, which are the model</a>
 */
public interface Storage extends AutoCloseable {

    /**
     * A key with the value it had.
     *
     * @param key the whole key, for example {@code /registry/pods/default/web}
     * @param value the bytes as written; shared, not copied: never change them
     * @param modRevision the revision of the write that put this value
     */
    record Entry(String key, byte[] value, long modRevision) {
        public Entry {
            Objects.requireNonNull(key);
            Objects.requireNonNull(value);
        }
    }

    /**
     * One page of a listing, in key order (by UTF-8 bytes).
     *
     * @param entries the entries of this page
     * @param revision the revision whose state this is: a watch after it continues without a gap
     * @param more whether keys follow after the last of this page
     * @param remaining how many follow, or -1 where the store does not know
     */
    record Page(List<Entry> entries, long revision, boolean more, long remaining) {
        public Page {
            entries = List.copyOf(entries);
        }
    }

    /** What became of a guarded write. */
    sealed interface WriteResult {

        /**
         * Done and durable.
         *
         * @param revision the write's own revision
         */
        record Written(long revision) implements WriteResult {}

        /**
         * Nothing was written, because the key was not as the caller believed.
         *
         * @param current what the key holds, or null when it does not exist
         */
        record Conflict(@Nullable Entry current) implements WriteResult {}
    }

    /**
     * The newest value of a key.
     *
     * @return null when the key does not exist
     * @throws StorageUnavailableException when the store does not answer
     */
    @Nullable
    Entry get(String key);

    /**
     * The entries whose keys start with a prefix, in key order, as they were at one revision.
     *
     * @param prefix a whole key prefix, ending in {@code /} where a folder is meant
     * @param afterKey begin after this key (a continued listing), or null from the start
     * @param limit the most entries in a page; 0 for all
     * @param revision the revision to read at; 0 for the newest (then linearizable)
     * @throws CompactedException when {@code revision} is older than the history kept
     * @throws FutureRevisionException when {@code revision} has not been reached
     * @throws StorageUnavailableException when the store does not answer
     */
    Page list(String prefix, @Nullable String afterKey, int limit, long revision);

    /**
     * The newest revision, linearizable: every write answered before this call has a revision at most this one.
     *
     * @throws StorageUnavailableException when the store does not answer
     */
    long currentRevision();

    /**
     * Writes a key that must not exist.
     *
     * @param ttlSeconds delete the key by itself about so many seconds later; 0 for never. A store may keep it a little
     *     longer so as to share leases
     * @return {@link WriteResult.Conflict} when the key exists
     * @throws StorageReadOnlyException when the store takes no writes (disk full)
     * @throws StorageUnavailableException when the store does not answer; see its {@code outcomeUnknown}
     * @throws ValueTooLargeException when the store refuses a value of this size
     */
    WriteResult create(String key, byte[] value, long ttlSeconds);

    /**
     * Replaces a key that must still be at the revision last read.
     *
     * @param ttlSeconds replaces the time to live: 0 takes an earlier one away
     * @return {@link WriteResult.Conflict} when the key is gone or at another revision
     * @throws StorageReadOnlyException as {@link #create}
     * @throws StorageUnavailableException as {@link #create}
     * @throws ValueTooLargeException as {@link #create}
     */
    WriteResult update(String key, byte[] value, long expectedModRevision, long ttlSeconds);

    /**
     * Deletes a key that must still be at the revision last read.
     *
     * @return {@link WriteResult.Conflict} when the key is gone or at another revision
     * @throws StorageReadOnlyException as {@link #create}
     * @throws StorageUnavailableException as {@link #create}
     */
    WriteResult delete(String key, long expectedModRevision);

    /**
     * Reports every change under a prefix with a revision above {@code afterRevision}: those of the past that are still
     * kept, then new ones for as long as the subscription is open. A lost connection is taken up again where it stopped.
     *
     * <p>That the past is gone is said through {@link StorageListener#onClosed} with {@link CompactedException}, never
     * thrown here.
     *
     * @param afterRevision the revision of the state the caller already has
     */
    Subscription watch(String prefix, long afterRevision, StorageListener listener);

    /**
     * Asks that every open subscription hears, soon and by {@link StorageListener#onProgress} or an event, of a revision
     * no older than the newest one at this call. Needed where the newest revision may belong to a key that a subscription
     * does not cover. Costs little; repeated calls may be answered as one.
     */
    void requestProgress();

    /**
     * Forgets history: afterwards no listing or watch below {@code revision} is possible. A revision at or below
     * {@link #compactedRevision} does nothing. The newest value of every key stays.
     *
     * @throws FutureRevisionException when {@code revision} has not been reached
     */
    void compact(long revision);

    /** The oldest revision that can still be listed at, as far as this process knows; 0 when nothing was compacted. */
    long compactedRevision();

    /** Ends subscriptions and threads within ten seconds. Writes under way are finished or fail; none is half done. */
    @Override
    void close();
}
