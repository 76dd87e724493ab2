// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import java.lang.ref.SoftReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** Bytes that are made when asked for, kept while memory allows, and made again otherwise. */
final class Lazily {
    private final ReentrantLock lock = new ReentrantLock();
    private final Supplier<byte[]> maker;
    private volatile SoftReference<byte[]> kept = new SoftReference<>(null);

    Lazily(Supplier<byte[]> maker) {
        this.maker = maker;
    }

    /** The bytes; one caller makes them while the others wait. Do not modify. */
    byte[] get() {
        byte[] bytes = kept.get();
        if (bytes != null) {
            return bytes;
        }
        lock.lock();
        try {
            byte[] raced = kept.get();
            if (raced != null) {
                return raced;
            }
            byte[] made = maker.get();
            kept = new SoftReference<>(made);
            return made;
        } finally {
            lock.unlock();
        }
    }
}
