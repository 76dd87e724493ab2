// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/** Threads that wait for the cache to come to a revision; each is woken once, when its own revision is there. */
final class RevisionWaiters {
    private final ReentrantLock lock = new ReentrantLock();
    private final PriorityQueue<Waiter> waiters = new PriorityQueue<>(Comparator.comparingLong(Waiter::revision));
    /** The smallest revision waited for, so that the owner need not take the lock for nothing. */
    private volatile long smallest = Long.MAX_VALUE;

    private volatile long reached;

    private record Waiter(long revision, Thread thread) {}

    long reached() {
        return reached;
    }

    /** The cache is at a revision; called by its owner. */
    void reach(long revision) {
        reached = revision;
        if (smallest > revision) {
            return;
        }
        List<Waiter> ready = new ArrayList<>();
        lock.lock();
        try {
            while (!waiters.isEmpty() && waiters.peek().revision() <= revision) {
                ready.add(waiters.poll());
            }
            smallest = waiters.isEmpty() ? Long.MAX_VALUE : waiters.peek().revision();
        } finally {
            lock.unlock();
        }
        for (Waiter waiter : ready) {
            LockSupport.unpark(waiter.thread());
        }
    }

    /** Waits until a revision is there or a time has passed; tells which. */
    boolean await(long revision, long nanos) throws InterruptedException {
        if (reached >= revision) {
            return true;
        }
        Waiter waiter = new Waiter(revision, Thread.currentThread());
        lock.lock();
        try {
            waiters.add(waiter);
            smallest = Math.min(smallest, revision);
        } finally {
            lock.unlock();
        }
        try {
            long end = System.nanoTime() + nanos;
            while (reached < revision) {
                long left = end - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                LockSupport.parkNanos(this, left);
            }
            return true;
        } finally {
            lock.lock();
            try {
                waiters.removeIf(other -> other == waiter);
            } finally {
                lock.unlock();
            }
        }
    }
}
