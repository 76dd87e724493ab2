// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.mizzen.scheduler.framework.ExtensionPoint.QueueOrder;
import io.mizzen.scheduler.framework.ExtensionPoint.QueueSort;
import java.util.Comparator;

/** Higher priority first, then who came first. */
public final class PrioritySort implements QueueSort {
    @Override
    public String name() {
        return "PrioritySort";
    }

    @Override
    public Comparator<QueueOrder> order() {
        return Comparator.comparingInt(QueueOrder::priority)
                .reversed()
                .thenComparingLong(QueueOrder::enqueuedNanos)
                .thenComparingLong(QueueOrder::sequence);
    }
}
