// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Indexes;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnWrites;
import io.mizzen.client.OwnerReferences;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The EndpointSlices of one manager: those of a Service as the cache has them, whether the cache shows all that was written, and
 * the writing of changes. What was written is kept by the slices' owner, so that a Service or Endpoints object which is made again
 * starts anew. A change of a slice wakes its Service.
 */
final class ManagedSlices {

    private final ApiClient api;
    private final String manager;
    private final Informer<EndpointSlice> slices;
    private final OwnWrites ownWrites;

    /**
     * Listens from now on; to be made before the controller's own handlers.
     *
     * @param manager the value of the label that tells whose a slice is
     * @param owners the objects that control the slices
     * @param queue where the keys of Services are put
     */
    ManagedSlices(
            ControllerContext context,
            String manager,
            Informer<? extends HasMetadata> owners,
            WorkQueue<ObjectKey> queue) {
        this.api = context.api();
        this.manager = manager;
        this.slices = context.informers().of(EndpointSlice.class);
        this.ownWrites = OwnWrites.of(owners, slices, context.clock());
        slices.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        slices.addIndex(
                manager,
                slice -> serviceOf(slice).map(ObjectKey::toString).stream().toList());
        slices.onChange(new SliceHandler(queue));
    }

    /** The slices of a Service. */
    List<EndpointSlice> of(ObjectKey service) {
        return slices.byIndex(manager, service.toString());
    }

    /** Whether the cache shows all that was written of an owner's slices; if not, a change of one of them wakes its Service. */
    boolean areSeen(HasMetadata owner) {
        List<EndpointSlice> cached =
                slices.byIndex(Indexes.CONTROLLER, owner.getMetadata().getUid());
        return ownWrites.areSeen(owner, cached, () -> live(owner));
    }

    private List<EndpointSlice> live(HasMetadata owner) {
        return api.list(EndpointSlice.class, ObjectKey.of(owner).namespace()).stream()
                .filter(slice -> OwnerReferences.isControlledBy(slice, owner))
                .toList();
    }

    /** Writes changes of an owner's slices, as far as the namespace lets anything be made. */
    void write(HasMetadata owner, SlicePlan.Changes changes) {
        try {
            changes.create().forEach(slice -> ownWrites.send(owner, () -> api.create(slice)));
            changes.update().forEach(slice -> ownWrites.send(owner, () -> api.update(slice)));
            delete(changes.delete());
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isNamespaceTerminating(e)) {
                throw e;
            }
        }
    }

    /** Deletes slices, whoever owns them. */
    void delete(List<EndpointSlice> unwanted) {
        for (EndpointSlice slice : unwanted) {
            DeleteRequest request = DeleteRequest.ofUid(slice.getMetadata().getUid());
            api.deleteIfPresent(EndpointSlice.class, ObjectKey.of(slice), request);
        }
    }

    private Optional<ObjectKey> serviceOf(EndpointSlice slice) {
        Map<String, String> labels = slice.getMetadata().getLabels();
        if (labels == null || !manager.equals(labels.get(SlicePlan.MANAGED_BY))) {
            return Optional.empty();
        }
        return Optional.ofNullable(labels.get(SlicePlan.SERVICE_NAME))
                .map(name -> new ObjectKey(ObjectKey.of(slice).namespace(), name));
    }

    /** A change wakes both the Service that the slice was of and the one it is of. */
    private final class SliceHandler implements ChangeHandler<EndpointSlice> {
        private final WorkQueue<ObjectKey> queue;

        SliceHandler(WorkQueue<ObjectKey> queue) {
            this.queue = queue;
        }

        @Override
        public void added(EndpointSlice slice) {
            serviceOf(slice).ifPresent(queue::add);
        }

        @Override
        public void updated(EndpointSlice old, EndpointSlice slice) {
            added(old);
            added(slice);
        }

        @Override
        public void deleted(EndpointSlice last) {
            added(last);
        }
    }
}
