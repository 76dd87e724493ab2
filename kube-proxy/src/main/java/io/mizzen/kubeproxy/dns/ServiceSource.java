// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Optional;

/** Where the zone looks Services up. Answers come from caches at once. Thread-safe. */
public interface ServiceSource {
    /** A Service. */
    Optional<Service> service(String namespace, String name);

    /** The slices of a Service. */
    List<EndpointSlice> slices(String namespace, String service);

    /** The Services with this cluster IP. */
    List<Service> servicesAt(String ip);

    /** The slices with an endpoint at this address. */
    List<EndpointSlice> slicesAt(String ip);

    /** Whether a namespace has a Service. */
    boolean hasServices(String namespace);
}
