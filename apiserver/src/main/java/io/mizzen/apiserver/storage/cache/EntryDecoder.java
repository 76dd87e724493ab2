// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

/**
 * Turns a stored value into what the cache holds. Called by the store's delivery thread for every change, so it must be
 * quick and must not block; it may also be called by the thread that registers a resource.
 */
@FunctionalInterface
public interface EntryDecoder {

    /**
     * Decodes one value.
     *
     * @param key the storage key
     * @param value the stored bytes, <em>or</em> the {@code json} of an earlier result of this decoder (a deleted object is
     *     reported with the revision of its deletion): a {@code metadata.resourceVersion} already there is replaced
     * @param revision what {@code metadata.resourceVersion} is to say
     * @throws RuntimeException when the value is not an object of this resource; the cache logs it once and leaves the key out
     */
    CachedObject decode(String key, byte[] value, long revision);
}
