// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.admission;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the admission of a pod depends on besides other pods.
 *
 * @param name of the node
 * @param labels of the node
 * @param taints of the node
 * @param allocatable resources for pods
 * @param pressures node conditions of pressure that are true
 */
public record NodeView(
        String name,
        Map<String, String> labels,
        List<Taint> taints,
        Map<String, Quantity> allocatable,
        Set<String> pressures) {
    /** Copies. */
    public NodeView {
        labels = Map.copyOf(labels);
        taints = List.copyOf(taints);
        allocatable = Map.copyOf(allocatable);
        pressures = Set.copyOf(pressures);
    }
}
