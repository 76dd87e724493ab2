// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mizzen.client.Informer;
import io.mizzen.client.Informers;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnerReferences;
import io.mizzen.client.selector.LabelMatcher;
import io.mizzen.scheduler.framework.ClusterLister;
import io.mizzen.scheduler.framework.PodInfo;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@link ClusterLister} over informers. Thread-safe. */
final class InformerLister implements ClusterLister {
    private final Informer<Pod> pods;
    private final Informer<Namespace> namespaces;
    private final Informer<PersistentVolumeClaim> claims;
    private final Informer<PersistentVolume> volumes;
    private final Informer<StorageClass> storageClasses;
    private final Informer<PodDisruptionBudget> budgets;
    private final Informer<Service> services;
    private final Informer<ReplicationController> replicationControllers;
    private final Informer<ReplicaSet> replicaSets;
    private final Informer<StatefulSet> statefulSets;

    InformerLister(Informers informers) {
        pods = informers.of(Pod.class);
        namespaces = informers.of(Namespace.class);
        claims = informers.of(PersistentVolumeClaim.class);
        volumes = informers.of(PersistentVolume.class);
        storageClasses = informers.of(StorageClass.class);
        budgets = informers.of(PodDisruptionBudget.class);
        services = informers.of(Service.class);
        replicationControllers = informers.of(ReplicationController.class);
        replicaSets = informers.of(ReplicaSet.class);
        statefulSets = informers.of(StatefulSet.class);
    }

    /** The pod of the same uid as last seen; null if it is gone. */
    @Nullable
    PodInfo newestVersion(PodInfo pod) {
        return pods.find(new ObjectKey(pod.namespace(), pod.name()))
                .filter(found -> pod.uid().equals(found.getMetadata().getUid()))
                .map(PodInfo::of)
                .orElse(null);
    }

    @Override
    public Map<String, String> namespaceLabels(String namespace) {
        return namespaces
                .find(ObjectKey.cluster(namespace))
                .map(found -> found.getMetadata().getLabels())
                .orElse(Map.of());
    }

    @Override
    public @Nullable PersistentVolumeClaim claim(String namespace, String name) {
        return claims.find(new ObjectKey(namespace, name)).orElse(null);
    }

    @Override
    public @Nullable PersistentVolume volume(String name) {
        return volumes.find(ObjectKey.cluster(name)).orElse(null);
    }

    @Override
    public List<PersistentVolume> volumes() {
        return volumes.list();
    }

    @Override
    public @Nullable StorageClass storageClass(String name) {
        return storageClasses.find(ObjectKey.cluster(name)).orElse(null);
    }

    @Override
    public List<PodDisruptionBudget> disruptionBudgets(String namespace) {
        return budgets.inNamespace(namespace);
    }

    @Override
    public @Nullable LabelMatcher owningSelector(PodInfo pod) {
        LabelMatcher selector = LabelMatcher.EVERYTHING;
        for (Service service : services.inNamespace(pod.namespace())) {
            Map<String, String> wanted = service.getSpec().getSelector();
            if (wanted != null && !wanted.isEmpty()) {
                LabelMatcher matcher = LabelMatcher.ofLabels(wanted);
                selector = matcher.matches(pod.labels()) ? selector.and(matcher) : selector;
            }
        }
        OwnerReference owner = OwnerReferences.controllerOf(pod.pod()).orElse(null);
        if (owner != null) {
            selector = selector.and(controllerSelector(owner, new ObjectKey(pod.namespace(), owner.getName())));
        }
        return selector.isEverything() ? null : selector;
    }

    private LabelMatcher controllerSelector(OwnerReference owner, ObjectKey key) {
        return switch (owner.getKind()) {
            case "ReplicationController" ->
                replicationControllers
                        .find(key)
                        .map(found -> LabelMatcher.ofLabels(found.getSpec().getSelector()))
                        .orElse(LabelMatcher.EVERYTHING);
            case "ReplicaSet" ->
                replicaSets
                        .find(key)
                        .map(found -> LabelMatcher.of(found.getSpec().getSelector()))
                        .orElse(LabelMatcher.EVERYTHING);
            case "StatefulSet" ->
                statefulSets
                        .find(key)
                        .map(found -> LabelMatcher.of(found.getSpec().getSelector()))
                        .orElse(LabelMatcher.EVERYTHING);
            default -> LabelMatcher.EVERYTHING;
        };
    }
}
