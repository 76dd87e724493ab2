/**
 * The store that needs no other server: RocksDB in one data folder.
 *
 * <p>In come guarded writes from any number of threads; one writer thread checks each against the newest state and commits
 * all that wait as one batch with one sync of the write-ahead log. Out go results after the sync, and events to watchers in
 * order of revision.
 *
 * <p>Four column families: {@code names} (key to its newest revision), {@code revisions} (revision to the change, which
 * holds the value once), {@code expiries} (when to key), and the default one for the counters. History, old listings and
 * watches from the past all come from {@code revisions}; a compaction deletes what was superseded.
 *
 * <p>Threads: {@code storage-writer} owns all writes, {@code storage-watch} calls all listeners, {@code storage-upkeep}
 * ends times to live, compacts, and reopens the database after a failed disk. Readers work on RocksDB snapshots.
 */
@NullMarked
package io.mizzen.apiserver.storage.embedded;

import org.jspecify.annotations.NullMarked;
