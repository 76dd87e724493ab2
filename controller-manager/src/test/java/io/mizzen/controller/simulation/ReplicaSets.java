// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.ReplicationControllerBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import java.util.Map;

/** ReplicaSets and ReplicationControllers that nobody owns. */
final class ReplicaSets {

    private ReplicaSets() {}

    /** One of pods that are labelled {@code app=<name>} and ask for a tenth of a core. */
    static ReplicaSet of(String namespace, String name, int replicas) {
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withNewSelector()
                .addToMatchLabels("app", name)
                .endSelector()
                .withNewTemplateLike(template(name, "image:0"))
                .editSpec()
                .editContainer(0)
                .withNewResources()
                .withRequests(Map.of("cpu", new Quantity("100m")))
                .endResources()
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    /** One of the older kind. */
    static ReplicationController controller(String namespace, String name, int replicas) {
        return new ReplicationControllerBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .addToSelector("app", name)
                .withTemplate(template(name, "image:0"))
                .endSpec()
                .build();
    }

    /** Pods of one container, labelled {@code app=<app>}. */
    static PodTemplateSpec template(String app, String image) {
        return new PodTemplateSpecBuilder()
                .withNewMetadata()
                .addToLabels("app", app)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage(image)
                .endContainer()
                .endSpec()
                .build();
    }
}
