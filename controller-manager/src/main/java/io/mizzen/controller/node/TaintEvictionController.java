// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.EventSink;
import io.mizzen.client.Indexes;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.pod.PodDisruption;
import io.mizzen.controller.pod.Pods;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, at once or when their toleration is over. */
public final class TaintEvictionController implements Controller {

    private static final Logger log = LoggerFactory.getLogger(TaintEvictionController.class);
    private static final String NAME = "taint-eviction-controller";
    private static final int WORKERS = 8;

    private final ControllerContext context;
    private final Informer<Node> nodes;
    private final Informer<Pod> pods;
    private final EventSink events;
    private final ControllerLoop<ObjectKey> loop;
    /** Pods that may stay for a while. */
    private final Map<ObjectKey, Deadline> scheduled = new ConcurrentHashMap<>();

    /**
     * A pod's time to go. It stands while the pod has any: neither another taint instead of the first nor a failed deletion puts
     * it off.
     */
    private record Deadline(String uid, Instant until) {}

    /** Asks for its informers and waits to be started. */
    public TaintEvictionController(ControllerContext context) {
        this.context = context;
        this.nodes = context.informers().of(Node.class);
        this.pods = context.informers().of(Pod.class);
        this.events = context.events().apply(NAME);
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, WORKERS, this::reconcile);
        pods.addIndex(Indexes.NODE, Indexes::nodeOf);
        nodes.onChange(new ChangeHandler<>() {
            @Override
            public void added(Node node) {
                if (!taints(node).isEmpty()) {
                    wakePods(node);
                }
            }

            @Override
            public void updated(Node old, Node node) {
                if (!taints(old).equals(taints(node))) {
                    if (taints(node).isEmpty()) {
                        // Now, since taints may be back before the pods are looked at.
                        podsOf(node).forEach(TaintEvictionController.this::cancel);
                    }
                    wakePods(node);
                }
            }

            @Override
            public void deleted(Node last) {}

            private void wakePods(Node node) {
                podsOf(node).forEach(pod -> queue.add(ObjectKey.of(pod)));
            }
        });
        pods.onChange(new ChangeHandler<>() {
            @Override
            public void added(Pod pod) {
                if (!Pods.node(pod).isEmpty()) {
                    queue.add(ObjectKey.of(pod));
                }
            }

            @Override
            public void updated(Pod old, Pod pod) {
                boolean same = Pods.node(old).equals(Pods.node(pod))
                        && tolerations(old).equals(tolerations(pod))
                        && Pods.isTerminating(old) == Pods.isTerminating(pod);
                if (!same) {
                    queue.add(ObjectKey.of(pod));
                }
            }

            @Override
            public void deleted(Pod last) {
                scheduled.remove(ObjectKey.of(last));
            }
        });
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private List<Pod> podsOf(Node node) {
        return pods.byIndex(Indexes.NODE, node.getMetadata().getName());
    }

    private Result reconcile(ObjectKey key) {
        Optional<Pod> found = pods.find(key);
        if (found.isEmpty() || Pods.isTerminating(found.get())) {
            scheduled.remove(key);
            return Result.done();
        }
        Pod pod = found.get();
        List<Taint> taints = nodes.find(ObjectKey.cluster(Pods.node(pod)))
                .map(TaintEvictionController::taints)
                .orElse(List.of());
        Instant now = context.clock().instant();
        Optional<Deadline> before = Optional.ofNullable(scheduled.get(key))
                .filter(deadline -> deadline.uid().equals(pod.getMetadata().getUid()));
        return switch (Tolerations.decide(taints, tolerations(pod), Pods.boundAt(pod), now)) {
            case Tolerations.Stay.ForEver ignored -> {
                cancel(pod);
                yield Result.done();
            }
            case Tolerations.Stay.No ignored -> {
                scheduled.remove(key);
                yield evict(key, pod, now);
            }
            case Tolerations.Stay.Until until -> {
                Instant time = before.map(Deadline::until)
                        .filter(until.time()::isAfter)
                        .orElse(until.time());
                scheduled.put(key, new Deadline(pod.getMetadata().getUid(), time));
                yield time.isAfter(now) ? Result.after(Duration.between(now, time)) : evict(key, pod, now);
            }
        };
    }

    private void cancel(Pod pod) {
        ObjectKey key = ObjectKey.of(pod);
        if (scheduled.remove(key) != null) {
            events.normal(pod, "TaintManagerEviction", "Cancelling deletion of Pod " + key);
        }
    }

    private Result evict(ObjectKey key, Pod pod, Instant now) {
        events.normal(pod, "TaintManagerEviction", "Marking for deletion Pod " + key);
        log.info("Pod {} does not tolerate the taints of node {}; deleting it", key, Pods.node(pod));
        var _ = ApiErrors.ifPresent(() -> {
            PodDisruption.mark(
                    context.api(),
                    pod,
                    "DeletionByTaintManager",
                    "Taint manager: deleting due to NoExecute taint",
                    now);
            return context.api()
                    .deleteIfPresent(
                            Pod.class,
                            key,
                            DeleteRequest.ofUid(pod.getMetadata().getUid()));
        });
        scheduled.remove(key);
        return Result.done();
    }

    private static List<Taint> taints(Node node) {
        return NodeRules.taints(node).stream()
                .filter(taint -> "NoExecute".equals(taint.getEffect()))
                .toList();
    }

    private static List<Toleration> tolerations(Pod pod) {
        return pod.getSpec() == null || pod.getSpec().getTolerations() == null
                ? List.of()
                : pod.getSpec().getTolerations();
    }
}
