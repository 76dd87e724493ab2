// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.Lister;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.WorkQueue;
import java.util.Map;

/** Wakes the Services that a changed pod answers for, answered for, or will. */
final class ServiceWatch implements ChangeHandler<Pod> {

    private final Lister<Service> services;
    private final WorkQueue<ObjectKey> queue;

    ServiceWatch(Lister<Service> services, WorkQueue<ObjectKey> queue) {
        this.services = services;
        this.queue = queue;
    }

    @Override
    public void added(Pod pod) {
        wake(pod);
    }

    @Override
    public void updated(Pod old, Pod pod) {
        if (EndpointRules.fingerprint(old).equals(EndpointRules.fingerprint(pod))) {
            return;
        }
        wake(pod);
        if (!labels(old).equals(labels(pod))) {
            wake(old);
        }
    }

    @Override
    public void deleted(Pod last) {
        wake(last);
    }

    private void wake(Pod pod) {
        for (Service service : services.inNamespace(pod.getMetadata().getNamespace())) {
            if (EndpointRules.selects(service, labels(pod))) {
                queue.add(ObjectKey.of(service));
            }
        }
    }

    private static Map<String, String> labels(Pod pod) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }
}
