// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.discovery;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.catalog.ResourceDefinition.Subresource;
import io.mizzen.api.name.GroupVersion;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Discovery of a fixed set of resources (API page "Aggregated Discovery", KEP-3352). Made anew when custom resources
 * change. Immutable.
 */
public final class Discovery {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Pattern NEWEST = Pattern.compile("v=v2\\s*(?=[;,]|$)");

    private final List<ResourceDefinition> resources;
    private final Map<String, List<String>> versionsByGroup = new LinkedHashMap<>();
    private final Answer aggregatedCore;
    private final Answer aggregatedGroups;

    /**
     * A ready answer.
     *
     * @param body JSON
     * @param contentType value of Content-Type
     * @param etag value of ETag, empty if none
     */
    public record Answer(byte[] body, String contentType, String etag) {}

    private Discovery(List<ResourceDefinition> resources) {
        this.resources = resources;
        for (ResourceDefinition resource : inGroupOrder(resources)) {
            List<String> versions = versionsByGroup.computeIfAbsent(resource.group(), group -> new ArrayList<>());
            resource.versionNames().stream()
                    .filter(version -> !versions.contains(version))
                    .forEach(versions::add);
        }
        versionsByGroup.values().forEach(versions -> versions.sort(VersionOrder.NEWEST_FIRST));
        this.aggregatedCore = aggregated(Set.of(""));
        Set<String> groups = new LinkedHashSet<>(versionsByGroup.keySet());
        groups.remove("");
        this.aggregatedGroups = aggregated(groups);
    }

    /** Built-in groups keep the order of the catalogue, which is that of their priorities; the others follow by name. */
    private static List<ResourceDefinition> inGroupOrder(List<ResourceDefinition> resources) {
        List<ResourceDefinition> ordered = new ArrayList<>(
                resources.stream().filter(resource -> !resource.custom()).toList());
        resources.stream()
                .filter(ResourceDefinition::custom)
                .sorted(Comparator.comparing(ResourceDefinition::group))
                .forEach(ordered::add);
        return ordered;
    }

    /**
     * Discovery of these resources. Groups are told in the order of their first built-in resource; groups that only
     * custom resources have come after those, by name.
     */
    public static Discovery of(Collection<ResourceDefinition> resources) {
        return new Discovery(List.copyOf(resources));
    }

    /**
     * The answer at a path.
     *
     * @param path {@code /api}, {@code /apis}, {@code /api/v1}, {@code /apis/<group>} or {@code /apis/<group>/<version>}
     * @param accept the request's Accept header
     * @param serverAddress host and port that clients reach the server at
     * @return null when nothing is served there
     */
    public @Nullable Answer answer(String path, String accept, String serverAddress) {
        List<String> parts = new ArrayList<>(List.of(path.split("/")));
        parts.removeIf(String::isEmpty);
        boolean core = parts.getFirst().equals("api");
        if (parts.size() == 1) {
            if (asksForAggregated(accept)) {
                Answer answer = core ? aggregatedCore : aggregatedGroups;
                return acceptsNewest(accept) ? answer : beta(answer);
            }
            return plain(core ? coreVersions(serverAddress) : groupList());
        }
        if (core) {
            return parts.size() == 2 ? resourceList("", parts.get(1)) : null;
        }
        if (!versionsByGroup.containsKey(parts.get(1)) || parts.get(1).isEmpty()) {
            return null;
        }
        return switch (parts.size()) {
            case 2 -> plain(group(parts.get(1), true));
            case 3 -> resourceList(parts.get(1), parts.get(2));
            default -> null;
        };
    }

    private static boolean asksForAggregated(String accept) {
        return accept.contains("as=APIGroupDiscoveryList") && accept.contains("apidiscovery.k8s.io");
    }

    /** Whether one of the media types is the stable form; a client that is older names only the beta one. */
    private static boolean acceptsNewest(String accept) {
        return NEWEST.matcher(accept).find();
    }

    private static Answer plain(ObjectNode node) {
        return new Answer(node.toString().getBytes(StandardCharsets.UTF_8), "application/json", "");
    }

    private static Answer beta(Answer answer) {
        String text = new String(answer.body(), StandardCharsets.UTF_8)
                .replace("apidiscovery.k8s.io/v2\"", "apidiscovery.k8s.io/v2beta1\"");
        return withEtag(text.getBytes(StandardCharsets.UTF_8), "v2beta1");
    }

    private static Answer withEtag(byte[] body, String version) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-512").digest(body);
            String etag = "\"" + HexFormat.of().withUpperCase().formatHex(digest) + "\"";
            return new Answer(
                    body, "application/json;g=apidiscovery.k8s.io;v=" + version + ";as=APIGroupDiscoveryList", etag);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private Answer aggregated(Set<String> groups) {
        ObjectNode list = NODES.objectNode();
        list.put("kind", "APIGroupDiscoveryList").put("apiVersion", "apidiscovery.k8s.io/v2");
        list.putObject("metadata");
        ArrayNode items = list.putArray("items");
        for (String group : groups) {
            if (!versionsByGroup.containsKey(group)) {
                continue;
            }
            ObjectNode item = items.addObject();
            ObjectNode metadata = item.putObject("metadata");
            if (!group.isEmpty()) {
                metadata.put("name", group);
            }
            ArrayNode versions = item.putArray("versions");
            for (String version : versionsByGroup.getOrDefault(group, List.of())) {
                ObjectNode node = versions.addObject();
                node.put("version", version);
                ArrayNode array = node.putArray("resources");
                for (ResourceDefinition resource : in(group, version)) {
                    array.add(aggregated(resource, version));
                }
                node.put("freshness", "Current");
            }
        }
        return withEtag(list.toString().getBytes(StandardCharsets.UTF_8), "v2");
    }

    private List<ResourceDefinition> in(String group, String version) {
        return resources.stream()
                .filter(resource -> resource.group().equals(group) && resource.version(version) != null)
                .sorted(Comparator.comparing(ResourceDefinition::plural))
                .toList();
    }

    private static ObjectNode aggregated(ResourceDefinition resource, String served) {
        ObjectNode node = NODES.objectNode();
        node.put("resource", resource.plural());
        // Built-in kinds leave group and version to those they stand under; custom ones say them.
        String ownGroup = resource.custom() ? resource.group() : "";
        String ownVersion = resource.custom() ? served : "";
        responseKind(node, ownGroup, ownVersion, resource.kind());
        node.put("scope", resource.namespaced() ? "Namespaced" : "Cluster");
        node.put("singularResource", resource.singular());
        texts(node, "verbs", resource.verbs());
        texts(node, "shortNames", resource.shortNames());
        texts(node, "categories", resource.categories());
        if (!resource.subresources().isEmpty()) {
            ArrayNode array = node.putArray("subresources");
            for (Subresource subresource : resource.subresources().values()) {
                ObjectNode sub = array.addObject();
                sub.put("subresource", subresource.name());
                boolean own = subresource.version().isEmpty();
                responseKind(
                        sub,
                        own ? ownGroup : subresource.group(),
                        own ? ownVersion : subresource.version(),
                        subresource.kind());
                texts(sub, "verbs", subresource.verbs());
            }
        }
        return node;
    }

    private static void responseKind(ObjectNode node, String group, String version, String kind) {
        node.putObject("responseKind")
                .put("group", group)
                .put("version", version)
                .put("kind", kind);
    }

    private static void texts(ObjectNode node, String field, List<String> values) {
        if (!values.isEmpty()) {
            ArrayNode array = node.putArray(field);
            values.forEach(array::add);
        }
    }

    private static ObjectNode coreVersions(String serverAddress) {
        ObjectNode node = NODES.objectNode();
        node.put("kind", "APIVersions");
        node.putArray("versions").add("v1");
        node.putArray("serverAddressByClientCIDRs")
                .addObject()
                .put("clientCIDR", "0.0.0.0/0")
                .put("serverAddress", serverAddress);
        return node;
    }

    private ObjectNode groupList() {
        ObjectNode node = NODES.objectNode();
        node.put("kind", "APIGroupList").put("apiVersion", "v1");
        ArrayNode groups = node.putArray("groups");
        versionsByGroup.keySet().stream()
                .filter(name -> !name.isEmpty())
                .forEach(name -> groups.add(group(name, false)));
        return node;
    }

    private ObjectNode group(String name, boolean standalone) {
        ObjectNode node = NODES.objectNode();
        if (standalone) {
            node.put("kind", "APIGroup").put("apiVersion", "v1");
        }
        node.put("name", name);
        ArrayNode versions = node.putArray("versions");
        List<String> served = versionsByGroup.getOrDefault(name, List.of());
        served.forEach(version -> versions.add(version(name, version)));
        node.set("preferredVersion", version(name, served.getFirst()));
        return node;
    }

    private static ObjectNode version(String group, String version) {
        return NODES.objectNode()
                .put("groupVersion", new GroupVersion(group, version).apiVersion())
                .put("version", version);
    }

    private @Nullable Answer resourceList(String group, String version) {
        List<ResourceDefinition> served = in(group, version);
        if (served.isEmpty()) {
            return null;
        }
        ObjectNode node = NODES.objectNode();
        node.put("kind", "APIResourceList");
        if (!group.isEmpty()) {
            node.put("apiVersion", "v1");
        }
        node.put("groupVersion", new GroupVersion(group, version).apiVersion());
        ArrayNode array = node.putArray("resources");
        for (ResourceDefinition resource : served) {
            ObjectNode main = array.addObject();
            main.put("name", resource.plural()).put("singularName", resource.singular());
            main.put("namespaced", resource.namespaced()).put("kind", resource.kind());
            ArrayNode verbs = main.putArray("verbs");
            resource.verbs().forEach(verbs::add);
            texts(main, "shortNames", resource.shortNames());
            texts(main, "categories", resource.categories());
            if (resource.isStored()) {
                main.put("storageVersionHash", storageVersionHash(resource));
            }
            resource.subresources().values().forEach(subresource -> array.add(subresource(resource, subresource)));
        }
        return plain(node);
    }

    private static ObjectNode subresource(ResourceDefinition resource, Subresource subresource) {
        ObjectNode node = NODES.objectNode();
        node.put("name", resource.plural() + "/" + subresource.name()).put("singularName", "");
        node.put("namespaced", resource.namespaced());
        if (!subresource.version().isEmpty()) {
            node.put("group", subresource.group()).put("version", subresource.version());
        }
        node.put("kind", subresource.kind());
        ArrayNode verbs = node.putArray("verbs");
        subresource.verbs().forEach(verbs::add);
        return node;
    }

    private static String storageVersionHash(ResourceDefinition resource) {
        String identity = resource.group() + "/" + resource.storageVersion() + "/" + resource.kind();
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(identity.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(java.util.Arrays.copyOf(digest, 8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** All group versions served, for OpenAPI's index. */
    public List<GroupVersion> groupVersions() {
        List<GroupVersion> all = new ArrayList<>();
        versionsByGroup.forEach(
                (group, versions) -> versions.forEach(version -> all.add(new GroupVersion(group, version))));
        return all;
    }

    /** The order in which versions are preferred: stable before beta before alpha, higher before lower. */
    static final class VersionOrder {
        static final Comparator<String> NEWEST_FIRST = Comparator.comparingInt(VersionOrder::stability)
                .thenComparingInt(version -> -number(version, 0))
                .thenComparingInt(version -> -number(version, 1))
                .thenComparing(Comparator.naturalOrder());

        private VersionOrder() {}

        private static int stability(String version) {
            String lower = version.toLowerCase(Locale.ROOT);
            if (!lower.matches("v[0-9]+((alpha|beta)[0-9]+)?")) {
                return 3;
            }
            if (lower.contains("alpha")) {
                return 2;
            }
            return lower.contains("beta") ? 1 : 0;
        }

        private static int number(String version, int index) {
            String[] numbers = version.split("[^0-9]+");
            List<String> found = new ArrayList<>(List.of(numbers));
            found.removeIf(String::isEmpty);
            return index < found.size() && found.get(index).length() < 9 ? Integer.parseInt(found.get(index)) : 0;
        }
    }
}
