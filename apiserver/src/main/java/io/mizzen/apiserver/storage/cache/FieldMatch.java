// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.Objects;

/**
 * An exact match on one selectable field, by which an index or a bucket of watchers is found. It narrows: the request's
 * filter is applied as well.
 *
 * @param field the path, for example {@code spec.nodeName} or {@code metadata.name}
 * @param value the value wanted
 */
public record FieldMatch(String field, String value) {
    public FieldMatch {
        Objects.requireNonNull(field);
        Objects.requireNonNull(value);
    }
}
