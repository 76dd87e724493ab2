// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.stats.PodUsage;
import java.io.IOException;
import java.util.List;

/** Reads the node. Calls block. */
public interface NodeSensors {
    /** What is left now. */
    NodeReading node();

    /**
     * What each of the node's pods uses now.
     *
     * @param withInodes whether inodes are to be counted as well, which takes longer
     */
    List<PodUsage> pods(boolean withInodes) throws CriException, IOException;
}
