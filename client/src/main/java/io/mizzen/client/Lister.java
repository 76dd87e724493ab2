// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import java.util.Optional;

/**
 * A cached view of the objects of one kind. It may be older than the server, never newer, and never goes back. The
 * objects are shared: copy before changing one. Thread-safe.
 */
public interface Lister<T extends HasMetadata> {

    /** The object as last seen. */
    Optional<T> find(ObjectKey key);

    /** All objects, in no particular order. */
    List<T> list();

    /** The objects of one namespace. */
    List<T> inNamespace(String namespace);

    /** The objects that an index files under a value; see {@link Indexes} for those that exist. */
    List<T> byIndex(String index, String value);
}
