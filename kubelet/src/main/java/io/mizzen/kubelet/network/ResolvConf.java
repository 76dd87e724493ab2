// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.network;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodDNSConfig;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The name resolution of a pod.
 *
 * @param servers addresses of name servers, at most 3
 * @param searches search domains, at most 32 and 2048 characters
 * @param options e.g. {@code ndots:5}
 */
public record ResolvConf(List<String> servers, List<String> searches, List<String> options) {
    private static final int MAX_SERVERS = 3;
    private static final int MAX_SEARCHES = 32;
    private static final int MAX_SEARCH_CHARACTERS = 2048;

    /** Copies. */
    public ResolvConf {
        servers = List.copyOf(servers);
        searches = List.copyOf(searches);
        options = List.copyOf(options);
    }

    /** Reads the host's file; lines that are not understood are skipped. */
    public static ResolvConf parse(String text) {
        List<String> servers = new ArrayList<>();
        List<String> searches = new ArrayList<>();
        List<String> options = new ArrayList<>();
        for (String line : text.lines().toList()) {
            String[] words = line.strip().split("\\s+");
            List<String> rest = Arrays.asList(words).subList(1, words.length);
            switch (words[0]) {
                case "nameserver" -> {
                    if (!rest.isEmpty()) {
                        servers.add(rest.getFirst());
                    }
                }
                case "search" -> {
                    searches.clear();
                    rest.stream()
                            .map(d -> d.length() > 1 && d.endsWith(".") ? d.substring(0, d.length() - 1) : d)
                            .forEach(searches::add);
                }
                case "options" -> {
                    options.clear();
                    options.addAll(rest);
                }
                default -> {
                    // Comments and directives that pods do not inherit.
                }
            }
        }
        return new ResolvConf(servers, searches, options);
    }

    /** What a pod gets, and what had to be cut or replaced. */
    public record Composed(ResolvConf conf, List<String> warnings) {
        /** Copies. */
        public Composed {
            warnings = List.copyOf(warnings);
        }
    }

    /**
     * Composes the name resolution of a pod from its dnsPolicy and dnsConfig. Pure.
     *
     * @param pod the pod
     * @param host the host's own
     * @param clusterDns cluster name servers; none makes ClusterFirst fall back to Default with a warning
     * @param clusterDomain domain of services
     */
    public static Composed compose(Pod pod, ResolvConf host, List<String> clusterDns, String clusterDomain) {
        List<String> warnings = new ArrayList<>();
        PodSpec spec = pod.getSpec();
        String policy = spec.getDnsPolicy() == null ? "ClusterFirst" : spec.getDnsPolicy();
        boolean wantsCluster = policy.equals("ClusterFirstWithHostNet")
                || (policy.equals("ClusterFirst") && !Boolean.TRUE.equals(spec.getHostNetwork()));
        if (wantsCluster && clusterDns.isEmpty()) {
            warnings.add("pod: \"" + pod.getMetadata().getName()
                    + "\". kubelet does not have ClusterDNS IP configured and cannot create Pod using \"" + policy
                    + "\" policy. Falling back to \"Default\" policy.");
            wantsCluster = false;
        }
        ResolvConf base;
        if (policy.equals("None")) {
            base = new ResolvConf(List.of(), List.of(), List.of());
        } else if (wantsCluster) {
            String namespace = pod.getMetadata().getNamespace();
            List<String> searches = new ArrayList<>(
                    List.of(namespace + ".svc." + clusterDomain, "svc." + clusterDomain, clusterDomain));
            host.searches().stream().filter(s -> !searches.contains(s)).forEach(searches::add);
            base = new ResolvConf(clusterDns, searches, List.of("ndots:5"));
        } else {
            base = host;
        }
        return new Composed(limited(merged(base, spec.getDnsConfig()), warnings), warnings);
    }

    private static ResolvConf merged(ResolvConf base, @Nullable PodDNSConfig config) {
        if (config == null) {
            return base;
        }
        Set<String> servers = new LinkedHashSet<>(base.servers());
        servers.addAll(config.getNameservers());
        Set<String> searches = new LinkedHashSet<>(base.searches());
        searches.addAll(config.getSearches());
        Map<String, String> options = new LinkedHashMap<>();
        base.options().forEach(o -> options.put(o.split(":", 2)[0], o));
        config.getOptions()
                .forEach(o -> options.put(
                        o.getName(),
                        o.getValue() == null || o.getValue().isEmpty()
                                ? o.getName()
                                : o.getName() + ":" + o.getValue()));
        return new ResolvConf(List.copyOf(servers), List.copyOf(searches), List.copyOf(options.values()));
    }

    private static ResolvConf limited(ResolvConf conf, List<String> warnings) {
        List<String> servers = conf.servers();
        if (servers.size() > MAX_SERVERS) {
            servers = servers.subList(0, MAX_SERVERS);
            warnings.add(
                    "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: "
                            + String.join(" ", servers));
        }
        List<String> searches = new ArrayList<>(conf.searches());
        boolean isCut = false;
        while (searches.size() > MAX_SEARCHES || String.join(" ", searches).length() > MAX_SEARCH_CHARACTERS) {
            searches.removeLast();
            isCut = true;
        }
        if (isCut) {
            warnings.add(
                    "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: "
                            + String.join(" ", searches));
        }
        return new ResolvConf(servers, searches, conf.options());
    }
}
