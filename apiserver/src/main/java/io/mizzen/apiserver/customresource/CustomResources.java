// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.registry.Metadata;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.registry.ObjectDeletion;
import io.mizzen.apiserver.registry.ObjectStore;
import io.mizzen.apiserver.registry.ResourceRegistry;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.registry.WriteContext;
import io.mizzen.apiserver.storage.cache.CacheEvent;
import io.mizzen.apiserver.storage.cache.CacheListener;
import io.mizzen.apiserver.storage.cache.CacheWatch;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import io.mizzen.apiserver.storage.cache.WatchRequest;
import io.mizzen.apiserver.storage.cache.WatchStart;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows CustomResourceDefinitions: accepts their names, serves their kinds, and when one is deleted removes its objects
 * first. Level-triggered: a definition is looked at as it is now, and again every few seconds while something is left to
 * do. All state belongs to the thread {@code custom-resources}.
 */
public final class CustomResources implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CustomResources.class);
    private static final ResourceKey DEFINITIONS = new ResourceKey("apiextensions.k8s.io", "customresourcedefinitions");
    private static final String FINALIZER = "customresourcecleanup.apiextensions.k8s.io";
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);
    private static final Duration WATCH = Duration.ofDays(365);

    private final ObjectCache cache;
    private final ObjectStore store;
    private final ObjectDeletion deletion;
    private final ResourceRegistry resources;
    private final ServedResource definitions;
    private final InstantSource clock;
    private final Map<String, ObjectNode> known = new HashMap<>();
    private final Map<String, ResourceDefinition> served = new HashMap<>();
    private final Map<String, JsonNode> servedSpecs = new HashMap<>();
    private final Set<String> pending = new HashSet<>();
    private final Thread thread;
    private volatile boolean closing;

    private CustomResources(
            ObjectCache cache,
            ObjectStore store,
            ObjectDeletion deletion,
            ResourceRegistry resources,
            InstantSource clock) {
        this.cache = cache;
        this.store = store;
        this.deletion = deletion;
        this.resources = resources;
        this.definitions = resources.require("apiextensions.k8s.io", "customresourcedefinitions");
        this.clock = clock;
        this.thread = Thread.ofVirtual().name("custom-resources").unstarted(this::run);
    }

    /** Serves the definitions that are there before it returns, and follows changes from then on. */
    public static CustomResources start(
            ObjectCache cache,
            ObjectStore store,
            ObjectDeletion deletion,
            ResourceRegistry resources,
            InstantSource clock) {
        CustomResources started = new CustomResources(cache, store, deletion, resources, clock);
        if (cache.list(ListRequest.all(DEFINITIONS)) instanceof ListResult.Listed listed) {
            listed.items().forEach(item -> started.serveExisting(ObjectCodec.parse(item.json())));
        }
        started.thread.start();
        return started;
    }

    private void serveExisting(ObjectNode crd) {
        if (isEstablished(crd)) {
            serve(crd);
        }
    }

    private static boolean isEstablished(ObjectNode crd) {
        JsonNode condition = ObjectTree.condition(crd, "Established");
        return condition != null && condition.path("status").asText().equals("True");
    }

    private void run() {
        while (!closing) {
            WatchRequest request = new WatchRequest(
                    DEFINITIONS,
                    null,
                    ListRequest.EVERYTHING,
                    null,
                    new WatchRequest.Start.StateNow(),
                    false,
                    "apiextensions.k8s.io/v1",
                    "CustomResourceDefinition",
                    WATCH);
            if (!(cache.watch(request, CacheListener.NONE) instanceof WatchStart.Started started)) {
                continue;
            }
            try (CacheWatch watch = started.watch()) {
                follow(watch);
            } catch (InterruptedException stop) {
                return;
            }
        }
    }

    private void follow(CacheWatch watch) throws InterruptedException {
        while (!closing && watch.end() == null) {
            List<CacheEvent> events = watch.take(64, LOOK_AGAIN);
            for (CacheEvent event : events) {
                CachedObject object = event.object();
                if (object == null) {
                    continue;
                }
                if (event.type() == CacheEvent.Type.DELETED) {
                    forget(object.name());
                } else {
                    known.put(object.name(), ObjectCodec.parse(object.json()));
                    pending.add(object.name());
                }
            }
            for (String name : List.copyOf(pending)) {
                lookAt(name);
            }
        }
    }

    private void lookAt(String name) {
        ObjectNode crd = known.get(name);
        if (crd == null) {
            pending.remove(name);
            return;
        }
        try {
            if (reconcile(crd)) {
                pending.remove(name);
            }
        } catch (StatusException failed) {
            LOG.debug("the definition {} is tried again: {}", name, failed.getMessage());
        } catch (RuntimeException fault) {
            LOG.warn("the definition {} cannot be served yet", name, fault);
        }
    }

    /** Whether nothing is left to do for a definition as it is. */
    private boolean reconcile(ObjectNode crd) {
        if (ObjectTree.isTerminating(crd)) {
            return cleanUp(crd);
        }
        String problem = nameConflict(crd);
        if (!isAccepted(crd, problem)) {
            writeStatus(crd, problem);
            return false;
        }
        if (problem == null) {
            serve(crd);
        }
        return true;
    }

    private @Nullable String nameConflict(ObjectNode crd) {
        String group = ObjectTree.text(crd, "spec", "group");
        Set<String> wanted = names(crd.path("spec").path("names"));
        for (Map.Entry<String, ObjectNode> other : known.entrySet()) {
            boolean sameGroup =
                    ObjectTree.text(other.getValue(), "spec", "group").equals(group);
            if (other.getKey().equals(ObjectTree.name(crd)) || !sameGroup || !served.containsKey(other.getKey())) {
                continue;
            }
            for (String taken : names(other.getValue().path("spec").path("names"))) {
                if (wanted.contains(taken)) {
                    return "\"" + taken + "\" is already in use";
                }
            }
        }
        return null;
    }

    private static Set<String> names(JsonNode names) {
        Set<String> all = new HashSet<>(ObjectTree.texts(names.path("shortNames")));
        for (String field : List.of("plural", "singular", "kind", "listKind")) {
            all.add(names.path(field).asText());
        }
        return all;
    }

    private static boolean isAccepted(ObjectNode crd, @Nullable String problem) {
        JsonNode accepted = ObjectTree.condition(crd, "NamesAccepted");
        boolean now = accepted != null && accepted.path("status").asText().equals("True");
        boolean sameNames =
                crd.path("status").path("acceptedNames").equals(crd.path("spec").path("names"));
        return problem == null ? now && isEstablished(crd) && sameNames : accepted != null && !now;
    }

    private void writeStatus(ObjectNode crd, @Nullable String problem) {
        update(crd, "status", object -> {
            ObjectNode status = ObjectTree.child(object, "status");
            String now = Metadata.time(clock.instant());
            if (problem == null) {
                status.set("acceptedNames", object.path("spec").path("names").deepCopy());
                condition(status, "NamesAccepted", true, "NoConflicts", "no conflicts found", now);
                condition(
                        status,
                        "Established",
                        true,
                        "InitialNamesAccepted",
                        "the initial names have been accepted",
                        now);
            } else {
                condition(status, "NamesAccepted", false, "NameConflict", problem, now);
                condition(status, "Established", false, "NotAccepted", "not all names are accepted", now);
            }
            ArrayNode versions = ObjectTree.list(status, "storedVersions");
            for (JsonNode version : object.path("spec").path("versions")) {
                String name = version.path("name").asText();
                if (version.path("storage").asBoolean(false)
                        && !ObjectTree.texts(versions).contains(name)) {
                    versions.add(name);
                }
            }
        });
    }

    private static void condition(
            ObjectNode status, String type, boolean value, String reason, String message, String now) {
        ArrayNode conditions = ObjectTree.list(status, "conditions");
        ObjectNode found = null;
        for (JsonNode condition : conditions) {
            if (condition.path("type").asText().equals(type)) {
                found = (ObjectNode) condition;
            }
        }
        String text = value ? "True" : "False";
        if (found == null) {
            found = conditions.addObject().put("type", type);
        }
        if (!found.path("status").asText().equals(text)) {
            found.put("lastTransitionTime", now);
        }
        found.put("status", text).put("reason", reason).put("message", message);
    }

    private interface Edit {
        void apply(ObjectNode object);
    }

    private void update(ObjectNode crd, String subresource, Edit edit) {
        WriteContext context = WriteContext.server(clock.instant()).withSubresource(subresource);
        ObjectStore.Changed changed = store.update(context, definitions, "", ObjectTree.name(crd), current -> {
            ObjectNode object = Objects.requireNonNull(current);
            edit.apply(object);
            ObjectTree.metadata(object).remove("resourceVersion");
            return object;
        });
        LOG.trace("wrote {}", changed.created());
    }

    private void serve(ObjectNode crd) {
        String name = ObjectTree.name(crd);
        JsonNode spec = crd.path("spec");
        if (spec.equals(servedSpecs.get(name))) {
            return;
        }
        DefinitionReader.Read read = DefinitionReader.read(crd);
        ResourceDefinition definition = read.definition();
        ResourceKey key = new ResourceKey(definition.group(), definition.plural());
        cache.register(key, definition.storagePrefix(), ObjectCodec.decoder(definition));
        resources.put(definition, read.served());
        served.put(name, definition);
        servedSpecs.put(name, spec);
        LOG.info("serving custom resource {}", name);
    }

    private void forget(String name) {
        known.remove(name);
        pending.remove(name);
        servedSpecs.remove(name);
        ResourceDefinition definition = served.remove(name);
        if (definition != null) {
            resources.remove(definition);
            cache.unregister(new ResourceKey(definition.group(), definition.plural()));
            LOG.info("no longer serving custom resource {}", name);
        }
    }

    /** Deletes the objects of a definition that is going; whether none is left. */
    private boolean cleanUp(ObjectNode crd) {
        boolean waits =
                ObjectTree.texts(crd.path("metadata").path("finalizers")).contains(FINALIZER);
        ResourceDefinition definition = served.get(ObjectTree.name(crd));
        if (!waits) {
            return true;
        }
        if (definition != null && !deleteAll(definition)) {
            return false;
        }
        update(crd, "", object -> {
            ArrayNode finalizers = ObjectTree.list(ObjectTree.metadata(object), "finalizers");
            for (int i = finalizers.size() - 1; i >= 0; i--) {
                if (finalizers.get(i).asText().equals(FINALIZER)) {
                    finalizers.remove(i);
                }
            }
        });
        return true;
    }

    private boolean deleteAll(ResourceDefinition definition) {
        ServedResource resource = resources.find(definition.group(), definition.plural());
        if (resource == null
                || !(cache.list(ListRequest.all(resource.cacheKey())) instanceof ListResult.Listed listed)) {
            return true;
        }
        for (CachedObject object : listed.items()) {
            try {
                deletion.delete(
                        WriteContext.server(clock.instant()),
                        resource,
                        object.namespace(),
                        object.name(),
                        ObjectDeletion.Options.NONE);
            } catch (StatusException gone) {
                LOG.debug("{} is gone already: {}", object.key(), gone.getMessage());
            }
        }
        return listed.items().isEmpty();
    }

    @Override
    public void close() {
        closing = true;
        thread.interrupt();
        try {
            if (!thread.join(Duration.ofSeconds(5))) {
                LOG.warn("the thread custom-resources is left behind");
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
