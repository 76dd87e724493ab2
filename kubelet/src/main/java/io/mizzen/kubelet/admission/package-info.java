// SPDX-License-Identifier: Apache-2.0
/**
 * Whether a pod that was bound to this node may run here.
 *
 * <p>In come a pod, those that run and what is known of the node; {@link io.mizzen.kubelet.admission.AdmissionRules} (pure) says
 * whether it may; {@link io.mizzen.kubelet.admission.Admission} owns who was let in. No threads.
 */
@NullMarked
package io.mizzen.kubelet.admission;

import org.jspecify.annotations.NullMarked;
