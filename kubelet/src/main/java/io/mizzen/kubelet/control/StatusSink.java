// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.io.IOException;

/** Where pod status goes. Calls block and may be repeated. */
public interface StatusSink {
    /**
     * Writes the status of a pod.
     *
     * @throws IOException when it could not be written now; the caller tries again
     */
    void writeStatus(Pod pod, PodStatus status) throws IOException;

    /**
     * Removes a pod that has ended here, at once and only if it is still the same (by uid). An absent pod is success.
     *
     * @throws IOException when it could not be removed now; the caller tries again
     */
    void deletePod(Pod pod) throws IOException;
}
