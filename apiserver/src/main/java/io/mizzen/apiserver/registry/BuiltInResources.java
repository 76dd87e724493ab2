// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Puts the catalogue's kinds into the table of served resources and tells the watch cache of them. */
public final class BuiltInResources {
    /** Fields that lists are narrowed by so often that an index pays. */
    private static final Map<String, Set<String>> INDEXES = Map.of("pods", Set.of("spec.nodeName"));

    private BuiltInResources() {}

    /** Serves every built-in resource in all its versions. */
    public static void serve(Catalog catalog, ResourceRegistry registry, Strategies strategies) {
        ResourceDefinition coreEvents = null;
        for (ResourceDefinition definition : catalog.resources()) {
            if (definition.groupResource().toString().equals("events")) {
                coreEvents = definition;
            }
            List<ServedResource> served = new ArrayList<>();
            boolean showsEvents = definition.groupResource().toString().equals("events.events.k8s.io");
            ResourceDefinition stored = showsEvents && coreEvents != null ? coreEvents : definition;
            Strategy strategy = strategies.of(stored);
            for (ResourceDefinition.Version version : definition.versions()) {
                served.add(new ServedResource(
                        definition,
                        version,
                        stored,
                        BuiltInConversions.between(definition, version.name()),
                        ObjectForm.builtIn(version.schema()),
                        strategy));
            }
            registry.put(definition, served);
        }
    }

    /** Registers every persisted resource with the cache. */
    public static void cache(ResourceRegistry registry, ObjectCache cache) {
        for (ServedResource resource : registry.storedResources()) {
            cache.register(
                    resource.cacheKey(),
                    resource.stored().storagePrefix(),
                    ObjectCodec.decoder(resource.stored()),
                    INDEXES.getOrDefault(resource.stored().plural(), Set.of()));
        }
    }
}
