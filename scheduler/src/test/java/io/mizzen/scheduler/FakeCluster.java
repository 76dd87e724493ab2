// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mizzen.client.selector.LabelMatcher;
import io.mizzen.scheduler.framework.ClusterLister;
import io.mizzen.scheduler.framework.ClusterWriter;
import io.mizzen.scheduler.framework.PodInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/** A cluster in memory: lists what tests put in, remembers what the scheduler writes. */
public final class FakeCluster implements ClusterLister, ClusterWriter {
    public final Map<String, String> bindings = new LinkedHashMap<>();
    public final List<String> events = new ArrayList<>();
    public final List<String> conditions = new ArrayList<>();
    public final List<String> evicted = new ArrayList<>();
    public final Map<String, PersistentVolumeClaim> claims = new HashMap<>();
    public final List<PersistentVolume> volumes = new ArrayList<>();
    public final Map<String, StorageClass> classes = new HashMap<>();
    public final List<PodDisruptionBudget> budgets = new ArrayList<>();
    public final Map<String, Map<String, String>> namespaces = new HashMap<>();
    public final List<String> selectedNodes = new ArrayList<>();
    public BiPredicate<PodInfo, String> acceptsBinding = (pod, node) -> true;
    public Predicate<String> exists = uid -> true;
    public LabelMatcher owner;

    @Override
    public Map<String, String> namespaceLabels(String namespace) {
        return namespaces.getOrDefault(namespace, Map.of());
    }

    @Override
    public PersistentVolumeClaim claim(String namespace, String name) {
        return claims.get(name);
    }

    @Override
    public PersistentVolume volume(String name) {
        return volumes.stream()
                .filter(volume -> volume.getMetadata().getName().equals(name))
                .findFirst()
                .orElse(null);
    }

    @Override
    public List<PersistentVolume> volumes() {
        return volumes;
    }

    @Override
    public StorageClass storageClass(String name) {
        return classes.get(name);
    }

    @Override
    public List<PodDisruptionBudget> disruptionBudgets(String namespace) {
        return budgets;
    }

    @Override
    public LabelMatcher owningSelector(PodInfo pod) {
        return owner;
    }

    @Override
    public void bind(PodInfo pod, String nodeName) {
        if (!exists.test(pod.uid()) || !acceptsBinding.test(pod, nodeName)) {
            throw new IllegalStateException("the server refuses");
        }
        String before = bindings.putIfAbsent(pod.uid(), nodeName);
        if (before != null) {
            throw new AssertionError("pod " + pod + " bound twice: to " + before + " and to " + nodeName);
        }
    }

    @Override
    public void patchUnschedulable(PodInfo pod, String reason, String message, String nominatedNode) {
        conditions.add(pod.key() + " " + reason + " " + message);
    }

    @Override
    public void evict(PodInfo victim, PodInfo preemptor, String schedulerName) {
        evicted.add(victim.name());
    }

    @Override
    public void clearNomination(PodInfo pod) {}

    @Override
    public void claimVolume(PersistentVolume volume, PersistentVolumeClaim claim) {
        claim.getSpec().setVolumeName(volume.getMetadata().getName());
        claim.getMetadata().setAnnotations(Map.of("pv.kubernetes.io/bind-completed", "yes"));
    }

    @Override
    public void selectNode(PersistentVolumeClaim claim, String nodeName) {
        selectedNodes.add(claim.getMetadata().getName() + " " + nodeName);
        claim.getSpec().setVolumeName("provisioned");
        claim.getMetadata().setAnnotations(Map.of("pv.kubernetes.io/bind-completed", "yes"));
    }

    @Override
    public void awaitVolumeChange(Duration timeout) {}

    @Override
    public void event(PodInfo pod, String type, String reason, String message) {
        events.add(type + " " + reason + " " + message);
    }
}
