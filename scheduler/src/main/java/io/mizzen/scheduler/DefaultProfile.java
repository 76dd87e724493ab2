// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.mizzen.scheduler.framework.ClusterLister;
import io.mizzen.scheduler.framework.ClusterWriter;
import io.mizzen.scheduler.framework.Framework.Weighted;
import io.mizzen.scheduler.plugin.DefaultBinder;
import io.mizzen.scheduler.plugin.DefaultPreemption;
import io.mizzen.scheduler.plugin.ImageLocality;
import io.mizzen.scheduler.plugin.InterPodAffinity;
import io.mizzen.scheduler.plugin.NodeAffinity;
import io.mizzen.scheduler.plugin.NodeName;
import io.mizzen.scheduler.plugin.NodePorts;
import io.mizzen.scheduler.plugin.NodeResourcesBalancedAllocation;
import io.mizzen.scheduler.plugin.NodeResourcesFit;
import io.mizzen.scheduler.plugin.NodeUnschedulable;
import io.mizzen.scheduler.plugin.PodTopologySpread;
import io.mizzen.scheduler.plugin.PrioritySort;
import io.mizzen.scheduler.plugin.SchedulingGates;
import io.mizzen.scheduler.plugin.TaintToleration;
import io.mizzen.scheduler.plugin.VolumeBinding;
import io.mizzen.scheduler.plugin.VolumeRestrictions;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/** The plugins of the default profile in upstream's order and with upstream's weights. A new plugin is added here. */
final class DefaultProfile {
    private static final Duration VOLUME_BIND_TIMEOUT = Duration.ofSeconds(600);

    private DefaultProfile() {}

    static List<Weighted> plugins(
            ClusterLister lister, ClusterWriter writer, DefaultPreemption.Evictions evictions, RandomGenerator random) {
        return List.of(
                new Weighted(new SchedulingGates(), 0),
                new Weighted(new PrioritySort(), 0),
                new Weighted(new NodeUnschedulable(), 0),
                new Weighted(new NodeName(), 0),
                new Weighted(new TaintToleration(), 3),
                new Weighted(new NodeAffinity(), 2),
                new Weighted(new NodePorts(), 0),
                new Weighted(new NodeResourcesFit(), 1),
                new Weighted(new VolumeRestrictions(lister), 0),
                new Weighted(new VolumeBinding(lister, writer, VOLUME_BIND_TIMEOUT), 0),
                new Weighted(new PodTopologySpread(lister), 2),
                new Weighted(new InterPodAffinity(lister), 2),
                new Weighted(new DefaultPreemption(lister, evictions, random), 0),
                new Weighted(new NodeResourcesBalancedAllocation(), 1),
                new Weighted(new ImageLocality(), 1),
                new Weighted(new DefaultBinder(writer), 0));
    }
}
