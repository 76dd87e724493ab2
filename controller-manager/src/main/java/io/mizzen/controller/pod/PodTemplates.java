// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.pod;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.mizzen.client.Json;
import io.mizzen.client.OwnerReferences;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/** Makes pods from templates. */
public final class PodTemplates {

    private PodTemplates() {}

    /**
     * A pod as a template of {@code owner} says, controlled by it, with a name that the server completes.
     *
     * @param owner the controller, in whose namespace the pod is made
     * @param template not changed, and shares nothing with the pod
     */
    public static Pod newPod(HasMetadata owner, PodTemplateSpec template) {
        ObjectMeta from = template.getMetadata();
        ObjectMeta metadata = new ObjectMeta();
        metadata.setNamespace(owner.getMetadata().getNamespace());
        metadata.setGenerateName(prefix(owner.getMetadata().getName()));
        if (from != null) {
            if (from.getLabels() != null) {
                metadata.setLabels(new LinkedHashMap<>(from.getLabels()));
            }
            if (from.getAnnotations() != null) {
                metadata.setAnnotations(new LinkedHashMap<>(from.getAnnotations()));
            }
            if (from.getFinalizers() != null) {
                metadata.setFinalizers(new ArrayList<>(from.getFinalizers()));
            }
        }
        metadata.setOwnerReferences(new ArrayList<>(List.of(OwnerReferences.controller(owner))));
        Pod pod = new Pod();
        pod.setMetadata(metadata);
        PodSpec spec = template.getSpec();
        pod.setSpec(spec == null ? new PodSpec() : Json.copy(spec, PodSpec.class));
        return pod;
    }

    /** {@code <parent>-}, or the parent's name where the dash would make it too long for a pod's name. */
    private static String prefix(String parent) {
        String prefix = parent + "-";
        return prefix.length() > 253 ? parent : prefix;
    }
}
