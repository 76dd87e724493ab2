// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.statefulset;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.mizzen.client.OwnerReferences;
import io.mizzen.controller.pod.PodTemplates;
import io.mizzen.controller.revision.RevisionHistory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The pods and claims of a StatefulSet, with the names that stay. Pure. */
final class StatefulPods {

    private StatefulPods() {}

    static Pod pod(StatefulSet set, PodTemplateSpec template, int ordinal, String revision) {
        String name = set.getMetadata().getName() + "-" + ordinal;
        Pod pod = PodTemplates.newPod(set, template);
        String hostname = pod.getSpec().getHostname();
        return new PodBuilder(pod)
                .editMetadata()
                .withGenerateName(null)
                .withName(name)
                .addToLabels("statefulset.kubernetes.io/pod-name", name)
                .addToLabels("apps.kubernetes.io/pod-index", Integer.toString(ordinal))
                .addToLabels(RevisionHistory.LABEL, revision)
                .endMetadata()
                .editSpec()
                .withHostname(hostname == null || hostname.isEmpty() ? name : hostname)
                .withSubdomain(set.getSpec().getServiceName())
                .withVolumes(volumes(set, pod, ordinal))
                .endSpec()
                .build();
    }

    /** The claims of an ordinal, as they are made: owned as of a pod that stays. */
    static List<PersistentVolumeClaim> claims(StatefulSet set, int ordinal) {
        List<PersistentVolumeClaim> claims = new ArrayList<>();
        for (PersistentVolumeClaim template : templates(set)) {
            PersistentVolumeClaim claim = new PersistentVolumeClaimBuilder(template)
                    .editOrNewMetadata()
                    .withName(claimName(set, template, ordinal))
                    .withNamespace(set.getMetadata().getNamespace())
                    .addToLabels(
                            set.getSpec().getSelector().getMatchLabels() == null
                                    ? Map.of()
                                    : set.getSpec().getSelector().getMatchLabels())
                    .endMetadata()
                    .withStatus(null)
                    .build();
            claim.getMetadata().setOwnerReferences(owners(set, claim, "", Optional.empty()));
            claims.add(claim);
        }
        return claims;
    }

    /**
     * The owners that a claim is to have by the set's retention policy (KEP-1847): of a pod that goes because the set shrinks
     * that pod, else the set, each only where the policy says Delete. Owners that are neither stay.
     *
     * @param podName the name of the claim's pod
     * @param condemned the pod, if it goes because the set shrinks
     */
    static List<OwnerReference> owners(
            StatefulSet set, PersistentVolumeClaim claim, String podName, Optional<Pod> condemned) {
        var policy = set.getSpec().getPersistentVolumeClaimRetentionPolicy();
        boolean isDeleted = policy != null && "Delete".equals(policy.getWhenDeleted());
        boolean isScaled = policy != null && "Delete".equals(policy.getWhenScaled());
        List<OwnerReference> owners = new ArrayList<>();
        for (OwnerReference owner : OwnerReferences.of(claim)) {
            boolean isSet = owner.getUid().equals(set.getMetadata().getUid());
            boolean isPod = "Pod".equals(owner.getKind()) && podName.equals(owner.getName());
            if (!isSet && !isPod) {
                owners.add(owner);
            }
        }
        if (isScaled && condemned.isPresent()) {
            owners.add(new OwnerReferenceBuilder()
                    .withApiVersion("v1")
                    .withKind("Pod")
                    .withName(podName)
                    .withUid(condemned.get().getMetadata().getUid())
                    .build());
        } else if (isDeleted) {
            owners.add(new OwnerReferenceBuilder()
                    .withApiVersion("apps/v1")
                    .withKind("StatefulSet")
                    .withName(set.getMetadata().getName())
                    .withUid(set.getMetadata().getUid())
                    .build());
        }
        return owners;
    }

    static String claimName(StatefulSet set, PersistentVolumeClaim template, int ordinal) {
        return template.getMetadata().getName() + "-" + set.getMetadata().getName() + "-" + ordinal;
    }

    /** Whether a claim of this name is one that the set makes, or made, for one of its pods. */
    static boolean isClaimOf(StatefulSet set, String claim) {
        return templates(set).stream()
                .map(template -> template.getMetadata().getName() + "-"
                        + set.getMetadata().getName() + "-")
                .anyMatch(prefix -> claim.startsWith(prefix)
                        && claim.substring(prefix.length()).matches("[0-9]+"));
    }

    private static List<Volume> volumes(StatefulSet set, Pod pod, int ordinal) {
        List<Volume> volumes = new ArrayList<>();
        List<PersistentVolumeClaim> templates = templates(set);
        if (pod.getSpec().getVolumes() != null) {
            pod.getSpec().getVolumes().stream()
                    .filter(volume -> templates.stream()
                            .noneMatch(t -> t.getMetadata().getName().equals(volume.getName())))
                    .forEach(volumes::add);
        }
        for (PersistentVolumeClaim template : templates) {
            volumes.add(new VolumeBuilder()
                    .withName(template.getMetadata().getName())
                    .withNewPersistentVolumeClaim()
                    .withClaimName(claimName(set, template, ordinal))
                    .endPersistentVolumeClaim()
                    .build());
        }
        return volumes;
    }

    private static List<PersistentVolumeClaim> templates(StatefulSet set) {
        List<PersistentVolumeClaim> templates = set.getSpec().getVolumeClaimTemplates();
        return templates == null ? List.of() : templates;
    }
}
