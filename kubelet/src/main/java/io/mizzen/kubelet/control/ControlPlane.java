// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import java.util.Optional;

/**
 * All ports to the control plane.
 *
 * @param pods where pods come from
 * @param statuses where their status goes
 * @param objects what they refer to
 * @param events where events go
 * @param volumes the cluster's volumes; empty for a kubelet that keeps none
 * @param nodes where the node is kept; empty for a kubelet that stands alone
 */
public record ControlPlane(
        PodSource pods,
        StatusSink statuses,
        ObjectSource objects,
        EventSink events,
        Optional<VolumeRegistry> volumes,
        Optional<NodeRegistry> nodes) {}
