// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

/** Labels and annotations by which sandboxes and containers are found again after a restart. */
public final class PodLabels {
    public static final String POD_NAME = "io.kubernetes.pod.name";
    public static final String POD_NAMESPACE = "io.kubernetes.pod.namespace";
    public static final String POD_UID = "io.kubernetes.pod.uid";
    public static final String CONTAINER_NAME = "io.kubernetes.container.name";
    public static final String CONTAINER_HASH = "io.kubernetes.container.hash";
    public static final String RESTART_COUNT = "io.kubernetes.container.restartCount";
    public static final String TERMINATION_MESSAGE_PATH = "io.kubernetes.container.terminationMessagePath";
    public static final String TERMINATION_MESSAGE_POLICY = "io.kubernetes.container.terminationMessagePolicy";
    public static final String TERMINATION_GRACE = "io.kubernetes.pod.terminationGracePeriod";
    public static final String PORTS = "io.kubernetes.container.ports";
    /** Where the file of the termination message lies on the host; ours alone. */
    public static final String TERMINATION_MESSAGE_HOST_PATH = "io.mizzen.container.terminationMessageHostPath";

    private PodLabels() {}
}
