// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.patch;

import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import org.jspecify.annotations.Nullable;

/** The schemas of built-in kinds, loaded only when a strategic patch is to be made. Stateless. */
public final class Schemas {
    private Schemas() {}

    /** The schema of a kind, or null when it is not built in. */
    public static @Nullable Schema of(String apiVersion, String kind) {
        int slash = apiVersion.indexOf('/');
        String group = slash < 0 ? "" : apiVersion.substring(0, slash);
        return Catalog.builtIn().schemaOf(new GroupVersionKind(group, apiVersion.substring(slash + 1), kind));
    }
}
