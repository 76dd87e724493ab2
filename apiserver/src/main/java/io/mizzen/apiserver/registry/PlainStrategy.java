// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Consumer;

/**
 * A strategy that differs from the ordinary only in a few switches and in defaults that depend on other fields.
 *
 * @param countsGenerations see {@link Strategy#countsGenerations}
 * @param allowsCreateOnUpdate see {@link Strategy#allowsCreateOnUpdate}
 * @param allowsUnconditionalUpdate see {@link Strategy#allowsUnconditionalUpdate}
 * @param returnsDeletedObject see {@link Strategy#returnsDeletedObject}
 * @param orphansByDefault see {@link Strategy#orphansByDefault}
 * @param ttlSeconds see {@link Strategy#ttlSeconds}
 * @param defaults fills dependent defaults; must be idempotent
 */
record PlainStrategy(
        boolean countsGenerations,
        boolean allowsCreateOnUpdate,
        boolean allowsUnconditionalUpdate,
        boolean returnsDeletedObject,
        boolean orphansByDefault,
        long ttlSeconds,
        Consumer<ObjectNode> defaults)
        implements Strategy {

    /** Nothing special. */
    static final PlainStrategy ORDINARY = new PlainStrategy(false, false, true, false, false, 0, object -> {});

    PlainStrategy generations() {
        return new PlainStrategy(
                true,
                allowsCreateOnUpdate,
                allowsUnconditionalUpdate,
                returnsDeletedObject,
                orphansByDefault,
                ttlSeconds,
                defaults);
    }

    PlainStrategy createOnUpdate() {
        return new PlainStrategy(
                countsGenerations,
                true,
                allowsUnconditionalUpdate,
                returnsDeletedObject,
                orphansByDefault,
                ttlSeconds,
                defaults);
    }

    PlainStrategy guarded() {
        return new PlainStrategy(
                countsGenerations,
                allowsCreateOnUpdate,
                false,
                returnsDeletedObject,
                orphansByDefault,
                ttlSeconds,
                defaults);
    }

    PlainStrategy returnsDeleted() {
        return new PlainStrategy(
                countsGenerations,
                allowsCreateOnUpdate,
                allowsUnconditionalUpdate,
                true,
                orphansByDefault,
                ttlSeconds,
                defaults);
    }

    PlainStrategy orphans() {
        return new PlainStrategy(
                countsGenerations,
                allowsCreateOnUpdate,
                allowsUnconditionalUpdate,
                returnsDeletedObject,
                true,
                ttlSeconds,
                defaults);
    }

    PlainStrategy livesFor(long seconds) {
        return new PlainStrategy(
                countsGenerations,
                allowsCreateOnUpdate,
                allowsUnconditionalUpdate,
                returnsDeletedObject,
                orphansByDefault,
                seconds,
                defaults);
    }

    PlainStrategy defaulting(Consumer<ObjectNode> filler) {
        return new PlainStrategy(
                countsGenerations,
                allowsCreateOnUpdate,
                allowsUnconditionalUpdate,
                returnsDeletedObject,
                orphansByDefault,
                ttlSeconds,
                filler);
    }

    @Override
    public void applyDefaults(ObjectNode object) {
        defaults.accept(object);
    }
}
