// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.mizzen.launcher.flag.Flag;
import io.mizzen.launcher.flag.FlagSet;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The flags of every command, with k3s' names where it has one. */
final class ServerFlags {
    private static final List<Flag> COMMON = List.of(
            Flag.value("data-dir", "DIR", "/var/lib/mizzen", "Folder for everything that is kept"),
            Flag.value("log-file", "FILE", "", "Log there (rotated at 10 MB) instead of to standard error"));

    private static final List<Flag> API_SERVER = List.of(
            Flag.value("write-kubeconfig", "FILE", "/etc/mizzen/kubeconfig.yaml", "Where the admin's kubeconfig goes"),
            Flag.value("bind-address", "IP", "0.0.0.0", "Address the API server listens on"),
            Flag.value("https-listen-port", "PORT", "6443", "Port the API server listens on"),
            Flag.value("advertise-address", "IP", "", "Address pods reach it by; empty: the node's"),
            Flag.value("tls-san", "NAME,…", "", "Further names and addresses in its certificate"),
            Flag.value("token", "TOKEN", "", "A join token that does not expire, abcdef.0123456789abcdef"),
            Flag.value("event-ttl", "DURATION", "1h", "How long Events are kept; 0: for ever"),
            Flag.value("etcd-endpoints", "URL,…", "", "Keep the cluster in etcd instead of in the data folder"),
            Flag.value("etcd-cafile", "FILE", "", "Authority of etcd's certificates, PEM"),
            Flag.value("etcd-certfile", "FILE", "", "Client certificate for etcd, PEM"),
            Flag.value("etcd-keyfile", "FILE", "", "Its key, PEM"));

    private static final List<Flag> NETWORK = List.of(
            Flag.value("cluster-cidr", "CIDR", "10.42.0.0/16", "Addresses of pods"),
            Flag.value("service-cidr", "CIDR", "10.43.0.0/16", "Addresses of Services"),
            Flag.value("cluster-dns", "IP", "", "Name server of pods; empty: the tenth service address"),
            Flag.value("cluster-domain", "DOMAIN", "cluster.local", "Domain of Services"));

    private static final List<Flag> NODE = List.of(
            Flag.value("node-name", "NAME", "", "Name of this node; empty: the host's"),
            Flag.value("node-ip", "IP", "", "Address of this node; empty: that of the default route"),
            Flag.value(
                    "resolv-conf",
                    "FILE",
                    "/etc/resolv.conf",
                    "This host's name servers: of pods with dnsPolicy Default, and for names outside the cluster"));

    private static final List<Flag> KUBELET = List.of(
            Flag.value(
                    "container-runtime-endpoint", "SOCKET", "", "CRI socket; empty: start and keep an own containerd"),
            Flag.value("cni-bin-dir", "DIR", "/usr/lib/cni", "Where the CNI plugins lie"),
            Flag.value("bridge-name", "NAME", "cni-mizzen", "Bridge of this node's pods"),
            Flag.value("cgroup-root", "CGROUP", "/", "Cgroup below which kubepods is made"),
            Flag.value("kubelet-port", "PORT", "10250", "Port the kubelet listens on"),
            Flag.value("pod-log-dir", "DIR", "/var/log/pods", "Logs of containers"),
            Flag.value("container-log-dir", "DIR", "/var/log/containers", "Links to the newest log of each container"));

    private static final List<Flag> CLIENT = List.of(
            Flag.value("kubeconfig", "FILE", "", "How to reach the API server; empty: as the data folder says"));

    private static final List<Flag> CONTROLLERS = List.of(
            Flag.value(
                    "node-monitor-grace-period",
                    "DURATION",
                    "40s",
                    "How long a node may be silent before it counts as lost"),
            Flag.value(
                    "terminated-pod-gc-threshold",
                    "NUMBER",
                    "12500",
                    "Pods that have ended and may stay; beyond it the oldest are deleted; 0: all may stay"),
            Flag.value(
                    "load-balancer-pool",
                    "CIDR,…",
                    "",
                    "Addresses of load balancers, also first-last; empty: those of the nodes"));

    private static final List<Flag> AGENT = List.of(
            Flag.value("server", "URL", "", "The cluster's API server, https://host:6443"),
            Flag.value("token", "TOKEN", "", "Join token, K10…::abcdef.0123456789abcdef; needed once"),
            Flag.value("token-file", "FILE", "", "File that holds the join token"),
            Flag.value("certificate-ttl", "DURATION", "0", "Life of this node's certificates; 0: a year"));

    private static final Flag ELECTION = Flag.toggle("leader-elect", "Work only while holding the component's lease");

    private ServerFlags() {}

    /** All of {@code mizzen server}. */
    static FlagSet server() {
        return set(Stream.of(COMMON, API_SERVER, NETWORK, NODE, KUBELET, CareFlags.ALL, CONTROLLERS));
    }

    /** All of {@code mizzen agent}. */
    static FlagSet agent() {
        return set(Stream.of(COMMON, AGENT, NODE, KUBELET, CareFlags.ALL));
    }

    static FlagSet apiServer() {
        return set(Stream.of(COMMON, API_SERVER, NETWORK, NODE));
    }

    static FlagSet scheduler() {
        return set(Stream.of(COMMON, CLIENT, List.of(ELECTION)));
    }

    static FlagSet controllerManager() {
        return set(Stream.of(COMMON, CLIENT, NETWORK, CONTROLLERS, List.of(ELECTION)));
    }

    static FlagSet kubelet() {
        return set(Stream.of(COMMON, CLIENT, NETWORK, NODE, KUBELET, CareFlags.ALL));
    }

    static FlagSet kubeProxy() {
        return set(Stream.of(COMMON, CLIENT, NETWORK, NODE));
    }

    private static FlagSet set(Stream<List<Flag>> groups) {
        List<Flag> all = new ArrayList<>();
        groups.forEach(all::addAll);
        return new FlagSet(all);
    }
}
