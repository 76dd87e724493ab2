// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.statefulset;

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

    /** The claims of an ordinal; with whenDeleted Delete they belong to the set and go with it. */
    static List<PersistentVolumeClaim> claims(StatefulSet set, int ordinal) {
        List<PersistentVolumeClaim> claims = new ArrayList<>();
        for (PersistentVolumeClaim template : templates(set)) {
            var builder = new PersistentVolumeClaimBuilder(template)
                    .editOrNewMetadata()
                    .withName(claimName(set, template, ordinal))
                    .withNamespace(set.getMetadata().getNamespace())
                    .addToLabels(
                            set.getSpec().getSelector().getMatchLabels() == null
                                    ? java.util.Map.of()
                                    : set.getSpec().getSelector().getMatchLabels())
                    .endMetadata()
                    .withStatus(null);
            var policy = set.getSpec().getPersistentVolumeClaimRetentionPolicy();
            if (policy != null && "Delete".equals(policy.getWhenDeleted())) {
                var owner = OwnerReferences.controller(set);
                owner.setController(false);
                owner.setBlockOwnerDeletion(false);
                builder.editMetadata().addToOwnerReferences(owner).endMetadata();
            }
            claims.add(builder.build());
        }
        return claims;
    }

    static String claimName(StatefulSet set, PersistentVolumeClaim template, int ordinal) {
        return template.getMetadata().getName() + "-" + set.getMetadata().getName() + "-" + ordinal;
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
