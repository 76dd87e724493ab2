// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;

/** Deployments as the server would have defaulted them. */
public final class Deployments {

    private Deployments() {}

    /** A rolling Deployment of one container. */
    public static Deployment rolling(String name, int replicas, String surge, String unavailable) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .addToLabels("app", name)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withProgressDeadlineSeconds(600)
                .withRevisionHistoryLimit(10)
                .withNewStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxSurge(value(surge))
                .withMaxUnavailable(value(unavailable))
                .endRollingUpdate()
                .endStrategy()
                .withNewSelector()
                .addToMatchLabels("app", name)
                .endSelector()
                .withTemplate(ReplicaSets.template(name, "image:1"))
                .endSpec()
                .build();
    }

    /** The same, ending all pods before it starts new ones. */
    public static Deployment recreating(String name, int replicas) {
        Deployment deployment = rolling(name, replicas, "0", "0");
        deployment.getSpec().getStrategy().setType("Recreate");
        deployment.getSpec().getStrategy().setRollingUpdate(null);
        return deployment;
    }

    /** Sets the image, which makes another template. */
    public static void setImage(Deployment deployment, String image) {
        deployment.getSpec().getTemplate().getSpec().getContainers().getFirst().setImage(image);
    }

    private static IntOrString value(String text) {
        return text.endsWith("%") ? new IntOrString(text) : new IntOrString(Integer.parseInt(text));
    }
}
