// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.nftables;

import io.mizzen.kubeproxy.nftables.Ruleset.Chain;
import io.mizzen.kubeproxy.nftables.Ruleset.ElementSet;
import io.mizzen.kubeproxy.service.Endpoint;
import io.mizzen.kubeproxy.service.EndpointChoice;
import io.mizzen.kubeproxy.service.Family;
import io.mizzen.kubeproxy.service.ServicePort;
import io.mizzen.kubeproxy.service.ServiceTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;

/**
 * Turns a {@link ServiceTable} into the rule set that serves it. Pure.
 *
 * <p>A packet's way: {@code services} looks its address, protocol and port up in a map of verdicts, which leads to a chain of the
 * Service, which chooses an endpoint by {@code numgen random} and rewrites the address. What still carries an address of the
 * service range afterwards is served by nobody and is rejected here, so that it never leaves the node.
 */
public final class RulesetBuilder {
    /**
     * What is the same for all Services.
     *
     * @param table the table's name
     * @param podCidrs the ranges of pods: traffic from elsewhere to a cluster IP is masqueraded; empty never masquerades it
     * @param serviceCidrs the ranges of cluster IPs
     */
    public record Settings(String table, List<String> podCidrs, List<String> serviceCidrs) {
        /** Copies the lists. */
        public Settings {
            podCidrs = List.copyOf(podCidrs);
            serviceCidrs = List.copyOf(serviceCidrs);
        }
    }

    /** The bit of the packet mark that asks for masquerading, as upstream's default. */
    private static final String MARK = "0x4000";

    private final Settings settings;
    private final Family family;
    private final String ip;
    private final List<String> podCidrs;
    private final Map<String, Chain> chains = new TreeMap<>();
    private final Map<String, String> serviceIps = new TreeMap<>();
    private final Map<String, String> nodePorts = new TreeMap<>();
    private final Map<String, String> unservedIps = new TreeMap<>();
    private final Map<String, String> unservedNodePorts = new TreeMap<>();
    private final Map<String, String> firewalled = new TreeMap<>();
    private final Map<String, String> hairpin = new TreeMap<>();
    private final Map<String, ElementSet> affinitySets = new TreeMap<>();

    private RulesetBuilder(Settings settings, Family family) {
        this.settings = settings;
        this.family = family;
        ip = family.keyword();
        podCidrs = settings.podCidrs().stream()
                .filter(cidr -> Family.of(cidr) == family)
                .toList();
    }

    /** The rule set of one family. */
    public static Ruleset build(ServiceTable services, Settings settings, Family family) {
        RulesetBuilder builder = new RulesetBuilder(settings, family);
        builder.addFixedChains();
        services.ports().forEach(builder::addService);
        return new Ruleset(family, settings.table(), builder.chains, builder.sets());
    }

    private void addFixedChains() {
        chains.put("nat-prerouting", hooked("nat", "prerouting", -100, List.of("jump services")));
        chains.put("nat-output", hooked("nat", "output", -100, List.of("jump services")));
        chains.put("nat-postrouting", hooked("nat", "postrouting", 100, List.of("jump masquerading")));
        // Before other tables' filters, so that the answer does not depend on their policy.
        for (String hook : List.of("input", "forward", "output")) {
            chains.put("filter-" + hook, hooked("filter", hook, -10, List.of("jump unserved")));
        }
        chains.put(
                "services",
                new Chain(
                        null,
                        List.of(
                                ip + " daddr . meta l4proto . th dport vmap @service-ips",
                                "fib daddr type local " + ip + " daddr != " + family.loopback()
                                        + " meta l4proto . th dport vmap @service-nodeports")));
        chains.put(
                "unserved",
                new Chain(
                        null,
                        List.of(
                                ip + " daddr . meta l4proto . th dport vmap @unserved-ips",
                                ip + " daddr @service-cidrs goto reject-unserved",
                                ip + " daddr . meta l4proto . th dport @firewall-ips drop",
                                "fib daddr type local meta l4proto . th dport vmap @unserved-nodeports")));
        // A reset for TCP: an ICMP error for a socket of this host may arrive while connect() holds the socket, is then
        // dropped,
        // and the client learns of it only at its next attempt, a second later.
        chains.put("reject-unserved", new Chain(null, List.of("meta l4proto tcp reject with tcp reset", "reject")));
        chains.put("mark-for-masquerade", new Chain(null, List.of("meta mark set meta mark | " + MARK)));
        chains.put(
                "masquerading",
                new Chain(
                        null,
                        List.of(
                                "meta mark & " + MARK + " == " + MARK + " meta mark set meta mark ^ " + MARK
                                        + " masquerade fully-random",
                                "ct status dnat " + ip + " saddr . " + ip
                                        + " daddr @hairpin masquerade fully-random")));
    }

    private static Chain hooked(String type, String hook, int priority, List<String> rules) {
        return new Chain("type " + type + " hook " + hook + " priority " + priority + "; policy accept;", rules);
    }

    private Map<String, ElementSet> sets() {
        String address = family.addressType();
        String byAddress = "type " + address + " . inet_proto . inet_service : verdict;";
        String byPort = "type inet_proto . inet_service : verdict;";
        Map<String, String> cidrs = new TreeMap<>();
        settings.serviceCidrs().stream()
                .filter(cidr -> Family.of(cidr) == family)
                .forEach(cidr -> cidrs.put(cidr, ""));
        Map<String, ElementSet> sets = new TreeMap<>(affinitySets);
        sets.put("service-ips", new ElementSet(true, byAddress, serviceIps));
        sets.put("service-nodeports", new ElementSet(true, byPort, nodePorts));
        sets.put("unserved-ips", new ElementSet(true, byAddress, unservedIps));
        sets.put("unserved-nodeports", new ElementSet(true, byPort, unservedNodePorts));
        sets.put("service-cidrs", new ElementSet(false, "type " + address + "; flags interval;", cidrs));
        sets.put(
                "firewall-ips", new ElementSet(false, "type " + address + " . inet_proto . inet_service;", firewalled));
        sets.put("hairpin", new ElementSet(false, "type " + address + " . " + address + ";", hairpin));
        return sets;
    }

    private void addService(ServicePort port, EndpointChoice choice) {
        List<Endpoint> cluster = choice.cluster();
        List<Endpoint> local = choice.local();
        boolean needsLocal = port.isInternalLocal() || (port.isExternalLocal() && port.isExternal());
        choice.local().forEach(endpoint -> hairpin.put(endpoint.ip() + " . " + endpoint.ip(), ""));
        cluster.stream()
                .filter(Endpoint::isLocal)
                .forEach(endpoint -> hairpin.put(endpoint.ip() + " . " + endpoint.ip(), ""));

        if (!cluster.isEmpty()) {
            chains.put("service-" + port.id(), new Chain(null, withMark(port, balance(port, cluster))));
        }
        if (needsLocal && !local.isEmpty()) {
            chains.put("local-" + port.id(), new Chain(null, withMark(port, balance(port, local))));
        }
        addClusterIp(port, cluster, local);
        if (port.isExternal()) {
            addExternal(port, cluster, local);
        }
    }

    private void addClusterIp(ServicePort port, List<Endpoint> cluster, List<Endpoint> local) {
        String key = key(port.clusterIp(), port);
        if (cluster.isEmpty()) {
            unservedIps.put(key, "goto reject-unserved");
        } else if (!port.isInternalLocal()) {
            serviceIps.put(key, "goto service-" + port.id());
        } else if (!local.isEmpty()) {
            serviceIps.put(key, "goto local-" + port.id());
        } else {
            unservedIps.put(key, "drop");
        }
    }

    private void addExternal(ServicePort port, List<Endpoint> cluster, List<Endpoint> local) {
        boolean isServed = !cluster.isEmpty();
        boolean isDropped = isServed && port.isExternalLocal() && local.isEmpty();
        String verdict = "goto external-" + port.id();
        if (isServed) {
            chains.put("external-" + port.id(), new Chain(null, externalRules(port, local)));
        }
        List<String> open = new ArrayList<>(port.externalIps());
        if (port.loadBalancerSourceRanges().isEmpty() || !isServed) {
            open.addAll(port.loadBalancerIps());
        } else {
            String firewall = "firewall-" + port.id();
            chains.put(
                    firewall,
                    new Chain(
                            null,
                            List.of(ip + " saddr { " + String.join(", ", port.loadBalancerSourceRanges()) + " } "
                                    + verdict)));
            for (String address : port.loadBalancerIps()) {
                serviceIps.put(key(address, port), "goto " + firewall);
                firewalled.put(key(address, port), "");
            }
        }
        for (String address : open) {
            place(serviceIps, unservedIps, key(address, port), isServed, isDropped, verdict);
        }
        if (port.nodePort() > 0) {
            String key = port.protocol() + " . " + port.nodePort();
            place(nodePorts, unservedNodePorts, key, isServed, isDropped, verdict);
        }
    }

    private static void place(
            Map<String, String> served,
            Map<String, String> unserved,
            String key,
            boolean isServed,
            boolean isDropped,
            String verdict) {
        if (isServed) {
            served.put(key, verdict);
        }
        if (!isServed || isDropped) {
            unserved.put(key, isDropped ? "drop" : "goto reject-unserved");
        }
    }

    /** Outside traffic is masqueraded so that answers come back by this node; with policy Local they do anyway. */
    private List<String> externalRules(ServicePort port, List<Endpoint> local) {
        String service = "goto service-" + port.id();
        if (!port.isExternalLocal()) {
            return List.of("jump mark-for-masquerade", service);
        }
        List<String> rules = new ArrayList<>();
        if (!podCidrs.isEmpty()) {
            rules.add(ip + " saddr " + anyOf(podCidrs) + " " + service);
        }
        rules.add("fib saddr type local jump mark-for-masquerade");
        rules.add("fib saddr type local " + service);
        if (!local.isEmpty()) {
            rules.add("goto local-" + port.id());
        }
        return rules;
    }

    private List<String> withMark(ServicePort port, List<String> rules) {
        if (podCidrs.isEmpty()) {
            return rules;
        }
        List<String> all = new ArrayList<>();
        all.add(ip + " daddr " + port.clusterIp() + " " + port.protocol() + " dport " + port.port() + " " + ip
                + " saddr != " + anyOf(podCidrs) + " jump mark-for-masquerade");
        all.addAll(rules);
        return all;
    }

    private List<String> balance(ServicePort port, List<Endpoint> endpoints) {
        if (port.affinitySeconds() > 0) {
            return balanceWithAffinity(port, endpoints);
        }
        String dnat = "meta l4proto " + port.protocol() + " dnat to ";
        if (endpoints.size() == 1) {
            return List.of(dnat + target(endpoints.getFirst()));
        }
        StringJoiner choices = new StringJoiner(", ", "{ ", " }");
        for (int i = 0; i < endpoints.size(); i++) {
            choices.add(
                    i + " : " + endpoints.get(i).ip() + " . " + endpoints.get(i).port());
        }
        return List.of(dnat + "numgen random mod " + endpoints.size() + " map " + choices);
    }

    /** A client that is remembered goes to its endpoint; others are spread and then remembered. */
    private List<String> balanceWithAffinity(ServicePort port, List<Endpoint> endpoints) {
        List<String> rules = new ArrayList<>();
        Map<Integer, String> choices = new LinkedHashMap<>();
        for (Endpoint endpoint : endpoints) {
            String id = port.id() + "/" + endpoint.ip().replace(':', '.') + "/" + endpoint.port();
            String set = "affinity-" + id;
            String chain = "endpoint-" + id;
            affinitySets.put(
                    set,
                    new ElementSet(
                            false,
                            "type " + family.addressType() + "; flags dynamic,timeout; timeout "
                                    + port.affinitySeconds() + "s;",
                            Map.of()));
            chains.put(
                    chain,
                    new Chain(
                            null,
                            List.of(
                                    "update @" + set + " { " + ip + " saddr }",
                                    "meta l4proto " + port.protocol() + " dnat to " + target(endpoint))));
            rules.add(ip + " saddr @" + set + " goto " + chain);
            choices.put(choices.size(), chain);
        }
        StringJoiner verdicts = new StringJoiner(", ", "{ ", " }");
        choices.forEach((index, chain) -> verdicts.add(index + " : goto " + chain));
        rules.add("numgen random mod " + endpoints.size() + " vmap " + verdicts);
        return rules;
    }

    private static String key(String address, ServicePort port) {
        return address + " . " + port.protocol() + " . " + port.port();
    }

    private static String anyOf(List<String> cidrs) {
        return cidrs.size() == 1 ? cidrs.getFirst() : "{ " + String.join(", ", cidrs) + " }";
    }

    private static String target(Endpoint endpoint) {
        return (Family.of(endpoint.ip()) == Family.IPV6 ? "[" + endpoint.ip() + "]" : endpoint.ip()) + ":"
                + endpoint.port();
    }
}
