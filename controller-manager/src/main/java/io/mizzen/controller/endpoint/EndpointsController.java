// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.EventSink;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The shell of the Endpoints controller: reads the caches, asks {@link EndpointsPlan}, writes. */
public final class EndpointsController implements Controller {

    private static final String NAME = "endpoints-controller";
    private static final int WORKERS = 5;
    private static final int MAX_RETRIES = 15;

    private final ControllerContext context;
    private final Informer<Service> services;
    private final Informer<Pod> pods;
    private final Informer<Endpoints> endpoints;
    private final EventSink events;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informers and waits to be started. */
    public EndpointsController(ControllerContext context) {
        this.context = context;
        this.services = context.informers().of(Service.class);
        this.pods = context.informers().of(Pod.class);
        this.endpoints = context.informers().of(Endpoints.class);
        this.events = context.events().apply("endpoint-controller");
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, WORKERS, MAX_RETRIES, this::reconcile);
        services.onChange(ChangeHandler.of(service -> queue.add(ObjectKey.of(service))));
        pods.onChange(new ServiceWatch(services, queue));
        endpoints.onChange(ChangeHandler.of(object -> queue.add(ObjectKey.of(object))));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<Service> service = services.find(key);
        Optional<Endpoints> present = endpoints.find(key);
        if (service.isEmpty()) {
            present.filter(EndpointsController::isManaged).ifPresent(this::delete);
            return Result.done();
        }
        if (!EndpointRules.isManaged(service.get())
                || service.get().getMetadata().getDeletionTimestamp() != null) {
            return Result.done();
        }
        List<Pod> selected = pods.inNamespace(key.namespace()).stream()
                .filter(pod -> EndpointRules.selects(
                        service.get(),
                        pod.getMetadata().getLabels() == null
                                ? Map.of()
                                : pod.getMetadata().getLabels()))
                .toList();
        Optional<Endpoints> wanted = EndpointsPlan.decide(service.get(), selected, present);
        if (wanted.isPresent()) {
            write(service.get(), wanted.get(), present.isEmpty());
        }
        return Result.done();
    }

    private void write(Service service, Endpoints wanted, boolean create) {
        try {
            if (create) {
                context.api().create(wanted);
            } else {
                context.api().update(wanted);
            }
        } catch (KubernetesClientException e) {
            if (ApiErrors.isNamespaceTerminating(e)) {
                return;
            }
            if (!ApiErrors.isConflict(e) && !ApiErrors.isAlreadyExists(e)) {
                String verb = create ? "create endpoint for service " : "update endpoint ";
                events.event(
                        EventSink.reference(wanted),
                        "Warning",
                        create ? "FailedToCreateEndpoint" : "FailedToUpdateEndpoint",
                        "Failed to " + verb + ObjectKey.of(service) + ": " + ApiErrors.message(e));
            }
            throw e;
        }
    }

    /** An Endpoints object without a Service goes, but only one that this controller has made. */
    private static boolean isManaged(Endpoints object) {
        Map<String, String> labels = object.getMetadata().getLabels();
        return labels != null && EndpointsPlan.MANAGER.equals(labels.get(EndpointsPlan.MANAGED_BY));
    }

    private void delete(Endpoints orphan) {
        DeleteRequest request = DeleteRequest.ofUid(orphan.getMetadata().getUid());
        context.api().deleteIfPresent(Endpoints.class, ObjectKey.of(orphan), request);
    }
}
