// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.garbage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.Gauge;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Discovery;
import io.mizzen.client.EventSink;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Patches;
import io.mizzen.client.ResourceType;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shell of the garbage collector: keeps the graph, reads live, performs the {@link Verdict}. */
public final class GarbageCollector implements Controller {

    private static final Logger log = LoggerFactory.getLogger(GarbageCollector.class);
    private static final String NAME = "garbage-collector-controller";
    private static final int WORKERS = 20;
    private static final String DISCOVERY = "discovery";
    private static final String DEFINITIONS = "customresourcedefinitions";
    private static final Duration RESYNC = Duration.ofSeconds(30);
    private static final Duration FIRST_RETRY = Duration.ofSeconds(2);

    private static final String NODES_GAUGE = "garbagecollector_controller_graph_nodes";

    private final ControllerContext context;
    private final ApiClient.Dynamic api;
    private final EventSink events;
    private final OwnerGraph graph = new OwnerGraph();
    private final AbsentOwners absentOwners = new AbsentOwners(500);
    private final WorkQueue<String> discovery;
    private final WorkQueue<String> toDelete;
    private final WorkQueue<String> toOrphan;
    private final List<ControllerLoop<?>> loops;
    /** Every resource served, by {@code apiVersion/kind}; replaced as a whole by the discovery loop. */
    private volatile Map<String, ResourceType> kinds = Map.of();

    private final Map<ResourceType, Informer<GenericKubernetesResource>> watched = new ConcurrentHashMap<>();

    /** Waits to be started; it then reads discovery and watches. */
    public GarbageCollector(ControllerContext context) {
        this.context = context;
        this.api = context.api().dynamic();
        this.events = context.events().apply(NAME);
        this.toDelete = context.queue("garbage_collector_attempt_to_delete");
        this.toOrphan = context.queue("garbage_collector_attempt_to_orphan");
        this.discovery = context.queue("garbage_collector_discovery");
        this.loops = List.of(
                context.loop(discovery, "garbage-collector-discovery", 1, this::refresh),
                context.loop(toDelete, NAME, WORKERS, this::attemptToDelete),
                context.loop(toOrphan, "garbage-collector-orphan", 5, this::attemptToOrphan));
        // A manager that leads again has a new graph; the gauge of the old one would stand in its way.
        context.registry().find(NODES_GAUGE).meters().forEach(context.registry()::remove);
        Gauge.builder(NODES_GAUGE, graph, OwnerGraph::size).register(context.registry());
        discovery.add(DISCOVERY);
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return loops;
    }

    /** Reads what is served and starts or ends watches accordingly; periodic, and when users define kinds. */
    private Result refresh(String key) {
        Discovery served;
        try {
            served = api.discover();
        } catch (KubernetesClientException e) {
            log.warn("Discovery failed, trying again: {}", e.getMessage());
            return Result.after(FIRST_RETRY);
        }
        Map<String, ResourceType> byKind = new HashMap<>();
        Set<ResourceType> wanted = new HashSet<>();
        for (Discovery.Served resource : served.resources()) {
            ResourceType type = resource.type();
            byKind.putIfAbsent(kindKey(type.apiVersion(), type.kind()), type);
            byKind.putIfAbsent(kindKey(type.group(), type.kind()), type);
            boolean collectable = resource.verbs().containsAll(Set.of("list", "watch", "delete"));
            if (collectable && !isEvents(type)) {
                wanted.add(type);
            }
        }
        kinds = Map.copyOf(byKind);
        wanted.stream().filter(type -> !watched.containsKey(type)).forEach(this::watch);
        if (served.failedGroups().isEmpty()) {
            for (ResourceType type : Set.copyOf(watched.keySet())) {
                if (!wanted.contains(type)) {
                    unwatch(type);
                }
            }
        }
        context.informers().start();
        return Result.after(RESYNC);
    }

    private void watch(ResourceType type) {
        Informer<GenericKubernetesResource> informer = context.informers().metadata(type);
        watched.put(type, informer);
        if (type.plural().equals(DEFINITIONS)) {
            // Upstream waits for the next look: what a new kind owns would outlive it by up to half a minute.
            informer.onChange(ChangeHandler.of(definition -> discovery.add(DISCOVERY)));
        }
        informer.onChange(new ChangeHandler<>() {
            @Override
            public void added(GenericKubernetesResource object) {
                enqueue(graph.observe(type, object));
            }

            @Override
            public void updated(GenericKubernetesResource old, GenericKubernetesResource object) {
                if (!old.getMetadata().getUid().equals(object.getMetadata().getUid())) {
                    enqueue(graph.forget(old.getMetadata().getUid()));
                }
                enqueue(graph.observe(type, object));
            }

            @Override
            public void deleted(GenericKubernetesResource last) {
                absentOwners.add(last.getMetadata().getUid());
                enqueue(graph.forget(last.getMetadata().getUid()));
            }
        });
    }

    private void unwatch(ResourceType type) {
        watched.remove(type);
        context.informers().dropMetadata(type);
        graph.uidsOf(type).forEach(uid -> enqueue(graph.forget(uid)));
        log.info("{} is no longer served; its objects are forgotten", type.qualifiedName());
    }

    private void enqueue(List<OwnerGraph.Look> looks) {
        for (OwnerGraph.Look look : looks) {
            switch (look) {
                case OwnerGraph.Look.Delete delete -> toDelete.add(delete.uid());
                case OwnerGraph.Look.Orphan orphan -> toOrphan.add(orphan.uid());
            }
        }
    }

    private Result attemptToDelete(String uid) {
        Optional<OwnerGraph.View> found = graph.view(uid);
        if (found.isEmpty() || (found.get().beingDeleted() && !found.get().deletingDependents())) {
            return Result.done();
        }
        OwnerGraph.View node = found.get();
        ResourceType type = typeOf(node.identity());
        ObjectKey key = keyOf(type, node.identity().key());
        Optional<GenericKubernetesResource> live = api.findMetadata(type, key)
                .filter(object -> object.getMetadata().getUid().equals(uid));
        if (live.isEmpty()) {
            absentOwners.add(uid);
            enqueue(graph.forget(uid));
            return Result.done();
        }
        if (node.virtual()) {
            // It exists; its informer will show it.
            return Result.done();
        }
        if (node.deletingDependents()) {
            return goOnInForeground(type, key, node, live.get());
        }
        perform(type, key, node, live.get());
        return Result.done();
    }

    /** An owner deleted in the foreground: it goes when nothing that blocks it is left. */
    private Result goOnInForeground(
            ResourceType type, ObjectKey key, OwnerGraph.View node, GenericKubernetesResource live) {
        List<OwnerGraph.View> blocking = node.dependents().stream()
                .filter(dependent -> dependent.blocks(node.identity().uid()))
                .toList();
        if (blocking.isEmpty()) {
            removeFinalizer(type, key, live, OwnerGraph.FOREGROUND);
            return Result.done();
        }
        if (graph.waitsForItself(node.identity().uid())) {
            writeOwners(type, key, live, reference -> true, true);
        }
        blocking.stream()
                .filter(dependent -> !dependent.deletingDependents() && !dependent.beingDeleted())
                .forEach(dependent -> toDelete.add(dependent.identity().uid()));
        return Result.done();
    }

    private void perform(ResourceType type, ObjectKey key, OwnerGraph.View node, GenericKubernetesResource live) {
        List<Verdict.Owner> owners = new ArrayList<>();
        for (OwnerReference reference : ownersOf(live)) {
            owners.add(new Verdict.Owner(reference, stateOf(type, live, reference)));
        }
        boolean dependentWaits = node.dependents().stream().anyMatch(OwnerGraph.View::deletingDependents);
        Verdict verdict =
                Verdict.of(owners, live.getFinalizers(), !node.dependents().isEmpty(), dependentWaits);
        String uid = node.identity().uid();
        switch (verdict) {
            case Verdict.Keep ignored -> log.trace("{} {} has an owner", type.kind(), key);
            case Verdict.DropReferences drop ->
                writeOwners(type, key, live, reference -> !drop.ownerUids().contains(reference.getUid()), false);
            case Verdict.DeleteForeground foreground -> {
                if (foreground.unblock()) {
                    writeOwners(type, key, live, reference -> true, true);
                }
                delete(type, key, DeleteRequest.ofUid(uid).with(DeleteRequest.Propagation.Foreground));
            }
            case Verdict.Delete delete -> {
                String version = live.getMetadata().getResourceVersion();
                delete(type, key, DeleteRequest.ofUid(uid).atVersion(version).with(delete.propagation()));
            }
        }
    }

    private Verdict.OwnerState stateOf(ResourceType type, GenericKubernetesResource live, OwnerReference reference) {
        if (absentOwners.contains(reference.getUid())) {
            return Verdict.OwnerState.ABSENT;
        }
        Optional<ResourceType> ownerType = typeOf(reference.getApiVersion(), reference.getKind());
        if (ownerType.isEmpty()) {
            throw new IllegalStateException("the kind of the owner " + reference.getApiVersion() + " "
                    + reference.getKind() + " of " + type.kind() + " " + ObjectKey.of(live) + " is not served");
        }
        if (ownerType.get().namespaced() && !type.namespaced()) {
            tellInvalidNamespace(live, reference, "");
            return Verdict.OwnerState.SOLID;
        }
        ObjectKey key = keyOf(ownerType.get(), new ObjectKey(ObjectKey.of(live).namespace(), reference.getName()));
        Optional<GenericKubernetesResource> owner = api.findMetadata(ownerType.get(), key)
                .filter(object -> object.getMetadata().getUid().equals(reference.getUid()));
        if (owner.isEmpty()) {
            if (graph.view(reference.getUid()).filter(view -> !view.virtual()).isPresent()
                    && isElsewhere(reference, key)) {
                tellInvalidNamespace(live, reference, key.namespace());
            }
            absentOwners.add(reference.getUid());
            return Verdict.OwnerState.ABSENT;
        }
        boolean waits = owner.get().getMetadata().getDeletionTimestamp() != null
                && owner.get().getFinalizers().contains(OwnerGraph.FOREGROUND);
        return waits ? Verdict.OwnerState.WAITING : Verdict.OwnerState.SOLID;
    }

    private boolean isElsewhere(OwnerReference reference, ObjectKey key) {
        return graph.view(reference.getUid())
                .map(view -> !view.identity().key().equals(key))
                .orElse(false);
    }

    private void tellInvalidNamespace(GenericKubernetesResource object, OwnerReference reference, String namespace) {
        events.warning(
                object,
                "OwnerRefInvalidNamespace",
                "ownerRef [" + reference.getApiVersion() + "/" + reference.getKind() + ", namespace: " + namespace
                        + ", name: " + reference.getName() + ", uid: " + reference.getUid()
                        + "] does not exist in namespace \"" + namespace + "\"");
    }

    private void delete(ResourceType type, ObjectKey key, DeleteRequest request) {
        if (api.deleteIfPresent(type, key, request)) {
            log.debug("Deleted {} {}, which nobody owns", type.kind(), key);
        }
    }

    private Result attemptToOrphan(String uid) {
        Optional<OwnerGraph.View> found = graph.view(uid);
        if (found.isEmpty()) {
            return Result.done();
        }
        OwnerGraph.View owner = found.get();
        for (OwnerGraph.View dependent : owner.dependents()) {
            ResourceType type = typeOf(dependent.identity());
            ObjectKey key = keyOf(type, dependent.identity().key());
            api.findMetadata(type, key)
                    .filter(live -> live.getMetadata()
                            .getUid()
                            .equals(dependent.identity().uid()))
                    .ifPresent(live -> writeOwners(
                            type, key, live, reference -> !reference.getUid().equals(uid), false));
        }
        ResourceType type = typeOf(owner.identity());
        ObjectKey key = keyOf(type, owner.identity().key());
        api.findMetadata(type, key)
                .filter(live -> live.getMetadata().getUid().equals(uid))
                .ifPresent(live -> removeFinalizer(type, key, live, OwnerGraph.ORPHAN));
        return Result.done();
    }

    private void removeFinalizer(ResourceType type, ObjectKey key, GenericKubernetesResource live, String finalizer) {
        if (!live.getFinalizers().contains(finalizer)) {
            return;
        }
        patch(type, key, Patches.withoutFinalizer(live, finalizer));
    }

    private void writeOwners(
            ResourceType type,
            ObjectKey key,
            GenericKubernetesResource live,
            Predicate<OwnerReference> kept,
            boolean unblock) {
        List<OwnerReference> present = ownersOf(live);
        ObjectNode patch = Patches.guarded(live);
        ArrayNode rest = Patches.metadataList(patch, "ownerReferences");
        for (OwnerReference reference : present) {
            if (kept.test(reference)) {
                ObjectNode tree = Json.tree(reference);
                if (unblock) {
                    tree.put("blockOwnerDeletion", false);
                }
                rest.add(tree);
            }
        }
        if (rest.size() != present.size() || unblock) {
            patch(type, key, patch);
        }
    }

    private void patch(ResourceType type, ObjectKey key, ObjectNode patch) {
        var _ = ApiErrors.ifPresent(() -> api.patch(type, key, patch));
    }

    private ResourceType typeOf(OwnerGraph.Identity identity) {
        ResourceType known = identity.type();
        if (known != null) {
            return known;
        }
        return typeOf(identity.apiVersion(), identity.kind())
                .orElseThrow(() -> new IllegalStateException(
                        "the kind " + identity.apiVersion() + " " + identity.kind() + " is not served"));
    }

    /** The resource of a kind; another version of the group will do as well, since only metadata is read. */
    private Optional<ResourceType> typeOf(String apiVersion, String kind) {
        ResourceType exact = kinds.get(kindKey(apiVersion, kind));
        if (exact != null) {
            return Optional.of(exact);
        }
        int slash = apiVersion.indexOf('/');
        String group = slash < 0 ? "" : apiVersion.substring(0, slash);
        return Optional.ofNullable(kinds.get(kindKey(group, kind)));
    }

    private static ObjectKey keyOf(ResourceType type, ObjectKey key) {
        return type.namespaced() ? key : ObjectKey.cluster(key.name());
    }

    private static String kindKey(String apiVersion, String kind) {
        return apiVersion + "|" + kind;
    }

    private static boolean isEvents(ResourceType type) {
        return type.plural().equals("events");
    }

    private static List<OwnerReference> ownersOf(GenericKubernetesResource object) {
        List<OwnerReference> owners = object.getMetadata().getOwnerReferences();
        return owners == null ? List.of() : owners;
    }
}
