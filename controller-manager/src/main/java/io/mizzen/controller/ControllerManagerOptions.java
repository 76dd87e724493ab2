// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller;

import io.mizzen.controller.loadbalancer.AddressPool;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a controller manager is to do.
 *
 * @param clusterCidr the range of pod addresses, IPv4, such as {@code 10.42.0.0/16}; nodes get parts of it
 * @param nodeCidrMaskSize prefix length of a node's part, such as 24
 * @param rootCaPem the CA that pods are to trust; without it none is published
 * @param controllers names to run; {@code *} stands for all that are on by default, {@code -name} leaves one out
 * @param leaderElection the identity under which to stand for leadership; without it the controllers start at once
 * @param serviceAccountCredentials whether each controller acts under a service account of its own, with just the rights
 *     of its role; otherwise all act as the connection's user, who then needs the rights of all
 * @param terminatedPodThreshold how many ended pods may stay in the cluster; 0 for any number
 * @param signingKeyPem private key of the root CA; without it no certificates are signed
 * @param nodeMonitorGracePeriod how long a node may be silent before it counts as lost
 * @param loadBalancerPool addresses of Services of type LoadBalancer; without any they get those of the nodes
 */
public record ControllerManagerOptions(
        String clusterCidr,
        int nodeCidrMaskSize,
        Optional<String> rootCaPem,
        List<String> controllers,
        Optional<String> leaderElection,
        boolean serviceAccountCredentials,
        int terminatedPodThreshold,
        Optional<String> signingKeyPem,
        Duration nodeMonitorGracePeriod,
        AddressPool loadBalancerPool) {

    /** How long a node may be silent, unless told otherwise. */
    public static final Duration NODE_MONITOR_GRACE_PERIOD = Duration.ofSeconds(40);

    /** Copies the list. */
    public ControllerManagerOptions {
        controllers = List.copyOf(controllers);
    }

    /** All controllers, Mizzen's default ranges, no leader election, no CA. */
    public static ControllerManagerOptions defaults() {
        return new ControllerManagerOptions(
                "10.42.0.0/16",
                24,
                Optional.empty(),
                List.of("*"),
                Optional.empty(),
                true,
                12_500,
                Optional.empty(),
                NODE_MONITOR_GRACE_PERIOD,
                AddressPool.parse(""));
    }

    /** The same with this pod range. */
    public ControllerManagerOptions withClusterCidr(String cidr, int nodeMaskSize) {
        return with(draft -> {
            draft.clusterCidr = cidr;
            draft.nodeCidrMaskSize = nodeMaskSize;
        });
    }

    /** The same, publishing this CA. */
    public ControllerManagerOptions withRootCa(String pem) {
        return with(draft -> draft.rootCaPem = Optional.of(pem));
    }

    /** The same, signing certificates with the root CA's key. */
    public ControllerManagerOptions withSigningKey(String pem) {
        return with(draft -> draft.signingKeyPem = Optional.of(pem));
    }

    /** The same with another patience with silent nodes. */
    public ControllerManagerOptions withNodeMonitorGracePeriod(Duration period) {
        return with(draft -> draft.nodeMonitorGracePeriod = period);
    }

    /** The same with another number of ended pods that may stay. */
    public ControllerManagerOptions withTerminatedPodThreshold(int threshold) {
        return with(draft -> draft.terminatedPodThreshold = threshold);
    }

    /** The same with addresses for load balancers. */
    public ControllerManagerOptions withLoadBalancerPool(AddressPool pool) {
        return with(draft -> draft.loadBalancerPool = pool);
    }

    /** The same, running these controllers. */
    public ControllerManagerOptions withControllers(List<String> names) {
        return with(draft -> draft.controllers = names);
    }

    /** The same, standing for leadership under this identity. */
    public ControllerManagerOptions withLeaderElection(String identity) {
        return with(draft -> draft.leaderElection = Optional.of(identity));
    }

    /** The same, with every controller acting as the connection's user. */
    public ControllerManagerOptions withoutServiceAccountCredentials() {
        return with(draft -> draft.serviceAccountCredentials = false);
    }

    private ControllerManagerOptions with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.options();
    }

    /** The components, to be changed before they become options again. */
    private static final class Draft {
        String clusterCidr;
        int nodeCidrMaskSize;
        Optional<String> rootCaPem;
        List<String> controllers;
        Optional<String> leaderElection;
        boolean serviceAccountCredentials;
        int terminatedPodThreshold;
        Optional<String> signingKeyPem;
        Duration nodeMonitorGracePeriod;
        AddressPool loadBalancerPool;

        Draft(ControllerManagerOptions options) {
            clusterCidr = options.clusterCidr;
            nodeCidrMaskSize = options.nodeCidrMaskSize;
            rootCaPem = options.rootCaPem;
            controllers = options.controllers;
            leaderElection = options.leaderElection;
            serviceAccountCredentials = options.serviceAccountCredentials;
            terminatedPodThreshold = options.terminatedPodThreshold;
            signingKeyPem = options.signingKeyPem;
            nodeMonitorGracePeriod = options.nodeMonitorGracePeriod;
            loadBalancerPool = options.loadBalancerPool;
        }

        ControllerManagerOptions options() {
            return new ControllerManagerOptions(
                    clusterCidr,
                    nodeCidrMaskSize,
                    rootCaPem,
                    controllers,
                    leaderElection,
                    serviceAccountCredentials,
                    terminatedPodThreshold,
                    signingKeyPem,
                    nodeMonitorGracePeriod,
                    loadBalancerPool);
        }
    }

    /** Whether a controller is to run. */
    public boolean runs(String name) {
        if (controllers.contains("-" + name)) {
            return false;
        }
        return controllers.contains(name) || controllers.contains("*");
    }
}
