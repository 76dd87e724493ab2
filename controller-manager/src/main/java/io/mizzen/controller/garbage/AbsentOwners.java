// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.garbage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** The UIDs last proved absent; a UID never comes back, so an entry is never wrong. Thread-safe. */
final class AbsentOwners {

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Boolean> uids;

    AbsentOwners(int capacity) {
        this.uids = new LinkedHashMap<>(64, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                return size() > capacity;
            }
        };
    }

    void add(String uid) {
        lock.lock();
        try {
            uids.put(uid, true);
        } finally {
            lock.unlock();
        }
    }

    boolean contains(String uid) {
        lock.lock();
        try {
            return uids.get(uid) != null;
        } finally {
            lock.unlock();
        }
    }
}
