// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.admission.NodeRestriction;
import io.mizzen.apiserver.authentication.ServiceAccountTokens;
import io.mizzen.apiserver.authentication.ServiceAccountTokens.Bound;
import io.mizzen.apiserver.authentication.ServiceAccountTokens.Claims;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.registry.Metadata;
import io.mizzen.apiserver.registry.ObjectStore;
import io.mizzen.apiserver.registry.ResourceRegistry;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** POST to {@code serviceaccounts/<name>/token}: issues a token bound to the account (KEP-1205). Thread-safe. */
final class TokenRequests {
    private static final GroupVersionKind KIND = new GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest");
    private static final long MIN_SECONDS = 600;
    private static final long DEFAULT_SECONDS = 3600;
    private static final long MAX_SECONDS = 1L << 32;

    private final ObjectStore store;
    private final ResourceRegistry resources;
    private final ServiceAccountTokens tokens;
    private final NodeRestriction nodeRestriction;
    private final Schema schema = Objects.requireNonNull(Catalog.builtIn().schemaOf(KIND));

    TokenRequests(
            ObjectStore store,
            ResourceRegistry resources,
            ServiceAccountTokens tokens,
            NodeRestriction nodeRestriction) {
        this.nodeRestriction = nodeRestriction;
        this.store = store;
        this.resources = resources;
        this.tokens = tokens;
    }

    ApiResponse create(ResourceRequest request) {
        ObjectNode wanted = RequestBody.object(request, RequestBody.parse(request.http()), KIND, schema);
        ObjectNode account = store.get(request.resource(), request.namespace(), request.name());
        ObjectNode spec = ObjectTree.child(wanted, "spec");
        long seconds = spec.path("expirationSeconds").asLong(DEFAULT_SECONDS);
        if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
            String text = seconds < MIN_SECONDS
                    ? "may not specify a duration less than 10 minutes"
                    : "may not specify a duration larger than 2^32 seconds";
            throw invalid("spec.expirationSeconds", "Invalid value: " + seconds + ": " + text);
        }
        List<String> audiences = ObjectTree.texts(spec.path("audiences"));
        if (audiences.isEmpty()) {
            audiences = List.of(tokens.issuer());
            spec.putArray("audiences").add(tokens.issuer());
        }
        spec.put("expirationSeconds", seconds);
        nodeRestriction.checkToken(request.user(), request.namespace(), request.name(), spec.path("boundObjectRef"));
        Map<String, Bound> bound = bound(request, spec.path("boundObjectRef"));
        Instant expiry = request.now().plusSeconds(seconds);
        Claims claims = new Claims(request.namespace(), request.name(), ObjectTree.uid(account), audiences, bound, "");
        ObjectNode status = ObjectTree.child(wanted, "status");
        status.removeAll();
        if (!request.isDryRun()) {
            status.put("token", tokens.issue(claims, expiry));
        }
        status.put("expirationTimestamp", Metadata.time(expiry));
        ObjectNode metadata = ObjectTree.metadata(wanted);
        metadata.put("name", request.name()).put("namespace", request.namespace());
        metadata.put("creationTimestamp", Metadata.time(request.now()));
        return WriteVerbs.json(201, wanted);
    }

    private Map<String, Bound> bound(ResourceRequest request, JsonNode reference) {
        Map<String, Bound> bound = new LinkedHashMap<>();
        if (reference.isMissingNode()) {
            return bound;
        }
        String kind = reference.path("kind").asText("");
        String plural = kind.toLowerCase(Locale.ROOT) + "s";
        if (!List.of("Pod", "Secret", "Node").contains(kind)) {
            throw StatusException.badRequest("cannot bind token for serviceaccount \"" + request.name()
                    + "\" to object of type \"" + reference.path("apiVersion").asText() + ", Kind=" + kind + "\"");
        }
        var resource = resources.require("", plural);
        String name = reference.path("name").asText("");
        ObjectNode target = store.get(resource, resource.namespaced() ? request.namespace() : "", name);
        String uid = reference.path("uid").asText("");
        if (!uid.isEmpty() && !uid.equals(ObjectTree.uid(target))) {
            throw StatusException.conflict(
                    resource.groupResource(),
                    name,
                    "the UID in the bound object reference (" + uid
                            + ") does not match the UID in record. The object might have been deleted and then recreated");
        }
        bound.put(kind.toLowerCase(Locale.ROOT), new Bound(name, ObjectTree.uid(target)));
        String node = ObjectTree.text(target, "spec", "nodeName");
        if (kind.equals("Pod") && !node.isEmpty()) {
            try {
                ObjectNode host = store.get(resources.require("", "nodes"), "", node);
                bound.put("node", new Bound(node, ObjectTree.uid(host)));
            } catch (StatusException gone) {
                bound.put("node", new Bound(node, ""));
            }
        }
        return bound;
    }

    private static StatusException invalid(String field, String message) {
        return StatusException.invalid(KIND, "", List.of(new StatusCause("FieldValueInvalid", message, field)));
    }
}
