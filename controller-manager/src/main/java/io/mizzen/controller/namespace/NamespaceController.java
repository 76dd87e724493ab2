// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.namespace;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.NamespaceConditionBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Discovery;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.condition.Condition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Empties terminating namespaces, pods before all else (KEP-5080), and finalizes them. Work starts five seconds after the
 * deletion, so that every API server refuses new content by then. Rounds follow each other while something is left, soon
 * at first and at most every 15 s.
 */
public final class NamespaceController implements Controller {

    private static final Logger log = LoggerFactory.getLogger(NamespaceController.class);
    private static final String NAME = "namespace-controller";
    private static final String FINALIZER = "kubernetes";
    private static final int WORKERS = 10;
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final Duration FIRST_WAIT = Duration.ofMillis(500);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(15);

    private final ControllerContext context;
    private final Informer<Namespace> namespaces;
    private final ControllerLoop<String> loop;

    /** Asks for its informer and waits to be started. */
    public NamespaceController(ControllerContext context) {
        this.context = context;
        this.namespaces = context.informers().of(Namespace.class);
        WorkQueue<String> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, WORKERS, this::reconcile);
        namespaces.onChange(new ChangeHandler<>() {
            @Override
            public void added(Namespace namespace) {
                if (namespace.getMetadata().getDeletionTimestamp() != null) {
                    queue.addAfter(namespace.getMetadata().getName(), GRACE);
                }
            }

            @Override
            public void updated(Namespace old, Namespace namespace) {
                if (old.getMetadata().getDeletionTimestamp() == null) {
                    added(namespace);
                }
            }

            @Override
            public void deleted(Namespace last) {}
        });
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(String name) {
        Optional<Namespace> live = context.api().find(Namespace.class, ObjectKey.cluster(name));
        if (live.isEmpty() || live.get().getMetadata().getDeletionTimestamp() == null) {
            return Result.done();
        }
        Namespace namespace = markTerminating(live.get());
        if (!hasFinalizer(namespace)) {
            return Result.done();
        }
        Leftovers leftovers = empty(name);
        Namespace updated = writeConditions(namespace, leftovers);
        if (leftovers.isEmpty()) {
            finalizeNamespace(updated);
            log.info("Namespace {} is empty and was let go", name);
            return Result.done();
        }
        return Result.after(wait(namespace));
    }

    /** Short waits for a namespace whose deletion is young, longer ones the longer it lasts. */
    private Duration wait(Namespace namespace) {
        Duration age = io.mizzen.controller.condition.Timestamps.since(
                namespace.getMetadata().getDeletionTimestamp(), context.clock().instant());
        Duration wait = age.minus(GRACE).dividedBy(4);
        if (wait.compareTo(FIRST_WAIT) < 0) {
            return FIRST_WAIT;
        }
        return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
    }

    private Namespace markTerminating(Namespace namespace) {
        boolean marked = namespace.getStatus() != null
                && "Terminating".equals(namespace.getStatus().getPhase());
        if (marked) {
            return namespace;
        }
        return context.api()
                .updateStatus(new NamespaceBuilder(namespace)
                        .editOrNewStatus()
                        .withPhase("Terminating")
                        .endStatus()
                        .build());
    }

    private Leftovers empty(String namespace) {
        Discovery discovery = context.api().dynamic().discover();
        List<ResourceType> types = discovery.resources().stream()
                .filter(served -> served.type().namespaced()
                        && served.verbs().contains("delete")
                        && served.verbs().contains("list"))
                .map(Discovery.Served::type)
                .sorted(Comparator.comparing((ResourceType type) -> !isPods(type))
                        .thenComparing(ResourceType::qualifiedName))
                .toList();
        List<String> failures = new ArrayList<>();
        Map<String, Integer> remaining = new TreeMap<>();
        Map<String, Integer> finalizers = new TreeMap<>();
        for (ResourceType type : types) {
            boolean collective = discovery.resources().stream()
                    .anyMatch(served ->
                            served.type().equals(type) && served.verbs().contains("deletecollection"));
            try {
                List<GenericKubernetesResource> left = deleteAll(type, namespace, collective);
                if (!left.isEmpty()) {
                    remaining.put(label(type), left.size());
                    left.forEach(object ->
                            object.getFinalizers().forEach(finalizer -> finalizers.merge(finalizer, 1, Integer::sum)));
                }
            } catch (KubernetesClientException e) {
                if (!ApiErrors.isNotFound(e) && e.getCode() != 405) {
                    failures.add(type.qualifiedName() + ": " + ApiErrors.message(e));
                }
            }
            if (isPods(type) && (!remaining.isEmpty() || !failures.isEmpty())) {
                // Nothing that pods may still need goes before they have. They are the first type: what there is to
                // tell is of them.
                break;
            }
        }
        return new Leftovers(discovery.failedGroups(), failures, remaining, finalizers);
    }

    private List<GenericKubernetesResource> deleteAll(ResourceType type, String namespace, boolean collective) {
        ApiDeletes deletes = new ApiDeletes(type, namespace);
        List<GenericKubernetesResource> present = deletes.list();
        if (present.isEmpty()) {
            return present;
        }
        if (collective) {
            context.api()
                    .dynamic()
                    .deleteCollection(
                            type, namespace, DeleteRequest.plain().with(DeleteRequest.Propagation.Background));
        } else {
            present.forEach(deletes::delete);
        }
        return deletes.list();
    }

    private final class ApiDeletes {
        private final ResourceType type;
        private final String namespace;

        ApiDeletes(ResourceType type, String namespace) {
            this.type = type;
            this.namespace = namespace;
        }

        List<GenericKubernetesResource> list() {
            return context.api().dynamic().listMetadata(type, namespace);
        }

        void delete(GenericKubernetesResource object) {
            context.api()
                    .dynamic()
                    .deleteIfPresent(
                            type,
                            ObjectKey.of(object),
                            DeleteRequest.plain().with(DeleteRequest.Propagation.Background));
        }
    }

    private Namespace writeConditions(Namespace namespace, Leftovers leftovers) {
        List<Condition> present =
                namespace.getStatus() == null || namespace.getStatus().getConditions() == null
                        ? List.of()
                        : namespace.getStatus().getConditions().stream()
                                .map(c -> Condition.read(
                                        c.getType(),
                                        c.getStatus(),
                                        c.getReason(),
                                        c.getMessage(),
                                        null,
                                        c.getLastTransitionTime()))
                                .toList();
        Instant now = context.clock().instant();
        List<Condition> wanted = leftovers.conditions(present, now);
        if (wanted.equals(present)) {
            return namespace;
        }
        List<NamespaceCondition> models = wanted.stream()
                .map(c -> new NamespaceConditionBuilder()
                        .withType(c.type())
                        .withStatus(c.status())
                        .withReason(c.reason())
                        .withMessage(c.message())
                        .withLastTransitionTime(c.transitioned())
                        .build())
                .toList();
        return context.api()
                .updateStatus(new NamespaceBuilder(namespace)
                        .editOrNewStatus()
                        .withConditions(models)
                        .endStatus()
                        .build());
    }

    private void finalizeNamespace(Namespace namespace) {
        Namespace freed = new NamespaceBuilder(namespace)
                .editOrNewSpec()
                .removeFromFinalizers(FINALIZER)
                .endSpec()
                .build();
        String path = ResourceType.of(Namespace.class).objectPath(ObjectKey.of(namespace)) + "/finalize";
        context.api().dynamic().send("PUT", path, Json.tree(freed));
    }

    private static boolean hasFinalizer(Namespace namespace) {
        return namespace.getSpec() != null
                && namespace.getSpec().getFinalizers() != null
                && namespace.getSpec().getFinalizers().contains(FINALIZER);
    }

    private static boolean isPods(ResourceType type) {
        return type.group().isEmpty() && type.plural().equals("pods");
    }

    /** Upstream writes {@code pods.} with an empty group. */
    private static String label(ResourceType type) {
        return type.plural() + "." + type.group();
    }
}
