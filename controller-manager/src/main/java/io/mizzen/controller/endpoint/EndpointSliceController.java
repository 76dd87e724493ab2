// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.EventSink;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The shell of the EndpointSlice controller: reads the caches, asks {@link SlicePlan}, writes. */
public final class EndpointSliceController implements Controller {

    private static final String NAME = "endpointslice-controller";
    private static final int WORKERS = 5;
    private static final int MAX_RETRIES = 15;

    private final Informer<Service> services;
    private final Informer<Pod> pods;
    private final Informer<Node> nodes;
    private final ManagedSlices slices;
    private final EventSink events;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informers and waits to be started. */
    public EndpointSliceController(ControllerContext context) {
        this.services = context.informers().of(Service.class);
        this.pods = context.informers().of(Pod.class);
        this.nodes = context.informers().of(Node.class);
        this.events = context.events().apply("endpoint-slice-controller");
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.slices = new ManagedSlices(context, SlicePlan.MANAGER, services, queue);
        this.loop = context.loop(queue, NAME, WORKERS, MAX_RETRIES, this::reconcile);
        services.onChange(ChangeHandler.of(service -> queue.add(ObjectKey.of(service))));
        pods.onChange(new ServiceWatch(services, queue));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<Service> found = services.find(key);
        if (found.isEmpty()) {
            return Result.done();
        }
        Service service = found.get();
        if (!EndpointRules.isManaged(service)
                || service.getMetadata().getDeletionTimestamp() != null
                || !slices.areSeen(service)) {
            return Result.done();
        }
        List<Pod> selected = pods.inNamespace(key.namespace()).stream()
                .filter(pod -> EndpointRules.selects(
                        service,
                        pod.getMetadata().getLabels() == null
                                ? Map.of()
                                : pod.getMetadata().getLabels()))
                .toList();
        Map<String, Node> nodesByName = new HashMap<>();
        nodes.list().forEach(node -> nodesByName.put(node.getMetadata().getName(), node));
        SlicePlan.Changes changes =
                SlicePlan.decide(new SlicePlan.Observed(service, selected, nodesByName, slices.of(key)));
        try {
            slices.write(service, changes);
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isConflict(e)) {
                events.warning(
                        service,
                        "FailedToUpdateEndpointSlices",
                        "Error updating Endpoint Slices for Service " + key + ": " + ApiErrors.message(e));
            }
            throw e;
        }
        return Result.done();
    }
}
