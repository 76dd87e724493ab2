// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.nodeipam;

import io.fabric8.kubernetes.api.model.Node;
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

/** Writes a pod range into each node that has none, and frees it when the node is deleted. */
public final class NodeIpamController implements Controller {

    private static final String NAME = "node-ipam-controller";

    private final ControllerContext context;
    private final Informer<Node> nodes;
    private final EventSink events;
    private final ControllerLoop<String> loop;
    private final CidrPool pool;
    /** What each node has or was offered; with the pool, the worker's own. */
    private final Map<String, String> held = new HashMap<>();

    private boolean primed;

    /**
     * @param clusterCidr the range to cut, IPv4
     * @param nodeMask prefix length of a node's part
     */
    public NodeIpamController(ControllerContext context, String clusterCidr, int nodeMask) {
        this.context = context;
        this.pool = new CidrPool(clusterCidr, nodeMask);
        this.nodes = context.informers().of(Node.class);
        this.events = context.events().apply("cidrAllocator");
        WorkQueue<String> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        nodes.onChange(ChangeHandler.of(node -> queue.add(node.getMetadata().getName())));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(String name) {
        occupyAllOnce();
        Optional<Node> found = nodes.find(ObjectKey.cluster(name));
        if (found.isEmpty()) {
            String cidr = held.remove(name);
            if (cidr != null) {
                pool.release(cidr);
            }
            return Result.done();
        }
        Node node = found.get();
        String present = cidrOf(node);
        if (!present.isEmpty()) {
            note(name, present);
            return Result.done();
        }
        Optional<String> cidr = Optional.ofNullable(held.get(name)).or(pool::next);
        if (cidr.isEmpty()) {
            events.normal(node, "CIDRNotAvailable", "Node " + name + " status is now: CIDRNotAvailable");
            throw new IllegalStateException("no pod range is left for node " + name);
        }
        held.put(name, cidr.get());
        var patch = Json.object();
        patch.putObject("metadata").put("uid", node.getMetadata().getUid());
        patch.putObject("spec").put("podCIDR", cidr.get()).putArray("podCIDRs").add(cidr.get());
        context.api().patch(Node.class, ObjectKey.cluster(name), patch);
        return Result.done();
    }

    /** Before the first range is given out, every range in use must be known. */
    private void occupyAllOnce() {
        if (!primed) {
            nodes.list().forEach(node -> note(node.getMetadata().getName(), cidrOf(node)));
            primed = true;
        }
    }

    private void note(String name, String cidr) {
        if (cidr.isEmpty() || cidr.equals(held.get(name))) {
            return;
        }
        String before = held.put(name, cidr);
        if (before != null) {
            pool.release(before);
        }
        if (!pool.occupy(cidr)) {
            held.remove(name);
        }
    }

    private static String cidrOf(Node node) {
        String cidr = node.getSpec() == null ? null : node.getSpec().getPodCIDR();
        return cidr == null ? "" : cidr;
    }
}
