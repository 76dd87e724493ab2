// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.resourcequota;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.Service;
import io.mizzen.api.name.GroupResource;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.api.quota.QuotaScopes;
import io.mizzen.api.quota.QuotaUsage;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Discovery;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.pod.Pods;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shell of the quota controller: lists what a quota counts, sums it up, writes the status. */
public final class ResourceQuotaController implements Controller {
    private static final Logger log = LoggerFactory.getLogger(ResourceQuotaController.class);
    private static final String NAME = "resourcequota-controller";
    private static final Duration RESYNC = Duration.ofMinutes(5);
    /** A write under way while its quota is counted may be missed; a second look finds it. */
    private static final Duration SECOND_LOOK = Duration.ofSeconds(5);

    private static final int WORKERS = 5;

    /** Kinds of which more counts than their number. */
    private static final Map<GroupResource, Class<? extends HasMetadata>> WEIGHED = Map.of(
            new GroupResource("", "pods"), Pod.class,
            new GroupResource("", "services"), Service.class,
            new GroupResource("", "persistentvolumeclaims"), PersistentVolumeClaim.class);

    private final ControllerContext context;
    private final Informer<ResourceQuota> quotas;
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;
    private final Set<GroupResource> watched = ConcurrentHashMap.newKeySet();
    private volatile List<Discovery.Served> known = List.of();

    /** Asks for its informers and waits to be started. */
    public ResourceQuotaController(ControllerContext context) {
        this.context = context;
        this.quotas = context.informers().of(ResourceQuota.class);
        this.queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, WORKERS, this::reconcile);
        quotas.onChange(new ChangeHandler<>() {
            @Override
            public void added(ResourceQuota quota) {
                queue.add(ObjectKey.of(quota));
            }

            @Override
            public void updated(ResourceQuota before, ResourceQuota quota) {
                // The status is written by admission and by this controller.
                if (!quota.getSpec().equals(before.getSpec())) {
                    queue.add(ObjectKey.of(quota));
                }
            }

            @Override
            public void deleted(ResourceQuota quota) {
                wake(quota.getMetadata().getNamespace());
            }
        });
        context.informers().of(Pod.class).onChange(new Frees<>() {
            @Override
            public void updated(Pod before, Pod pod) {
                if (Pods.isTerminal(pod) && !Pods.isTerminal(before)) {
                    deleted(pod);
                }
            }
        });
        context.informers().of(Service.class).onChange(new Frees<>());
        context.informers().of(PersistentVolumeClaim.class).onChange(new Frees<>());
        watched.addAll(WEIGHED.keySet());
    }

    /** Counts anew when something is gone. */
    private class Frees<T extends HasMetadata> implements ChangeHandler<T> {
        @Override
        public void added(T object) {
            // Admission has charged it.
        }

        @Override
        public void updated(T before, T object) {
            // Admission has charged it.
        }

        @Override
        public void deleted(T last) {
            wake(last.getMetadata().getNamespace());
        }
    }

    private void wake(String namespace) {
        quotas.inNamespace(namespace).forEach(quota -> queue.add(ObjectKey.of(quota)));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        // Past the cache, so that what admission charges meanwhile makes the write fail and the count begin anew.
        Optional<ResourceQuota> found = context.api().list(ResourceQuota.class, key.namespace()).stream()
                .filter(quota -> quota.getMetadata().getName().equals(key.name()))
                .findFirst();
        if (found.isEmpty()) {
            return Result.done();
        }
        ObjectNode quota = Json.tree(found.get());
        JsonNode spec = quota.path("spec");
        Map<String, Quantity> hard = QuotaUsage.quantities(spec.path("hard"));
        Map<String, Quantity> used = count(key.namespace(), spec, hard.keySet());
        ObjectNode status = Json.object();
        write(status.putObject("hard"), hard);
        write(status.putObject("used"), used);
        if (isSame(quota.path("status"), hard, used)) {
            return Result.after(RESYNC);
        }
        quota.set("status", status);
        if (ApiErrors.ifPresent(() -> context.api().updateStatus(Json.model(quota, ResourceQuota.class)))
                .isEmpty()) {
            log.debug("Quota {} was deleted while it was counted", key);
            return Result.done();
        }
        return Result.after(SECOND_LOOK);
    }

    private static boolean isSame(JsonNode status, Map<String, Quantity> hard, Map<String, Quantity> used) {
        return QuotaUsage.quantities(status.path("hard")).equals(hard) && sameNumbers(status.path("used"), used);
    }

    private static boolean sameNumbers(JsonNode list, Map<String, Quantity> wanted) {
        Map<String, Quantity> present = QuotaUsage.quantities(list);
        return present.keySet().equals(wanted.keySet())
                && present.entrySet().stream()
                        .allMatch(entry ->
                                entry.getValue().compareTo(wanted.getOrDefault(entry.getKey(), Quantity.ZERO)) == 0);
    }

    private static void write(ObjectNode into, Map<String, Quantity> quantities) {
        quantities.forEach((name, quantity) -> into.put(name, quantity.toString()));
    }

    private Map<String, Quantity> count(String namespace, JsonNode spec, Set<String> names) {
        Map<String, Quantity> used = new TreeMap<>();
        for (ResourceType type : countedBy(names)) {
            GroupResource resource = new GroupResource(type.group(), type.plural());
            List<String> concerned = names.stream()
                    .filter(name -> QuotaUsage.concerns(name, resource))
                    .toList();
            concerned.forEach(name -> used.put(name, Quantity.ZERO));
            for (JsonNode object : objects(type, resource, namespace)) {
                if (QuotaScopes.include(spec, resource, object)) {
                    Map<String, Quantity> cost =
                            QuotaUsage.of(resource, object, context.clock().instant());
                    concerned.forEach(name -> {
                        Quantity more = cost.getOrDefault(name, Quantity.ZERO);
                        if (!more.isZero()) {
                            used.merge(name, more, Quantity::plus);
                        }
                    });
                }
            }
        }
        return used;
    }

    private List<JsonNode> objects(ResourceType type, GroupResource resource, String namespace) {
        Class<? extends HasMetadata> model = WEIGHED.get(resource);
        List<? extends HasMetadata> list = model == null
                ? context.api().dynamic().listMetadata(type, namespace)
                : context.api().list(model, namespace);
        List<JsonNode> objects = new ArrayList<>();
        list.forEach(object -> objects.add(Json.tree(object)));
        return objects;
    }

    /** The kinds that the names are about; from now on they are watched for what is freed. */
    private List<ResourceType> countedBy(Set<String> names) {
        List<ResourceType> types = types(names);
        boolean allFound = names.stream()
                .allMatch(name -> types.stream()
                        .anyMatch(type -> QuotaUsage.concerns(name, new GroupResource(type.group(), type.plural()))));
        if (allFound) {
            return types;
        }
        known = context.api().dynamic().discover().resources();
        return types(names);
    }

    private List<ResourceType> types(Set<String> names) {
        List<ResourceType> types = new ArrayList<>();
        for (Discovery.Served served : known) {
            ResourceType type = served.type();
            GroupResource resource = new GroupResource(type.group(), type.plural());
            boolean counted = type.namespaced()
                    && served.verbs().containsAll(Set.of("create", "list", "watch"))
                    && names.stream().anyMatch(name -> QuotaUsage.concerns(name, resource));
            if (counted) {
                types.add(type);
                watch(type, resource);
            }
        }
        return types;
    }

    private void watch(ResourceType type, GroupResource resource) {
        if (watched.add(resource)) {
            Informer<GenericKubernetesResource> informer = context.informers().metadata(type);
            informer.onChange(new Frees<>());
            context.informers().start();
        }
    }
}
