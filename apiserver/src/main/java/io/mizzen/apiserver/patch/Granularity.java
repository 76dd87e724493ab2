// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.Schema.ListType;
import io.mizzen.api.schema.Schema.Type;
import org.jspecify.annotations.Nullable;

/** How far server-side apply looks into a value. Where there is no schema, objects are looked into and lists are not. */
enum Granularity {
    /** Owned as one value: a scalar, an atomic list or map. */
    LEAF,
    /** A map or struct whose members are owned apart. */
    FIELDS,
    /** A list whose elements have names. */
    ELEMENTS;

    static Granularity of(JsonNode value, @Nullable Schema schema) {
        if (schema == null || schema.type() == Type.ANY) {
            return value.isObject() ? FIELDS : LEAF;
        }
        return switch (schema.type()) {
            case OBJECT -> value.isObject() && !schema.isAtomicMap() ? FIELDS : LEAF;
            case ARRAY -> value.isArray() && schema.listType() != ListType.ATOMIC ? ELEMENTS : LEAF;
            default -> LEAF;
        };
    }

    /** The schema of a member; null where nothing is declared for it. */
    static @Nullable Schema member(@Nullable Schema schema, String name) {
        return schema == null ? null : schema.field(name);
    }

    /** Whether a member is a declared field of a struct, which exists without being owned by itself. */
    static boolean isDeclared(@Nullable Schema schema, String name) {
        return schema != null && schema.property(name) != null;
    }
}
