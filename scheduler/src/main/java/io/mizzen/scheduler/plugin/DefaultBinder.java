// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.mizzen.scheduler.framework.ClusterWriter;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.ExtensionPoint.Bind;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Status;

/** Binds by the pod's {@code binding} subresource. */
public final class DefaultBinder implements Bind {
    private final ClusterWriter writer;

    /** A binder that writes there. */
    public DefaultBinder(ClusterWriter writer) {
        this.writer = writer;
    }

    @Override
    public String name() {
        return "DefaultBinder";
    }

    @Override
    public Status bind(CycleState state, PodInfo pod, String nodeName) {
        try {
            writer.bind(pod, nodeName);
            return Status.success();
        } catch (RuntimeException refused) {
            return Status.error(refused);
        }
    }
}
