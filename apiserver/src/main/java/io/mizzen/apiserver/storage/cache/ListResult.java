// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.List;

/** The answer to a {@link ListRequest}. */
public sealed interface ListResult {

    /**
     * Objects in key order, all of one revision.
     *
     * @param items the objects
     * @param revision the revision whose state this is, which is the list's {@code metadata.resourceVersion}
     * @param more whether a page follows: continue after the last item's key, at this revision
     * @param remaining how many follow, or -1 when unknown (a filter is set)
     */
    record Listed(List<CachedObject> items, long revision, boolean more, long remaining) implements ListResult {}

    /**
     * The exact revision is older than the history kept here; the store may still have it, else 410 Expired.
     *
     * @param requested the revision asked for
     * @param oldest the oldest one that can be listed at
     */
    record TooOld(long requested, long oldest) implements ListResult {}

    /**
     * The exact revision has not come yet: {@link ObjectCache#awaitRevision} first.
     *
     * @param requested the revision asked for
     * @param current the newest one here
     */
    record TooNew(long requested, long current) implements ListResult {}
}
