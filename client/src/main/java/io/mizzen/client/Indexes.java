// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;

/** Names and functions of the indexes that controllers share. */
public final class Indexes {

    /** Files an object under the UID of its controller, or under {@link #orphansOf} its namespace. */
    public static final String CONTROLLER = "controller";

    /** Files a pod under the name of its node. */
    public static final String NODE = "node";

    private Indexes() {}

    /** The value under which {@link #CONTROLLER} files the objects of a namespace that have no controller. */
    public static String orphansOf(String namespace) {
        return "orphans/" + namespace;
    }

    /** The values of {@link #CONTROLLER}. */
    public static List<String> controllerOf(HasMetadata object) {
        return List.of(OwnerReferences.controllerOf(object)
                .map(reference -> reference.getUid())
                .orElseGet(() -> orphansOf(ObjectKey.of(object).namespace())));
    }

    /** The values of {@link #NODE}. */
    public static List<String> nodeOf(Pod pod) {
        String node = pod.getSpec() == null ? null : pod.getSpec().getNodeName();
        return node == null || node.isEmpty() ? List.of() : List.of(node);
    }
}
