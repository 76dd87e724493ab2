// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Collection;
import java.util.function.Function;

/** A cached view that keeps itself current and tells of changes. Obtained from {@link Informers}. */
public interface Informer<T extends HasMetadata> extends Lister<T> {

    /** Adds an index; a second one of that name is ignored. */
    void addIndex(String name, Function<T, ? extends Collection<String>> values);

    /** Adds a handler; objects already cached are told as added first, on the calling thread. */
    void onChange(ChangeHandler<T> handler);

    /** Whether the first list has been read and told. */
    boolean hasSynced();
}
