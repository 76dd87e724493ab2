// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.target;

import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.kubectl.rest.ResourceType;
import java.util.List;
import java.util.Optional;

/** The built-in resources, for {@code --local}, where no server is asked. Stateless. */
final class BuiltInTypes {
    private BuiltInTypes() {}

    static Optional<ResourceType> kind(String apiVersion, String kind) {
        int slash = apiVersion.indexOf('/');
        String group = slash < 0 ? "" : apiVersion.substring(0, slash);
        String version = apiVersion.substring(slash + 1);
        for (ResourceDefinition one : Catalog.builtIn().resources()) {
            if (one.group().equals(group)
                    && one.kind().equals(kind)
                    && one.versionNames().contains(version)) {
                return Optional.of(new ResourceType(
                        group,
                        version,
                        one.plural(),
                        one.singular(),
                        kind,
                        one.namespaced(),
                        one.verbs(),
                        one.shortNames(),
                        one.categories(),
                        List.copyOf(one.subresources().keySet())));
            }
        }
        return Optional.empty();
    }
}
