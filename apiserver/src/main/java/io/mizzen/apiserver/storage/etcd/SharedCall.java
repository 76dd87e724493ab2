// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets many callers share one question to etcd without losing linearizability: a caller never gets the answer to a question
 * that was asked before it came, but all who come while one is under way share the next.
 */
final class SharedCall<T> {
    private final Supplier<CompletableFuture<T>> ask;
    private final ReentrantLock lock = new ReentrantLock();
    private boolean running;
    private @Nullable CompletableFuture<T> next;

    SharedCall(Supplier<CompletableFuture<T>> ask) {
        this.ask = ask;
    }

    CompletableFuture<T> join() {
        CompletableFuture<T> mine;
        lock.lock();
        try {
            if (running) {
                CompletableFuture<T> waiting = next;
                if (waiting == null) {
                    waiting = new CompletableFuture<>();
                    next = waiting;
                }
                return waiting.copy();
            }
            running = true;
            mine = new CompletableFuture<>();
        } finally {
            lock.unlock();
        }
        run(mine);
        return mine.copy();
    }

    private void run(CompletableFuture<T> result) {
        CompletableFuture<T> asked;
        try {
            asked = ask.get();
        } catch (RuntimeException e) {
            asked = CompletableFuture.failedFuture(e);
        }
        CompletableFuture<T> unused = asked.whenComplete((answer, failure) -> {
            CompletableFuture<T> following;
            lock.lock();
            try {
                following = next;
                next = null;
                running = following != null;
            } finally {
                lock.unlock();
            }
            if (following != null) {
                run(following);
            }
            if (failure != null) {
                result.completeExceptionally(failure);
            } else {
                result.complete(answer);
            }
        });
    }
}
