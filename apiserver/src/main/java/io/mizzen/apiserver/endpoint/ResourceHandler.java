// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.registry.ServedResource;

/** Chooses the verb for an authorised request about a resource. Thread-safe. */
final class ResourceHandler {
    private final ReadVerbs reads;
    private final WatchVerb watches;
    private final WriteVerbs writes;
    private final PatchVerb patches;
    private final Subresources subresources;
    private final ConnectVerbs connects;
    private final Reviews reviews;
    private final TokenRequests tokens;
    private final UsageVerbs usages;
    private final ComponentStatuses components;

    ResourceHandler(
            ReadVerbs reads,
            WatchVerb watches,
            WriteVerbs writes,
            PatchVerb patches,
            Subresources subresources,
            ConnectVerbs connects,
            Reviews reviews,
            TokenRequests tokens,
            UsageVerbs usages,
            ComponentStatuses components) {
        this.reads = reads;
        this.watches = watches;
        this.writes = writes;
        this.patches = patches;
        this.subresources = subresources;
        this.connects = connects;
        this.reviews = reviews;
        this.tokens = tokens;
        this.usages = usages;
        this.components = components;
    }

    ApiResponse handle(ResourceRequest request) throws InterruptedException {
        ServedResource resource = request.resource();
        String subresource = request.info().subresource();
        if (subresource.isEmpty()) {
            return resource.definition().isStored() ? stored(request) : answered(request);
        }
        var known = resource.definition().subresources().get(subresource);
        if (known == null) {
            throw StatusException.noSuchPath();
        }
        String verb = request.info().verb();
        boolean connect = ConnectVerbs.serves(subresource);
        if (!connect && !known.verbs().contains(verb)) {
            throw StatusException.of(
                    StatusReason.MethodNotAllowed, "the server does not allow this method on the requested resource");
        }
        return switch (subresource) {
            case "status", "approval", "ephemeralcontainers", "resize" -> statusLike(request);
            case "scale" -> verb.equals("get") ? subresources.getScale(request) : subresources.writeScale(request);
            case "binding" -> subresources.bind(request, request.name());
            case "finalize" -> subresources.finalizeNamespace(request);
            case "token" -> tokens.create(request);
            case "eviction" -> writes.evict(request);
            default -> connects.connect(request);
        };
    }

    private ApiResponse stored(ResourceRequest request) throws InterruptedException {
        String verb = request.info().verb();
        boolean acrossNamespaces =
                request.resource().namespaced() && request.info().namespace().isEmpty();
        boolean collection = verb.equals("list") || verb.equals("watch");
        if (!request.resource().definition().serves(verb) || acrossNamespaces && !collection) {
            throw notAllowed();
        }
        return switch (verb) {
            case "get" -> reads.get(request);
            case "list" -> reads.list(request);
            case "watch" -> watches.watch(request);
            case "create" -> {
                if (!request.name().isEmpty()) {
                    throw notAllowed();
                }
                yield writes.create(request);
            }
            case "update" -> writes.update(request);
            case "patch" -> patches.patch(request);
            case "delete" -> writes.delete(request);
            case "deletecollection" -> writes.deleteCollection(request);
            default -> throw notAllowed();
        };
    }

    /** Kinds that are not persisted: reviews, the old form of binding, component statuses, usage. */
    private ApiResponse answered(ResourceRequest request) {
        String plural = request.resource().definition().plural();
        if (!request.resource().definition().serves(request.info().verb())) {
            throw notAllowed();
        }
        if (request.resource().definition().group().equals(UsageVerbs.GROUP)) {
            return usages.handle(request);
        }
        return switch (plural) {
            case "bindings" -> writes.bindByCollection(request, subresources);
            case "componentstatuses" -> components.handle(request);
            default -> reviews.review(request);
        };
    }

    private ApiResponse statusLike(ResourceRequest request) throws InterruptedException {
        return switch (request.info().verb()) {
            case "get" -> reads.get(request);
            case "update" -> writes.update(request);
            case "patch" -> patches.patch(request);
            default -> throw notAllowed();
        };
    }

    private static StatusException notAllowed() {
        return StatusException.of(
                StatusReason.MethodNotAllowed, "the server does not allow this method on the requested resource");
    }
}
