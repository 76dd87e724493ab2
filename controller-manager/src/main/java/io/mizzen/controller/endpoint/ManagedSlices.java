// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Expectations;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The EndpointSlices of one manager: those of a Service as the cache has them, whether the cache shows all that was made, and
 * the writing of changes. A change of a slice wakes its Service.
 */
final class ManagedSlices {

    private final ApiClient api;
    private final String manager;
    private final Informer<EndpointSlice> slices;
    private final Expectations<ObjectKey> expectations;

    /**
     * Listens from now on.
     *
     * @param manager the value of the label that tells whose a slice is
     * @param queue where the keys of Services are put
     */
    ManagedSlices(ControllerContext context, String manager, WorkQueue<ObjectKey> queue) {
        this.api = context.api();
        this.manager = manager;
        this.slices = context.informers().of(EndpointSlice.class);
        this.expectations = new Expectations<>(context.clock());
        slices.addIndex(
                manager,
                slice -> serviceOf(slice).map(ObjectKey::toString).stream().toList());
        slices.onChange(expectations.handler(this::serviceOf, queue));
    }

    /** The slices of a Service. */
    List<EndpointSlice> of(ObjectKey service) {
        return slices.byIndex(manager, service.toString());
    }

    /** Whether the cache shows every slice that was made for a Service; if not, one of them will wake it. */
    boolean areComplete(ObjectKey service) {
        return expectations.satisfied(service);
    }

    /** Nothing is awaited for a Service that is gone. */
    void forget(ObjectKey service) {
        expectations.forget(service);
    }

    /** Writes changes, as far as the namespace lets anything be made. */
    void write(ObjectKey service, SlicePlan.Changes changes) {
        try {
            create(service, changes.create());
            changes.update().forEach(api::update);
            for (EndpointSlice slice : changes.delete()) {
                DeleteRequest request = DeleteRequest.ofUid(slice.getMetadata().getUid());
                api.deleteIfPresent(EndpointSlice.class, ObjectKey.of(slice), request);
            }
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isNamespaceTerminating(e)) {
                throw e;
            }
        }
    }

    private void create(ObjectKey service, List<EndpointSlice> wanted) {
        if (wanted.isEmpty()) {
            return;
        }
        expectations.expectCreations(service, wanted.size());
        int created = 0;
        try {
            for (EndpointSlice slice : wanted) {
                api.create(slice);
                created++;
            }
        } finally {
            for (int i = created; i < wanted.size(); i++) {
                expectations.creationObserved(service);
            }
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
}
