// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mizzen.kubelet.admission.Admission;
import io.mizzen.kubelet.control.EventSink;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.image.Images;
import io.mizzen.kubelet.probe.Prober;
import io.mizzen.kubelet.resource.Cgroups;
import io.mizzen.kubelet.runtime.Environment;
import io.mizzen.kubelet.runtime.RuntimeReader;
import io.mizzen.kubelet.volume.SubPaths;
import io.mizzen.kubelet.volume.VolumeFolders;
import io.mizzen.kubelet.volume.Volumes;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What all pod workers share. Every part is safe for use from many threads.
 *
 * @param cri the runtime
 * @param reader what the runtime holds
 * @param images brings images
 * @param volumes sets up volumes
 * @param subPaths shows parts of volumes
 * @param folders where pod state lies
 * @param environment composes variables
 * @param prober runs probes
 * @param cgroups makes pod cgroups
 * @param admission who may run here
 * @param events told of what happens
 * @param statuses told of status
 * @param node what pods need to know of their node
 * @param metrics counts and times
 * @param clock the time
 */
public record PodServices(
        CriClient cri,
        RuntimeReader reader,
        Images images,
        Volumes volumes,
        SubPaths subPaths,
        VolumeFolders folders,
        Environment environment,
        Prober prober,
        Cgroups cgroups,
        Admission admission,
        EventSink events,
        StatusReporter statuses,
        NodeFacts node,
        PodMetrics metrics,
        InstantSource clock) {

    /** The directory of a pod's logs, with a folder for each container. */
    public Path logDirectory(Pod pod) {
        return ContainerStarter.logDirectory(node.podLogsDir(), pod);
    }

    /**
     * What pods need to know of their node.
     *
     * @param ip address of the node
     * @param memoryBytes of the machine
     * @param cgroupRoot below which {@code kubepods} lies
     * @param podLogsDir logs of containers
     * @param containerLogsDir links to them
     * @param clusterDns name servers
     * @param clusterDomain domain of services
     * @param hostResolvConf the host's own name resolution
     * @param resync how often a pod is looked at without any change
     * @param allocatable resources for pods
     * @param networkProblem why the pod network is not ready; empty when it is
     * @param started when this kubelet began; what ran before is adopted
     */
    public record NodeFacts(
            String ip,
            long memoryBytes,
            String cgroupRoot,
            Path podLogsDir,
            Path containerLogsDir,
            List<String> clusterDns,
            String clusterDomain,
            Path hostResolvConf,
            Duration resync,
            Map<String, Quantity> allocatable,
            Supplier<Optional<String>> networkProblem,
            Instant started) {}
}
