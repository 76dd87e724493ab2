// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Service;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import java.util.Optional;

/** The shell of the mirroring of Endpoints of Services without selector: reads the caches, asks {@link MirrorPlan}, writes. */
public final class SliceMirroringController implements Controller {
    private static final String NAME = "endpointslice-mirroring-controller";
    private static final int WORKERS = 5;

    private final Informer<Service> services;
    private final Informer<Endpoints> endpoints;
    private final ManagedSlices slices;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informers and waits to be started. */
    public SliceMirroringController(ControllerContext context) {
        this.services = context.informers().of(Service.class);
        this.endpoints = context.informers().of(Endpoints.class);
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.slices = new ManagedSlices(context, MirrorPlan.MANAGER, endpoints, queue);
        this.loop = context.loop(queue, NAME, WORKERS, this::reconcile);
        services.onChange(ChangeHandler.of(service -> queue.add(ObjectKey.of(service))));
        endpoints.onChange(ChangeHandler.of(object -> queue.add(ObjectKey.of(object))));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<Endpoints> source = endpoints.find(key);
        if (source.isEmpty()) {
            slices.delete(slices.of(key));
        } else if (slices.areSeen(source.get())) {
            slices.write(source.get(), MirrorPlan.decide(services.find(key), source.get(), slices.of(key)));
        }
        return Result.done();
    }
}
