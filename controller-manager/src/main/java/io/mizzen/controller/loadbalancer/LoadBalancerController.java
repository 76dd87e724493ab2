// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.loadbalancer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.EventSink;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The shell: reads the caches, asks {@link LoadBalancerPlan}, writes {@code status.loadBalancer}. An address of the pool is its
 * Service's from before it is written until a write that takes it away was done, and each write is one on the newest state: so no
 * two Services ever have the same.
 */
public final class LoadBalancerController implements Controller {
    private static final String NAME = "service-lb-controller";

    private final ControllerContext context;
    private final AddressPool pool;
    private final Informer<Service> services;
    private final Informer<Node> nodes;
    private final EventSink events;
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;
    /** Who has which address of the pool; the worker's own, ahead of the cache. */
    private final Map<String, ObjectKey> taken = new HashMap<>();

    private boolean primed;

    /** Asks for its informers; without addresses in the pool, Services get those of the nodes. */
    public LoadBalancerController(ControllerContext context, AddressPool pool) {
        this.context = context;
        this.pool = pool;
        this.services = context.informers().of(Service.class);
        this.nodes = context.informers().of(Node.class);
        this.events = context.events().apply("service-controller");
        this.queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        services.onChange(new ServiceHandler());
        if (pool.isEmpty()) {
            nodes.onChange(ChangeHandler.of(node -> wakeAll()));
        }
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private void wakeAll() {
        services.list().stream().filter(LoadBalancerPlan::isOurs).forEach(service -> queue.add(ObjectKey.of(service)));
    }

    private Result reconcile(ObjectKey key) {
        noteAllOnce();
        Optional<Service> found = services.find(key);
        if (found.isEmpty() || LoadBalancerPlan.isOthers(found.get())) {
            keepOnly(key, List.of());
            return Result.done();
        }
        Service service = found.get();
        if (!LoadBalancerPlan.isOurs(service)) {
            write(service, List.of());
            keepOnly(key, List.of());
            return Result.done();
        }
        LoadBalancerPlan.Decision decision = pool.isEmpty()
                ? LoadBalancerPlan.fromNodes(service, services.list(), nodes.list())
                : LoadBalancerPlan.fromPool(service, pool, taken);
        switch (decision) {
            case LoadBalancerPlan.Decision.Addresses addresses -> {
                if (!pool.isEmpty()) {
                    addresses.ips().forEach(ip -> taken.put(ip, key));
                }
                write(service, addresses.ips());
                keepOnly(key, addresses.ips());
            }
            case LoadBalancerPlan.Decision.None none -> {
                events.warning(
                        service,
                        "SyncLoadBalancerFailed",
                        "Error syncing load balancer: failed to ensure load balancer: " + none.reason());
                write(service, List.of());
                keepOnly(key, List.of());
            }
        }
        return Result.done();
    }

    /** Before the first address is given out, every one in use must be known. */
    private void noteAllOnce() {
        if (!primed) {
            services.list().stream()
                    .filter(service -> !LoadBalancerPlan.isOthers(service))
                    .forEach(service -> LoadBalancerPlan.current(service)
                            .forEach(ip -> taken.putIfAbsent(ip, ObjectKey.of(service))));
            primed = true;
        }
    }

    /** What else a Service had is free from now on, so those that wait look again. */
    private void keepOnly(ObjectKey key, List<String> ips) {
        boolean isFreed =
                taken.entrySet().removeIf(each -> each.getValue().equals(key) && !ips.contains(each.getKey()));
        if (isFreed) {
            wakeAll();
        }
    }

    private void write(Service service, List<String> ips) {
        if (LoadBalancerPlan.current(service).equals(ips)) {
            return;
        }
        var patch = Json.object();
        patch.putObject("metadata")
                .put("uid", service.getMetadata().getUid())
                .put("resourceVersion", service.getMetadata().getResourceVersion());
        ArrayNode ingress = patch.putObject("status").putObject("loadBalancer").putArray("ingress");
        ips.forEach(ip -> ingress.addObject().put("ip", ip).put("ipMode", "VIP"));
        boolean written = ApiErrors.ifPresent(
                        () -> context.api().patchStatus(Service.class, ObjectKey.of(service), patch))
                .isPresent();
        if (written && !ips.isEmpty()) {
            events.normal(service, "EnsuredLoadBalancer", "Ensured load balancer");
        }
    }

    private final class ServiceHandler implements ChangeHandler<Service> {
        @Override
        public void added(Service service) {
            queue.add(ObjectKey.of(service));
        }

        @Override
        public void updated(Service old, Service service) {
            queue.add(ObjectKey.of(service));
            if (pool.isEmpty() && LoadBalancerPlan.isOurs(old) && !old.getSpec().equals(service.getSpec())) {
                wakeAll();
            }
        }

        @Override
        public void deleted(Service last) {
            queue.add(ObjectKey.of(last));
            if (pool.isEmpty() && !LoadBalancerPlan.isOthers(last)) {
                wakeAll();
            }
        }
    }
}
