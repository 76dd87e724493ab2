// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.selector.LabelSelector;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.registry.Metadata;
import io.mizzen.apiserver.registry.ObjectStore;
import io.mizzen.apiserver.registry.ResourceRegistry;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.registry.WriteContext;
import io.mizzen.apiserver.schema.Defaults;
import io.mizzen.apiserver.storage.Storage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the first objects at every start, on the starting thread, before the server says that it is ready. Those that a
 * cluster cannot do without are written again when somebody has deleted them.
 */
public final class Bootstrap {
    private static final Logger LOG = LoggerFactory.getLogger(Bootstrap.class);
    private static final List<String> NAMESPACES = List.of("default", "kube-system", "kube-public", "kube-node-lease");

    private final ObjectStore store;
    private final ResourceRegistry resources;
    private final Storage storage;
    private final InstantSource clock;
    private final Service service;

    /**
     * The Service {@code kubernetes}.
     *
     * @param port port of this API server
     * @param address first address of the service range
     */
    public record Service(int port, String address) {}

    public Bootstrap(
            ObjectStore store, ResourceRegistry resources, Storage storage, InstantSource clock, Service service) {
        this.store = store;
        this.resources = resources;
        this.storage = storage;
        this.clock = clock;
        this.service = service;
    }

    /** The default roles and bindings, as data. */
    public static JsonNode roles() {
        return read("rbac.json");
    }

    private static JsonNode read(String file) {
        try (InputStream in = Objects.requireNonNull(Bootstrap.class.getResourceAsStream(file))) {
            return new ObjectMapper().readTree(in);
        } catch (IOException broken) {
            throw new UncheckedIOException("the default roles cannot be read", broken);
        }
    }

    /** A default ClusterRole by its name. */
    public static JsonNode clusterRole(String name) {
        for (JsonNode role : roles()) {
            if (role.path("kind").asText().equals("ClusterRole")
                    && ObjectTree.name(role).equals(name)) {
                return role;
            }
        }
        throw new IllegalArgumentException("no default role " + name);
    }

    /**
     * Writes the namespaces of the system and the Service {@code kubernetes} where they are not: without
     * {@code kube-node-lease} every node would count as lost. Upstream looks each minute.
     */
    void keep() {
        NAMESPACES.forEach(this::namespace);
        kubernetesService();
    }

    /** Writes what is missing. */
    public void run(String serviceCidr) {
        NAMESPACES.forEach(this::namespace);
        JsonNode roles = roles();
        for (JsonNode role : read("join-rbac.json")) {
            createIfAbsent(
                    "rbac.authorization.k8s.io",
                    plural(role),
                    ObjectTree.namespace(role),
                    ((ObjectNode) role).deepCopy());
        }
        for (JsonNode role : roles) {
            ObjectNode object = ((ObjectNode) role).deepCopy();
            if (object.has("aggregationRule")) {
                aggregate(object, roles);
            }
            createIfAbsent("rbac.authorization.k8s.io", plural(object), ObjectTree.namespace(object), object);
        }
        priorityClass("system-node-critical", 2_000_001_000, "Pods that their node cannot do without.");
        priorityClass("system-cluster-critical", 2_000_000_000, "Pods that the cluster cannot do without.");
        storageClass();
        serviceCidr(serviceCidr);
        metricsService();
        kubernetesService();
    }

    private static String plural(JsonNode object) {
        return switch (object.path("kind").asText()) {
            case "ClusterRole" -> "clusterroles";
            case "ClusterRoleBinding" -> "clusterrolebindings";
            case "Role" -> "roles";
            default -> "rolebindings";
        };
    }

    /** The rules of the roles that an aggregated role collects, so that it works before its controller runs. */
    private static void aggregate(ObjectNode role, JsonNode roles) {
        ArrayNode rules = role.putArray("rules");
        for (JsonNode selector : role.path("aggregationRule").path("clusterRoleSelectors")) {
            LabelSelector labels = LabelSelector.ofObject(selector);
            for (JsonNode candidate : roles) {
                boolean isRole = candidate.path("kind").asText().equals("ClusterRole");
                if (isRole && labels.matches(ObjectTree.labels(candidate)) && !candidate.has("aggregationRule")) {
                    candidate.path("rules").forEach(rules::add);
                }
            }
        }
    }

    private void namespace(String name) {
        ObjectNode namespace = JsonNodeFactory.instance.objectNode();
        namespace.put("kind", "Namespace").put("apiVersion", "v1");
        namespace.putObject("metadata").put("name", name);
        createIfAbsent("", "namespaces", "", namespace);
    }

    private void priorityClass(String name, int value, String description) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("kind", "PriorityClass").put("apiVersion", "scheduling.k8s.io/v1");
        object.putObject("metadata").put("name", name);
        object.put("value", value).put("description", description);
        createIfAbsent("scheduling.k8s.io", "priorityclasses", "", object);
    }

    /** The class of the volumes that nodes keep in a folder of their own, which claims get by default. */
    private void storageClass() {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("kind", "StorageClass").put("apiVersion", "storage.k8s.io/v1");
        object.putObject("metadata")
                .put("name", "local-path")
                .putObject("annotations")
                .put("storageclass.kubernetes.io/is-default-class", "true");
        object.put("provisioner", "mizzen.io/local-path")
                .put("reclaimPolicy", "Delete")
                .put("volumeBindingMode", "WaitForFirstConsumer");
        createIfAbsent("storage.k8s.io", "storageclasses", "", object);
    }

    private void serviceCidr(String cidr) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("kind", "ServiceCIDR").put("apiVersion", "networking.k8s.io/v1");
        object.putObject("metadata").put("name", "kubernetes");
        object.putObject("spec").putArray("cidrs").add(cidr);
        createIfAbsent("networking.k8s.io", "servicecidrs", "", object);
    }

    /** The metrics API is answered by this server, so its APIService is a local one. */
    private void metricsService() {
        ObjectNode service = JsonNodeFactory.instance.objectNode();
        service.put("kind", "APIService").put("apiVersion", "apiregistration.k8s.io/v1");
        service.putObject("metadata").put("name", "v1beta1.metrics.k8s.io");
        ObjectNode spec =
                service.putObject("spec").put("group", "metrics.k8s.io").put("version", "v1beta1");
        spec.put("groupPriorityMinimum", 100).put("versionPriority", 100);
        createIfAbsent("apiregistration.k8s.io", "apiservices", "", service);
        ServedResource resource = resources.require("apiregistration.k8s.io", "apiservices");
        WriteContext status = WriteContext.server(clock.instant()).withSubresource("status");
        store.update(status, resource, "", "v1beta1.metrics.k8s.io", current -> {
            ObjectNode object = Objects.requireNonNull(current);
            if (object.path("spec").has("service") || ObjectTree.condition(object, "Available") != null) {
                return object;
            }
            ObjectTree.list(ObjectTree.child(object, "status"), "conditions")
                    .addObject()
                    .put("type", "Available")
                    .put("status", "True")
                    .put("lastTransitionTime", Metadata.time(clock.instant()))
                    .put("reason", "Local")
                    .put("message", "Local APIServices are always available");
            return object;
        });
    }

    private void kubernetesService() {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("kind", "Service").put("apiVersion", "v1");
        ObjectNode metadata = object.putObject("metadata").put("name", "kubernetes");
        metadata.putObject("labels").put("component", "apiserver").put("provider", "kubernetes");
        ObjectNode spec = object.putObject("spec").put("clusterIP", service.address());
        spec.putArray("ports")
                .addObject()
                .put("name", "https")
                .put("protocol", "TCP")
                .put("port", 443)
                .put("targetPort", service.port());
        createIfAbsent("", "services", "default", object);
    }

    /**
     * Leads the Service {@code kubernetes} to these servers, in order of port and address: a subset and a slice a port. Several
     * servers may call it at once and write the same.
     */
    void endpoints(List<ServerLeases.Address> servers) {
        if (servers.isEmpty()) {
            return;
        }
        Map<Integer, List<ServerLeases.Address>> byPort = new TreeMap<>();
        servers.forEach(server ->
                byPort.computeIfAbsent(server.port(), port -> new ArrayList<>()).add(server));
        ObjectNode endpoints = JsonNodeFactory.instance.objectNode();
        endpoints.put("kind", "Endpoints").put("apiVersion", "v1");
        ObjectNode metadata =
                endpoints.putObject("metadata").put("name", "kubernetes").put("namespace", "default");
        metadata.putObject("labels").put("endpointslice.kubernetes.io/skip-mirror", "true");
        ArrayNode subsets = endpoints.putArray("subsets");
        Set<String> slices = new HashSet<>();
        byPort.forEach((port, addresses) -> {
            ObjectNode subset = subsets.addObject();
            ArrayNode ips = subset.putArray("addresses");
            addresses.forEach(address -> ips.addObject().put("ip", address.ip()));
            subset.set("ports", ports(port));
            String name = slices.isEmpty() ? "kubernetes" : "kubernetes-" + port;
            slices.add(name);
            replace("discovery.k8s.io", "endpointslices", slice(name, port, addresses));
        });
        replace("", "endpoints", endpoints);
        removeOtherSlices(slices);
    }

    private static ObjectNode slice(String name, int port, List<ServerLeases.Address> addresses) {
        ObjectNode slice = JsonNodeFactory.instance.objectNode();
        slice.put("kind", "EndpointSlice").put("apiVersion", "discovery.k8s.io/v1");
        slice.putObject("metadata")
                .put("name", name)
                .put("namespace", "default")
                .putObject("labels")
                .put("kubernetes.io/service-name", "kubernetes");
        slice.put("addressType", "IPv4");
        ArrayNode endpoints = slice.putArray("endpoints");
        addresses.forEach(address -> {
            ObjectNode endpoint = endpoints.addObject();
            endpoint.putArray("addresses").add(address.ip());
            endpoint.putObject("conditions").put("ready", true);
        });
        slice.set("ports", ports(port));
        return slice;
    }

    private static ArrayNode ports(int port) {
        ArrayNode ports = JsonNodeFactory.instance.arrayNode();
        ports.addObject().put("name", "https").put("port", port).put("protocol", "TCP");
        return ports;
    }

    private void removeOtherSlices(Set<String> kept) {
        ServedResource resource = resources.require("discovery.k8s.io", "endpointslices");
        String prefix = resource.key("default", "kubernetes-");
        for (Storage.Entry entry : storage.list(prefix, null, 0, 0).entries()) {
            String port = entry.key().substring(prefix.length());
            if (port.matches("[0-9]+") && !kept.contains("kubernetes-" + port)) {
                Storage.WriteResult done = storage.delete(entry.key(), entry.modRevision());
                LOG.debug("{}: {}", entry.key(), done);
            }
        }
    }

    /** Makes an object as given, also when an older one is there: the server's address may have changed. */
    private void replace(String group, String plural, ObjectNode wanted) {
        ServedResource resource = resources.require(group, plural);
        String name = ObjectTree.name(wanted);
        if (storage.get(resource.key("default", name)) == null) {
            createIfAbsent(group, plural, "default", wanted);
            return;
        }
        store.update(WriteContext.server(clock.instant()), resource, "default", name, current -> {
            ObjectNode object = Objects.requireNonNull(current);
            // Without it the change is made again on what another server wrote meanwhile.
            ObjectTree.metadata(object).remove("resourceVersion");
            wanted.properties().forEach(field -> {
                if (!field.getKey().equals("metadata")) {
                    object.set(field.getKey(), field.getValue());
                }
            });
            Defaults.apply(object, resource.schema());
            return object;
        });
    }

    private void createIfAbsent(String group, String plural, String namespace, ObjectNode object) {
        ServedResource resource = resources.require(group, plural);
        String name = ObjectTree.name(object);
        if (storage.get(resource.key(namespace, name)) != null) {
            return;
        }
        Defaults.apply(object, resource.schema());
        try {
            store.create(WriteContext.server(clock.instant()), resource, namespace, object);
        } catch (StatusException exists) {
            // Another API server on the same store was quicker.
            if (exists.reason() != StatusReason.AlreadyExists) {
                throw exists;
            }
        }
    }
}
