// SPDX-License-Identifier: Apache-2.0
package io.mizzen.testing.cluster;

/** Decides the fate of each write of a {@link MemoryClient}. */
@FunctionalInterface
public interface Faults {

    /** No faults at all. */
    Faults NONE = (verb, resource) -> Fate.NORMAL;

    /** What happens to a write. */
    enum Fate {
        /** It is done and answered. */
        NORMAL,
        /** It is refused as a conflict, without effect. */
        CONFLICT,
        /** It never arrives: no effect, no answer. */
        LOST_REQUEST,
        /** It is done, but the answer is lost. */
        LOST_ANSWER,
        /** The process dies just before it. */
        CRASH_BEFORE,
        /** The process dies just after it, before the answer. */
        CRASH_AFTER
    }

    /** The fate of the next write. */
    Fate next(String verb, String resource);

    /** The end of a simulated process; nothing inside it may catch this. */
    final class Crash extends Error {
        /** A crash before or after a write. */
        public Crash(String when) {
            super("simulated crash " + when);
        }
    }
}
