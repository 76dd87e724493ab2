// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What to watch.
 *
 * @param resource a registered resource
 * @param namespace only this namespace, or null for all
 * @param filter which objects; pure and quick, it runs on the delivery thread. An object that ceases to pass is reported
 *     DELETED, one that begins to pass ADDED
 * @param match an exact field match that {@code filter} implies, or null: changes elsewhere then cost this watch nothing
 * @param start where to begin
 * @param bookmarks whether BOOKMARK events are wanted
 * @param apiVersion what a bookmark's object says as {@code apiVersion}
 * @param kind what a bookmark's object says as {@code kind}
 * @param timeout when the watch ends by itself (with a last bookmark two seconds before)
 */
public record WatchRequest(
        ResourceKey resource,
        @Nullable String namespace,
        Predicate<CachedObject> filter,
        @Nullable FieldMatch match,
        Start start,
        boolean bookmarks,
        String apiVersion,
        String kind,
        Duration timeout) {
    public WatchRequest {
        Objects.requireNonNull(resource);
        Objects.requireNonNull(filter);
        Objects.requireNonNull(start);
        Objects.requireNonNull(apiVersion);
        Objects.requireNonNull(kind);
        Objects.requireNonNull(timeout);
    }

    /** Where a watch begins. */
    public sealed interface Start {

        /**
         * After a revision the client has: changes above it, from the history window.
         *
         * @param revision the client's resourceVersion, above 0
         */
        record After(long revision) implements Start {}

        /** The state now as ADDED events, in key order, then changes ({@code resourceVersion} 0 or unset). */
        record StateNow() implements Start {}

        /**
         * As {@link StateNow}, then a BOOKMARK annotated {@code k8s.io/initial-events-end: "true"}, then changes
         * ({@code sendInitialEvents=true}, KEP-3157). The caller has awaited the revision it wants first.
         */
        record Streaming() implements Start {}
    }
}
