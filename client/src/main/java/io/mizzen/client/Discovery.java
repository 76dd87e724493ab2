// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a server serves, read from its aggregated discovery documents, or group by group where it has none.
 *
 * @param resources the resources of every group in its preferred version, without subresources
 * @param failedGroups {@code group/version} of those that could not be read
 */
public record Discovery(List<Served> resources, List<String> failedGroups) {

    static final String AGGREGATED =
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

    /**
     * One resource.
     *
     * @param type where it lives
     * @param verbs what can be done with it
     */
    public record Served(ResourceType type, Set<String> verbs) {
        /** Copies the verbs. */
        public Served {
            verbs = Set.copyOf(verbs);
        }
    }

    /** Copies its lists. */
    public Discovery {
        resources = List.copyOf(resources);
        failedGroups = List.copyOf(failedGroups);
    }

    static Discovery read(Transport transport) {
        List<Served> resources = new ArrayList<>();
        List<String> failed = new ArrayList<>();
        readRoot(transport, "/api", resources, failed);
        readRoot(transport, "/apis", resources, failed);
        return new Discovery(resources, failed);
    }

    private static void readRoot(Transport transport, String root, List<Served> into, List<String> failed) {
        JsonNode document = transport.send("GET", root, AGGREGATED, null, null);
        if (document.path("kind").asText().equals("APIGroupDiscoveryList")) {
            document.path("items").forEach(group -> readAggregatedGroup(group, into, failed));
        } else if (root.equals("/api")) {
            readGroupVersion(transport, "", "v1", into, failed);
        } else {
            for (JsonNode group : document.path("groups")) {
                String version = group.path("preferredVersion").path("version").asText();
                readGroupVersion(transport, group.path("name").asText(), version, into, failed);
            }
        }
    }

    /** Versions stand in the order of preference; a resource counts in the first version that has it. */
    private static void readAggregatedGroup(JsonNode group, List<Served> into, List<String> failed) {
        String name = group.path("metadata").path("name").asText("");
        Set<String> seen = new HashSet<>();
        for (JsonNode version : group.path("versions")) {
            String versionName = version.path("version").asText();
            if (version.path("freshness").asText().equals("Stale")) {
                failed.add(name + "/" + versionName);
            }
            for (JsonNode resource : version.path("resources")) {
                String plural = resource.path("resource").asText();
                if (!seen.add(plural)) {
                    continue;
                }
                ResourceType type = new ResourceType(
                        name,
                        versionName,
                        plural,
                        resource.path("responseKind").path("kind").asText(),
                        resource.path("scope").asText().equals("Namespaced"));
                into.add(new Served(type, texts(resource.path("verbs"))));
            }
        }
    }

    private static void readGroupVersion(
            Transport transport, String group, String version, List<Served> into, List<String> failed) {
        String path = group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
        try {
            JsonNode list = transport.send("GET", path, Transport.JSON, null, null);
            for (JsonNode resource : list.path("resources")) {
                String plural = resource.path("name").asText();
                if (plural.contains("/")) {
                    continue;
                }
                ResourceType type = new ResourceType(
                        group,
                        version,
                        plural,
                        resource.path("kind").asText(),
                        resource.path("namespaced").asBoolean());
                into.add(new Served(type, texts(resource.path("verbs"))));
            }
        } catch (KubernetesClientException e) {
            failed.add(group + "/" + version);
        }
    }

    private static Set<String> texts(JsonNode array) {
        Set<String> texts = new HashSet<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
