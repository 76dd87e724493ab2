// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Expectations;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The shell of the mirroring of Endpoints of Services without selector: reads the caches, asks {@link MirrorPlan}, writes. */
public final class SliceMirroringController implements Controller {
    private static final String NAME = "endpointslice-mirroring-controller";
    private static final String INDEX = "mirrored";
    private static final int WORKERS = 5;

    private final ControllerContext context;
    private final Informer<Service> services;
    private final Informer<Endpoints> endpoints;
    private final Informer<EndpointSlice> slices;
    private final Expectations<ObjectKey> expectations;
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informers and waits to be started. */
    public SliceMirroringController(ControllerContext context) {
        this.context = context;
        this.services = context.informers().of(Service.class);
        this.endpoints = context.informers().of(Endpoints.class);
        this.slices = context.informers().of(EndpointSlice.class);
        this.expectations = new Expectations<>(context.clock());
        this.queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, WORKERS, this::reconcile);
        slices.addIndex(
                INDEX,
                slice -> sourceOf(slice).map(ObjectKey::toString).stream().toList());
        services.onChange(ChangeHandler.of(service -> queue.add(ObjectKey.of(service))));
        endpoints.onChange(ChangeHandler.of(object -> queue.add(ObjectKey.of(object))));
        slices.onChange(expectations.handler(SliceMirroringController::sourceOf, queue));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        if (!expectations.satisfied(key)) {
            return Result.done();
        }
        SlicePlan.Changes changes =
                MirrorPlan.decide(services.find(key), endpoints.find(key), slices.byIndex(INDEX, key.toString()));
        for (EndpointSlice slice : changes.create()) {
            expectations.expectCreations(key, 1);
            try {
                context.api().create(slice);
            } catch (KubernetesClientException e) {
                expectations.creationObserved(key);
                if (ApiErrors.isNamespaceTerminating(e)) {
                    return Result.done();
                }
                throw e;
            }
        }
        changes.update().forEach(slice -> context.api().update(slice));
        for (EndpointSlice slice : changes.delete()) {
            DeleteRequest request = DeleteRequest.ofUid(slice.getMetadata().getUid());
            context.api().deleteIfPresent(EndpointSlice.class, ObjectKey.of(slice), request);
        }
        return Result.done();
    }

    /** The Endpoints object that a slice of this controller mirrors. */
    private static Optional<ObjectKey> sourceOf(EndpointSlice slice) {
        Map<String, String> labels = slice.getMetadata().getLabels();
        if (labels == null || !MirrorPlan.MANAGER.equals(labels.get(SlicePlan.MANAGED_BY))) {
            return Optional.empty();
        }
        return Optional.ofNullable(labels.get(SlicePlan.SERVICE_NAME))
                .map(name -> new ObjectKey(ObjectKey.of(slice).namespace(), name));
    }
}
