// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.name.GroupVersionKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The table of served resources. Built-in ones are there from the start; custom ones come and go. Readers see an
 * immutable table; one writer at a time replaces it and then tells the listeners.
 */
public final class ResourceRegistry {

    /** Names a resource in a version. */
    private record Key(String group, String version, String plural) {}

    private record Table(List<ResourceDefinition> definitions, Map<Key, ServedResource> byPath) {}

    private volatile Table table = new Table(List.of(), Map.of());
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** Adds resources, or replaces those of the same name. */
    public void put(ResourceDefinition definition, Collection<ServedResource> served) {
        synchronized (this) {
            List<ResourceDefinition> definitions = new ArrayList<>(table.definitions());
            Map<Key, ServedResource> byPath = new LinkedHashMap<>(table.byPath());
            int at = indexOf(definitions, definition);
            if (at >= 0) {
                definitions.set(at, definition);
                byPath.values().removeIf(known -> sameResource(known.definition(), definition));
            } else {
                definitions.add(definition);
            }
            for (ServedResource resource : served) {
                byPath.put(new Key(definition.group(), resource.version().name(), definition.plural()), resource);
            }
            table = new Table(List.copyOf(definitions), byPath);
        }
        listeners.forEach(Runnable::run);
    }

    /** Takes a resource away; nothing happens when it is not there. */
    public void remove(ResourceDefinition definition) {
        synchronized (this) {
            List<ResourceDefinition> definitions = new ArrayList<>(table.definitions());
            if (!definitions.removeIf(known -> sameResource(known, definition))) {
                return;
            }
            Map<Key, ServedResource> byPath = new LinkedHashMap<>(table.byPath());
            byPath.values().removeIf(known -> sameResource(known.definition(), definition));
            table = new Table(List.copyOf(definitions), byPath);
        }
        listeners.forEach(Runnable::run);
    }

    private static int indexOf(List<ResourceDefinition> definitions, ResourceDefinition wanted) {
        for (int i = 0; i < definitions.size(); i++) {
            if (sameResource(definitions.get(i), wanted)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean sameResource(ResourceDefinition one, ResourceDefinition other) {
        return one.groupResource().equals(other.groupResource());
    }

    /** The resource at {@code /apis/<group>/<version>/<plural>}, or null. */
    public @Nullable ServedResource find(String group, String version, String plural) {
        return table.byPath().get(new Key(group, version, plural));
    }

    /** The resource in its most preferred version. */
    public @Nullable ServedResource find(String group, String plural) {
        for (ServedResource resource : table.byPath().values()) {
            if (resource.definition().group().equals(group)
                    && resource.definition().plural().equals(plural)) {
                return resource;
            }
        }
        return null;
    }

    /** The resource whose objects are of a kind, or null. */
    public @Nullable ServedResource find(GroupVersionKind kind) {
        for (ServedResource resource : table.byPath().values()) {
            if (resource.kind().equals(kind)) {
                return resource;
            }
        }
        return null;
    }

    /** A built-in resource that is known to exist. */
    public ServedResource require(String group, String plural) {
        ServedResource resource = find(group, plural);
        if (resource == null) {
            throw new IllegalStateException("the resource " + plural + "." + group + " is not served");
        }
        return resource;
    }

    /** Whether any resource of a group and version is served. */
    public boolean servesGroupVersion(String group, String version) {
        return table.byPath().keySet().stream()
                .anyMatch(key -> key.group().equals(group) && key.version().equals(version));
    }

    /** All resources in discovery order. */
    public List<ResourceDefinition> definitions() {
        return table.definitions();
    }

    /** All resources that are persisted, each once, in a served version. */
    public List<ServedResource> storedResources() {
        Map<String, ServedResource> stored = new LinkedHashMap<>();
        for (ServedResource resource : table.byPath().values()) {
            if (resource.definition().isStored()
                    && resource.definition() == resource.stored()
                    && resource.version().name().equals(resource.stored().storageVersion())) {
                stored.put(resource.stored().storagePrefix(), resource);
            }
        }
        return List.copyOf(stored.values());
    }

    /** Runs something after every change, on the thread that made the change. */
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }
}
