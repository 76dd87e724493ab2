// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a request asks for, read from its method, path and a few query parameters alone
 * (k8s.io/apiserver/pkg/endpoints/request).
 *
 * @param isResource whether it is about an API resource; else only {@code path} and {@code verb} count
 * @param path the path as sent
 * @param verb {@code get}, {@code list}, {@code watch}, {@code create}, {@code update}, {@code patch}, {@code delete},
 *     {@code deletecollection}, or the lower-case method for other paths
 * @param group API group, empty for core
 * @param version API version
 * @param namespace empty for cluster-scoped requests
 * @param resource plural
 * @param subresource empty if none
 * @param name empty for collections
 * @param rest what follows the subresource, without a leading slash (proxies)
 */
public record RequestInfo(
        boolean isResource,
        String path,
        String verb,
        String group,
        String version,
        String namespace,
        String resource,
        String subresource,
        String name,
        String rest) {

    private static final Set<String> NAMESPACE_SUBRESOURCES = Set.of("status", "finalize");

    /** Reads a request line; never fails: what is not understood is a non-resource request. */
    public static RequestInfo of(String method, String path, Query query) {
        List<String> parts = split(path);
        boolean core = !parts.isEmpty() && parts.getFirst().equals("api");
        boolean grouped = !parts.isEmpty() && parts.getFirst().equals("apis");
        int prefix = core ? 2 : 3;
        if (!core && !grouped || parts.size() <= prefix) {
            return new RequestInfo(false, path, method.toLowerCase(java.util.Locale.ROOT), "", "", "", "", "", "", "");
        }
        String group = core ? "" : parts.get(1);
        String version = parts.get(prefix - 1);
        List<String> rest = new ArrayList<>(parts.subList(prefix, parts.size()));
        boolean legacyWatch = rest.getFirst().equals("watch") && rest.size() > 1;
        if (legacyWatch) {
            rest.removeFirst();
        }
        String namespace = "";
        if (rest.getFirst().equals("namespaces") && rest.size() > 1) {
            namespace = rest.get(1);
            if (rest.size() > 2 && !NAMESPACE_SUBRESOURCES.contains(rest.get(2))) {
                rest = rest.subList(2, rest.size());
            }
        }
        String resource = rest.getFirst();
        String name = rest.size() > 1 ? rest.get(1) : "";
        String subresource = rest.size() > 2 ? rest.get(2) : "";
        String tail = rest.size() > 3 ? String.join("/", rest.subList(3, rest.size())) : "";
        if (rest.size() > 3 && path.endsWith("/")) {
            tail = tail + "/";
        }
        boolean watching = legacyWatch || query.flag("watch");
        String verb = verb(method, name.isEmpty(), watching && (name.isEmpty() || legacyWatch));
        return new RequestInfo(true, path, verb, group, version, namespace, resource, subresource, name, tail);
    }

    private static String verb(String method, boolean collection, boolean watching) {
        return switch (method) {
            case "GET", "HEAD" -> {
                if (watching) {
                    yield "watch";
                }
                yield collection ? "list" : "get";
            }
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            case "DELETE" -> collection ? "deletecollection" : "delete";
            default -> method.toLowerCase(java.util.Locale.ROOT);
        };
    }

    private static List<String> split(String path) {
        List<String> parts = new ArrayList<>();
        for (String part : path.split("/")) {
            if (!part.isEmpty()) {
                parts.add(part);
            }
        }
        return parts;
    }

    /** {@code resource} or {@code resource/subresource}, as roles name it. */
    public String qualifiedResource() {
        return subresource.isEmpty() ? resource : resource + "/" + subresource;
    }
}
