// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What to list.
 *
 * @param resource a registered resource
 * @param namespace only this namespace, or null for all (and for cluster-scoped resources)
 * @param filter which objects; pure and quick. {@link #EVERYTHING} tells the cache that it need not look, and only then
 *     {@link ListResult#remaining} is known
 * @param match an exact field match to find candidates by, or null; objects must pass {@code filter} too
 * @param afterKey begin after this storage key (a continued list), or null
 * @param limit the most objects in the answer; 0 for all
 * @param revision the exact revision to read at (a continued list), or 0 for the newest the cache has
 */
public record ListRequest(
        ResourceKey resource,
        @Nullable String namespace,
        Predicate<CachedObject> filter,
        @Nullable FieldMatch match,
        @Nullable String afterKey,
        int limit,
        long revision) {

    /** Takes every object. */
    public static final Predicate<CachedObject> EVERYTHING = object -> true;

    public ListRequest {
        Objects.requireNonNull(resource);
        Objects.requireNonNull(filter);
        if (limit < 0 || revision < 0) {
            throw new IllegalArgumentException("limit and revision are not negative");
        }
    }

    /** All objects of a resource, newest. */
    public static ListRequest all(ResourceKey resource) {
        return new ListRequest(resource, null, EVERYTHING, null, null, 0, 0);
    }

    /** All objects of a resource in one namespace, newest. */
    public static ListRequest in(ResourceKey resource, String namespace) {
        return new ListRequest(resource, namespace, EVERYTHING, null, null, 0, 0);
    }

    /** The same with a filter. */
    public ListRequest filteredBy(Predicate<CachedObject> newFilter) {
        return new ListRequest(resource, namespace, newFilter, match, afterKey, limit, revision);
    }

    /** The same with an exact field match. */
    public ListRequest matching(FieldMatch newMatch) {
        return new ListRequest(resource, namespace, filter, newMatch, afterKey, limit, revision);
    }

    /** The same, one page of it. */
    public ListRequest page(@Nullable String newAfterKey, int newLimit, long newRevision) {
        return new ListRequest(resource, namespace, filter, match, newAfterKey, newLimit, newRevision);
    }
}
