// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a write has claimed before it is stored (a share of a quota, an address, a port), to be given back when it is not stored
 * after all. Confined to the thread of its write.
 */
public final class Rollback {
    private static final Logger LOG = LoggerFactory.getLogger(Rollback.class);

    private final Deque<Runnable> claims = new ArrayDeque<>();

    /** Notes how something that was just claimed is given back. */
    public void add(Runnable giveBack) {
        claims.push(giveBack);
    }

    /** Gives all back, the latest first. */
    public void run() {
        while (!claims.isEmpty()) {
            attempt(claims.pop());
        }
    }

    /**
     * Gives one thing back. A failure is only logged: the client must hear how its write went, and what stays claimed is found
     * by the controllers that count and repair.
     */
    public static void attempt(Runnable giveBack) {
        try {
            giveBack.run();
        } catch (RuntimeException failed) {
            LOG.warn("What a write had claimed could not be given back: {}", failed.toString());
        }
    }
}
