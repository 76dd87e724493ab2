// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.WriteResult;
import io.mizzen.apiserver.storage.StorageEvent;
import io.mizzen.apiserver.storage.embedded.RocksStore.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * The commands of one commit, decided in order: each sees what those before it in the group did. Decides only; the writer
 * thread performs the batch and answers.
 */
final class WriteGroup {

    /** Where the newest committed state is read. */
    interface State {
        Layout.@Nullable Name name(byte[] key) throws RocksDBException;

        byte @Nullable [] value(long revision) throws RocksDBException;
    }

    private record Current(Layout.Name name, byte[] value) {}

    private final State state;
    private final long nowSeconds;
    private final Map<String, @Nullable Current> changed = new HashMap<>();
    private final Batch batch = new Batch();
    private final List<StorageEvent> events = new ArrayList<>();
    private long revision;

    /**
     * @param revision the newest revision so far
     * @param nowSeconds the epoch second, for times to live
     */
    WriteGroup(State state, long revision, long nowSeconds) {
        this.state = state;
        this.revision = revision;
        this.nowSeconds = nowSeconds;
    }

    /** Decides one command; its result holds once the batch is committed. */
    WriteResult add(WriteCommand command) throws RocksDBException {
        byte[] key = Layout.bytes(command.key());
        Current current = changed.containsKey(command.key()) ? changed.get(command.key()) : read(key);
        long found = current == null ? 0 : current.name().modRevision();
        if (found != command.expected()) {
            return new WriteResult.Conflict(current == null ? null : new Entry(command.key(), current.value(), found));
        }
        revision++;
        byte[] value = command.value();
        if (current != null && current.name().expiry() != 0) {
            batch.delete(Table.EXPIRIES, Layout.expiry(current.name().expiry(), found));
        }
        batch.put(Table.REVISIONS, Layout.number(revision), Layout.change(key, found, value));
        if (value == null) {
            batch.delete(Table.NAMES, key);
            changed.put(command.key(), null);
        } else {
            long expiry = command.ttlSeconds() == 0 ? 0 : nowSeconds + command.ttlSeconds();
            Layout.Name name = new Layout.Name(revision, expiry);
            batch.put(Table.NAMES, key, Layout.name(name));
            if (expiry != 0) {
                batch.put(Table.EXPIRIES, Layout.expiry(expiry, revision), key);
            }
            changed.put(command.key(), new Current(name, value));
        }
        events.add(new StorageEvent(revision, command.key(), value, current == null ? null : current.value()));
        return new WriteResult.Written(revision);
    }

    private @Nullable Current read(byte[] key) throws RocksDBException {
        Layout.Name name = state.name(key);
        if (name == null) {
            return null;
        }
        byte[] value = state.value(name.modRevision());
        if (value == null) {
            throw new IllegalStateException("No value of " + Layout.text(key) + " at revision " + name.modRevision());
        }
        return new Current(name, value);
    }

    /** What to commit, the counter included; empty when nothing is to be written. */
    Batch batch() {
        if (!batch.isEmpty()) {
            batch.put(Table.META, Layout.REVISION, Layout.number(revision));
        }
        return batch;
    }

    /** The changes, in order of revision. */
    List<StorageEvent> events() {
        return events;
    }

    /** The newest revision once the batch is committed. */
    long revision() {
        return revision;
    }
}
