// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what a subscription is told. */
public final class RecordingListener implements StorageListener {
    public final List<StorageEvent> events = new CopyOnWriteArrayList<>();
    public volatile long progress;
    public volatile StorageException closed;

    @Override
    public void onEvents(List<StorageEvent> newEvents) {
        events.addAll(newEvents);
    }

    @Override
    public void onProgress(long revision) {
        progress = revision;
    }

    @Override
    public void onClosed(StorageException cause) {
        closed = cause;
    }

    public List<Long> revisions() {
        return events.stream().map(StorageEvent::revision).toList();
    }
}
