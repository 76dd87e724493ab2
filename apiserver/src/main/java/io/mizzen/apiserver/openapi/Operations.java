// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.catalog.ResourceDefinition.Subresource;
import io.mizzen.api.name.GroupVersion;
import io.mizzen.api.name.GroupVersionKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What can be done at which path of a group version, worked out from its resources. */
final class Operations {
    private static final String STATUS = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
    private static final String DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
    static final String PATCH = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
    private static final List<Parameter> READ = Parameter.of("pretty");
    private static final List<Parameter> LIST = Parameter.of(
            "pretty",
            "allowWatchBookmarks",
            "continue",
            "fieldSelector",
            "labelSelector",
            "limit",
            "resourceVersion",
            "resourceVersionMatch",
            "sendInitialEvents",
            "timeoutSeconds",
            "watch");
    private static final List<Parameter> WRITE = Parameter.of("pretty", "dryRun", "fieldManager", "fieldValidation");
    private static final List<Parameter> PATCHES =
            Parameter.of("pretty", "dryRun", "fieldManager", "fieldValidation", "force");
    private static final List<Parameter> DELETE = Parameter.of(
            "pretty",
            "dryRun",
            "gracePeriodSeconds",
            "ignoreStoreReadErrorWithClusterBreakingPotential",
            "orphanDependents",
            "propagationPolicy");
    private static final List<Parameter> DELETE_COLLECTION = Parameter.of(
            "pretty",
            "continue",
            "dryRun",
            "fieldSelector",
            "gracePeriodSeconds",
            "ignoreStoreReadErrorWithClusterBreakingPotential",
            "labelSelector",
            "limit",
            "orphanDependents",
            "propagationPolicy",
            "resourceVersion",
            "resourceVersionMatch",
            "sendInitialEvents",
            "timeoutSeconds");
    private static final List<Parameter> EXEC =
            Parameter.of("command", "container", "stderr", "stdin", "stdout", "tty");
    private static final List<Parameter> ATTACH = Parameter.of("container", "stderr", "stdin", "stdout", "tty");
    private static final List<Parameter> LOG = Parameter.of(
            "container",
            "follow",
            "insecureSkipTLSVerifyBackend",
            "limitBytes",
            "pretty",
            "previous",
            "sinceSeconds",
            "stream",
            "tailLines",
            "timestamps");

    private final Definitions definitions;
    private final boolean custom;
    private final Map<String, List<Operation>> paths;

    private Operations(Definitions definitions, boolean custom, Map<String, List<Operation>> paths) {
        this.definitions = definitions;
        this.custom = custom;
        this.paths = paths;
    }

    /** Operations by path, both in order. */
    static Map<String, List<Operation>> of(
            GroupVersion version, List<ResourceDefinition> resources, Definitions definitions) {
        Map<String, List<Operation>> paths = new TreeMap<>();
        resources.forEach(resource -> new Operations(definitions, resource.custom(), paths).add(version, resource));
        return paths;
    }

    /** The tag that operations of a group version are sorted under. */
    static String tag(GroupVersion version) {
        String group = groupName(version.group());
        return group.substring(0, 1).toLowerCase(Locale.ROOT) + group.substring(1) + "_" + version.version();
    }

    static String root(GroupVersion version) {
        return version.group().isEmpty() ? "api/" + version.version() : "apis/" + version.apiVersion();
    }

    private static String groupName(String group) {
        if (group.isEmpty()) {
            return "Core";
        }
        String stem = group.endsWith(".k8s.io") ? group.substring(0, group.length() - ".k8s.io".length()) : group;
        StringBuilder name = new StringBuilder();
        for (String part : stem.split("[.-]")) {
            name.append(capital(part));
        }
        return name.toString();
    }

    private static String capital(String text) {
        return text.isEmpty() ? "" : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    private void add(String path, Operation operation) {
        paths.computeIfAbsent(path, none -> new ArrayList<>()).add(operation);
    }

    private void add(GroupVersion version, ResourceDefinition resource) {
        GroupVersionKind kind = resource.kindIn(version.version());
        String own = definitions.nameOf(kind);
        String list = definitions.nameOf(new GroupVersionKind(kind.group(), kind.version(), resource.listKind()));
        String group = groupName(version.group()) + capital(version.version());
        String scoped = (resource.namespaced() ? "Namespaced" : "") + resource.kind();
        String root = "/" + root(version) + "/";
        String collection = root + (resource.namespaced() ? "namespaces/{namespace}/" : "") + resource.plural();
        String item = collection + "/{name}";
        if (resource.serves("list")) {
            add(collection, op("get", "list", "list" + group + scoped, kind, LIST, "", list, true, "200"));
            if (resource.namespaced()) {
                String id = "list" + group + resource.kind() + "ForAllNamespaces";
                add(root + resource.plural(), op("get", "list", id, kind, LIST, "", list, true, "200"));
            }
        }
        if (resource.serves("create")) {
            String id = "create" + group + scoped;
            add(collection, op("post", "post", id, kind, WRITE, own, own, false, "200", "201", "202"));
        }
        if (resource.serves("deletecollection")) {
            String id = "delete" + group + "Collection" + scoped;
            add(
                    collection,
                    op(
                            "delete",
                            "deletecollection",
                            id,
                            kind,
                            DELETE_COLLECTION,
                            DELETE_OPTIONS,
                            STATUS,
                            false,
                            "200"));
        }
        if (resource.serves("get")) {
            add(item, op("get", "get", "read" + group + scoped, kind, READ, "", own, false, "200"));
        }
        if (resource.serves("update")) {
            add(item, op("put", "put", "replace" + group + scoped, kind, WRITE, own, own, false, "200", "201"));
        }
        if (resource.serves("patch")) {
            add(item, op("patch", "patch", "patch" + group + scoped, kind, PATCHES, PATCH, own, false, "200", "201"));
        }
        if (resource.serves("delete")) {
            String id = "delete" + group + scoped;
            add(item, op("delete", "delete", id, kind, DELETE, DELETE_OPTIONS, STATUS, false, "200", "202"));
        }
        for (Subresource subresource : resource.subresources().values()) {
            add(item + "/" + subresource.name(), group, scoped, kind, subresource);
        }
    }

    private void add(String path, String group, String scoped, GroupVersionKind owner, Subresource subresource) {
        boolean foreign = !subresource.version().isEmpty();
        GroupVersionKind kind = new GroupVersionKind(
                foreign ? subresource.group() : owner.group(),
                foreign ? subresource.version() : owner.version(),
                subresource.kind());
        String name = scoped + capital(subresource.name());
        switch (subresource.name()) {
            case "exec", "attach", "portforward", "proxy" -> connect(path, group, name, kind, subresource);
            case "log" -> add(path, op("get", "get", "read" + group + name, kind, LOG, "", "", false, "200"));
            default -> ordinary(path, group, name, kind, subresource);
        }
    }

    private void ordinary(String path, String group, String name, GroupVersionKind kind, Subresource subresource) {
        String own = definitions.nameOf(kind);
        if (subresource.verbs().contains("get")) {
            add(path, op("get", "get", "read" + group + name, kind, READ, "", own, false, "200"));
        }
        if (subresource.verbs().contains("create")) {
            String id = "create" + group + name;
            add(path, op("post", "post", id, kind, WRITE, own, own, false, "200", "201", "202"));
        }
        if (subresource.verbs().contains("update")) {
            add(path, op("put", "put", "replace" + group + name, kind, WRITE, own, own, false, "200", "201"));
        }
        if (subresource.verbs().contains("patch")) {
            add(path, op("patch", "patch", "patch" + group + name, kind, PATCHES, PATCH, own, false, "200", "201"));
        }
    }

    private void connect(String path, String group, String name, GroupVersionKind kind, Subresource subresource) {
        List<Parameter> parameters = switch (subresource.name()) {
            case "exec" -> EXEC;
            case "attach" -> ATTACH;
            case "portforward" -> Parameter.of("ports");
            default -> List.of();
        };
        List<String> methods = subresource.name().equals("proxy")
                ? List.of("get", "put", "post", "delete", "options", "head", "patch")
                : List.of("get", "post");
        for (String method : methods) {
            String id = "connect" + group + capital(method) + name;
            add(path, op(method, "connect", id, kind, parameters, "", "", false, "200"));
            if (subresource.name().equals("proxy")) {
                String below = path + "/{path}";
                add(below, op(method, "connect", id + "WithPath", kind, parameters, "", "", false, "200"));
            }
        }
    }

    private Operation op(
            String method,
            String action,
            String id,
            GroupVersionKind kind,
            List<Parameter> parameters,
            String body,
            String answer,
            boolean watchable,
            String... codes) {
        return new Operation(method, action, id, kind, parameters, body, answer, List.of(codes), watchable, custom);
    }
}
