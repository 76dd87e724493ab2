// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import io.fabric8.kubernetes.api.model.Pod;

/** Where the pods of this node come from. */
public interface PodSource {
    /**
     * Begins to tell the listener of every pod that is bound to this node.
     *
     * @return ends it; nothing is told after it is closed
     */
    AutoCloseable start(Listener listener);

    /** Told of pods, one call at a time, on a thread of the source; must return quickly. */
    interface Listener {
        /** A pod is there, or has changed. Older versions may be skipped. */
        void podChanged(Pod pod);

        /** A pod is no longer there. */
        void podRemoved(Pod pod);

        /** Every pod that was there at the start has been told. */
        void synced();
    }
}
