// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.warning;

import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Warnings about Services, and about ranges of addresses that are written with an address of one host. */
final class ServiceWarnings {
    private static final String OLD_TOPOLOGY = "service.kubernetes.io/topology-aware-hints";
    private static final Pattern IPV4_RANGE = Pattern.compile("(\\d+)\\.(\\d+)\\.(\\d+)\\.(\\d+)/(\\d+)");

    private ServiceWarnings() {}

    static void check(List<String> warnings, ObjectNode service) {
        if (ObjectTree.annotations(service).containsKey(OLD_TOPOLOGY)) {
            warnings.add("annotation " + OLD_TOPOLOGY
                    + " is deprecated, please use service.kubernetes.io/topology-mode instead");
        }
        JsonNode spec = service.path("spec");
        String type = spec.path("type").asText("");
        boolean external = type.equals("ExternalName");
        if (type.equals("ClusterIP") && spec.path("clusterIP").asText("").equals("None")) {
            headless(warnings, spec);
        }
        ranges(warnings, "spec.loadBalancerSourceRanges", spec.path("loadBalancerSourceRanges"));
        if (external && !spec.path("externalIPs").isEmpty()) {
            warnings.add("spec.externalIPs is ignored when spec.type is \"ExternalName\"");
        }
        if (!external && !spec.path("externalName").asText("").isEmpty()) {
            warnings.add("spec.externalName is ignored when spec.type is not \"ExternalName\"");
        }
        if (spec.path("trafficDistribution").asText("").equals("PreferClose")) {
            warnings.add("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"");
        }
    }

    private static void headless(List<String> warnings, JsonNode spec) {
        if (!spec.path("loadBalancerIP").asText("").isEmpty()) {
            warnings.add("spec.loadBalancerIP is ignored for headless services");
        }
        if (!spec.path("externalIPs").isEmpty()) {
            warnings.add("spec.externalIPs is ignored for headless services");
        }
        if (!spec.path("sessionAffinity").asText("None").equals("None")) {
            warnings.add("spec.SessionAffinity is ignored for headless services");
        }
    }

    static void networkPolicy(List<String> warnings, ObjectNode policy) {
        for (String[] way : new String[][] {{"ingress", "from"}, {"egress", "to"}}) {
            JsonNode rules = policy.path("spec").path(way[0]);
            for (int i = 0; i < rules.size(); i++) {
                JsonNode peers = rules.get(i).path(way[1]);
                for (int j = 0; j < peers.size(); j++) {
                    JsonNode block = peers.get(j).path("ipBlock");
                    String field = at(at(at(at("spec." + way[0], i), way[1]), j), "ipBlock");
                    range(warnings, at(field, "cidr"), block.path("cidr").asText(""));
                    ranges(warnings, at(field, "except"), block.path("except"));
                }
            }
        }
    }

    private static void ranges(List<String> warnings, String path, JsonNode ranges) {
        for (int i = 0; i < ranges.size(); i++) {
            range(warnings, at(path, i), ranges.get(i).asText(""));
        }
    }

    /** Tells of bits set beyond the length of an IPv4 range. */
    private static void range(List<String> warnings, String field, String text) {
        Matcher matcher = IPV4_RANGE.matcher(text);
        if (!matcher.matches()) {
            return;
        }
        long address = 0;
        for (int i = 1; i <= 4; i++) {
            address = address << 8 | Long.parseLong(matcher.group(i));
        }
        int length = Integer.parseInt(matcher.group(5));
        if (length > 32) {
            return;
        }
        long network = address & 0xffffffffL << 32 - length & 0xffffffffL;
        if (network != address) {
            warnings.add(field + ": CIDR value \"" + text + "\" is ambiguous in this context (should be \""
                    + dotted(network) + "/" + length + "\" or \"" + dotted(address) + "/32\"?)");
        }
    }

    private static String dotted(long address) {
        return (address >> 24) + "." + (address >> 16 & 255) + "." + (address >> 8 & 255) + "." + (address & 255);
    }
}
