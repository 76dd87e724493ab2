// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podgc;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shell of pod garbage collection: looks every 20 s, asks {@link PodGcCore}, deletes. */
public final class PodGarbageCollector implements Controller {

    private static final Logger log = LoggerFactory.getLogger(PodGarbageCollector.class);
    private static final String NAME = "pod-garbage-collector-controller";
    private static final Duration PERIOD = Duration.ofSeconds(20);

    private final ControllerContext context;
    private final int terminatedThreshold;
    private final Informer<Pod> pods;
    private final Informer<Node> nodes;
    private final ControllerLoop<String> loop;
    private final Map<String, Instant> quarantine = new HashMap<>();

    /**
     * @param terminatedThreshold how many ended pods may stay, 0 for any number; upstream's default is 12500
     */
    public PodGarbageCollector(ControllerContext context, int terminatedThreshold) {
        this.context = context;
        this.terminatedThreshold = terminatedThreshold;
        this.pods = context.informers().of(Pod.class);
        this.nodes = context.informers().of(Node.class);
        WorkQueue<String> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        queue.add("look");
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(String key) {
        List<Pod> all = pods.list();
        Map<String, Node> known = nodes.list().stream()
                .collect(Collectors.toMap(node -> node.getMetadata().getName(), Function.identity()));
        Instant now = context.clock().instant();
        PodGcCore.updateQuarantine(all, known.keySet(), quarantine, now);
        Set<String> gone = confirmGone(now);
        for (PodGcCore.Removal removal : PodGcCore.decide(all, known, gone, terminatedThreshold)) {
            try {
                remove(removal);
            } catch (KubernetesClientException e) {
                log.warn("Pod {} could not be cleared away: {}", ObjectKey.of(removal.pod()), e.getMessage());
            }
        }
        return Result.after(PERIOD);
    }

    private Set<String> confirmGone(Instant now) {
        Set<String> gone = new HashSet<>();
        quarantine.forEach((node, since) -> {
            if (!now.isBefore(since.plus(PodGcCore.QUARANTINE))
                    && context.api().find(Node.class, ObjectKey.cluster(node)).isEmpty()) {
                gone.add(node);
            }
        });
        return gone;
    }

    private void remove(PodGcCore.Removal removal) {
        Pod pod = removal.pod();
        try {
            switch (removal.why()) {
                case ORPHANED ->
                    PodDisruption.fail(
                            context.api(),
                            pod,
                            "DeletionByPodGC",
                            "PodGC: node no longer exists",
                            context.clock().instant());
                case OUT_OF_SERVICE ->
                    PodDisruption.fail(
                            context.api(),
                            pod,
                            "DeletionByPodGC",
                            "PodGC: node is out of service",
                            context.clock().instant());
                case UNSCHEDULED -> PodDisruption.fail(context.api(), pod);
                case TERMINATED -> log.debug("Pod {}: {}", ObjectKey.of(pod), removal.why());
            }
            context.api()
                    .delete(
                            Pod.class,
                            ObjectKey.of(pod),
                            DeleteRequest.ofUid(pod.getMetadata().getUid()).withGrace(0));
            log.info("Cleared away pod {} ({}, node \"{}\")", ObjectKey.of(pod), removal.why(), Pods.node(pod));
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isNotFound(e) && !ApiErrors.isConflict(e)) {
                throw e;
            }
        }
    }
}
