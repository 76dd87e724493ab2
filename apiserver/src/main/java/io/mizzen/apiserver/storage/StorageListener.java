// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import java.util.List;

/**
 * Hears the changes of one {@link Subscription}. Calls come one at a time from the store's delivery thread, which serves
 * other subscriptions too: hand over, never block long, never call a blocking method of the store from here.
 */
public interface StorageListener {

    /**
     * Changes in order of revision; together with earlier calls without gap or repetition.
     *
     * @param events at least one
     */
    void onEvents(List<StorageEvent> events);

    /**
     * Every change of this subscription up to {@code revision} has been delivered; none may have happened.
     *
     * @param revision never below that of an event delivered before
     */
    void onProgress(long revision);

    /**
     * The subscription is over and no call follows. Not called after the subscriber closed it.
     *
     * @param cause {@link CompactedException} when the history asked for is gone, so that the caller must list anew;
     *     {@link StorageUnavailableException} when the store was closed
     */
    void onClosed(StorageException cause);
}
