// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.Query;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.storage.CompactedException;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.cache.AwaitResult;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.EntryDecoder;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * GET of one object and of a collection, answered from the watch cache once it is as new as the request asks
 * (API page "Resource versions"). Thread-safe.
 */
final class ReadVerbs {
    private static final Duration CACHE_WAIT = Duration.ofSeconds(3);

    private final ObjectCache cache;
    private final Storage storage;

    ReadVerbs(ObjectCache cache, Storage storage) {
        this.cache = cache;
        this.storage = storage;
    }

    /** GET of one object. */
    ApiResponse get(ResourceRequest request) throws InterruptedException {
        ServedResource resource = request.resource();
        freshEnough(request.query().text("resourceVersion"));
        CachedObject object = cache.get(resource.cacheKey(), resource.key(request.namespace(), request.name()));
        if (object == null) {
            throw StatusException.notFound(resource.groupResource(), request.name());
        }
        Representation form = Representation.of(request.http());
        byte[] body = form.passesBytes(resource)
                ? object.json()
                : form.object(resource, Representation.tree(resource, object), request.now());
        return ApiResponse.Complete.of(200, form.contentType(), body);
    }

    /** Waits until the cache is as new as the client's resourceVersion asks; without one, as new as the store. */
    void freshEnough(String resourceVersion) throws InterruptedException {
        if (resourceVersion.equals("0")) {
            return;
        }
        AwaitResult result = resourceVersion.isEmpty()
                ? cache.awaitCurrent(CACHE_WAIT)
                : cache.awaitRevision(revision(resourceVersion), CACHE_WAIT);
        switch (result) {
            case AwaitResult.Reached reached -> {}
            case AwaitResult.TooLarge late -> throw tooLarge(late.requested(), late.current());
            case AwaitResult.Behind behind -> throw tooLarge(behind.requested(), behind.current());
        }
    }

    private static StatusException tooLarge(long requested, long current) {
        return StatusException.of(
                        StatusReason.Timeout, "Too large resource version: " + requested + ", current: " + current)
                .withCauses(List.of(new StatusCause("ResourceVersionTooLarge", "Too large resource version", "")))
                .withRetryAfter(1);
    }

    /** A resourceVersion as a number; anything else is a 422 as upstream's. */
    static long revision(String resourceVersion) {
        try {
            long revision = Long.parseLong(resourceVersion);
            if (revision >= 0) {
                return revision;
            }
        } catch (NumberFormatException malformed) {
            // Falls through to the same answer as a negative number.
        }
        throw StatusException.of(
                StatusReason.Invalid,
                "resourceVersion: Invalid value: \"" + resourceVersion + "\": strconv.ParseUint: parsing \""
                        + resourceVersion + "\": invalid syntax");
    }

    /** GET of a collection. */
    ApiResponse list(ResourceRequest request) throws InterruptedException {
        ServedResource resource = request.resource();
        Query query = request.query();
        Selection selection = selection(request);
        Representation form = Representation.of(request.http());
        Long asked = query.number("limit");
        int limit = asked == null || asked <= 0 ? 0 : (int) Math.min(asked, Integer.MAX_VALUE);
        Token token = Token.parse(query.text("continue"), query.text("resourceVersion"));
        String namespace = request.info().namespace().isEmpty() || !resource.namespaced()
                ? null
                : request.info().namespace();
        String match = query.text("resourceVersionMatch");
        checkMatch(query, match);
        long exact = token.revision();
        if (token.isStart()) {
            freshEnough(query.text("resourceVersion"));
            exact = match.equals("Exact") ? revision(query.text("resourceVersion")) : 0;
        }
        ListRequest wanted = new ListRequest(
                resource.cacheKey(), namespace, selection.filter(), selection.match(), token.afterKey(), limit, exact);
        ListResult.Listed listed = switch (cache.list(wanted)) {
            case ListResult.Listed found -> found;
            case ListResult.TooNew late -> throw tooLarge(late.requested(), late.current());
            case ListResult.TooOld old -> listFromStorage(request, wanted);
        };
        List<CachedObject> items = listed.items();
        String next = listed.more() && !items.isEmpty()
                ? new Token(listed.revision(), items.getLast().key()).encode()
                : "";
        Long remaining = listed.remaining() >= 0 && listed.more() ? Long.valueOf(listed.remaining()) : null;
        List<byte[]> body =
                form.stored(resource, items, Long.toString(listed.revision()), next, remaining, request.now());
        return new ApiResponse.Complete(200, form.contentType(), java.util.Map.of(), body);
    }

    private static Selection selection(ResourceRequest request) {
        return Selection.of(request.resource(), request.query());
    }

    private static void checkMatch(Query query, String match) {
        if (match.isEmpty()) {
            return;
        }
        String version = query.text("resourceVersion");
        boolean known = match.equals("Exact") || match.equals("NotOlderThan");
        if (!known) {
            throw invalidMatch(
                    "Unsupported value: \"" + match + "\": supported values: \"Exact\", \"NotOlderThan\", \"\"");
        }
        if (version.isEmpty()) {
            throw invalidMatch("Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
        }
        if (match.equals("Exact") && version.equals("0")) {
            throw invalidMatch("Forbidden: resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\"");
        }
    }

    private static StatusException invalidMatch(String text) {
        return StatusException.of(
                StatusReason.Invalid, "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: " + text);
    }

    /** A page of a revision that the cache has forgotten but the store may still have. */
    private ListResult.Listed listFromStorage(ResourceRequest request, ListRequest wanted) {
        ServedResource resource = request.resource();
        String prefix =
                resource.stored().storagePrefix() + (wanted.namespace() == null ? "" : wanted.namespace() + "/");
        EntryDecoder decoder = ObjectCodec.decoder(resource.stored());
        List<CachedObject> found = new ArrayList<>();
        String after = wanted.afterKey();
        try {
            while (true) {
                Storage.Page page = storage.list(prefix, after, wanted.limit(), wanted.revision());
                for (Storage.Entry entry : page.entries()) {
                    CachedObject object = decoder.decode(entry.key(), entry.value(), entry.modRevision());
                    if (wanted.filter().test(object)) {
                        found.add(object);
                    }
                    if (wanted.limit() > 0 && found.size() == wanted.limit()) {
                        boolean more = page.more() || entry != page.entries().getLast();
                        return new ListResult.Listed(found, wanted.revision(), more, -1);
                    }
                }
                if (!page.more() || page.entries().isEmpty()) {
                    return new ListResult.Listed(found, wanted.revision(), false, -1);
                }
                after = page.entries().getLast().key();
            }
        } catch (CompactedException compacted) {
            throw expired();
        }
    }

    private static StatusException expired() {
        return StatusException.of(
                StatusReason.Expired,
                "The provided continue parameter is too old to display a consistent list result. You can start a new "
                        + "list without the continue parameter.");
    }

    /**
     * Where a continued list goes on.
     *
     * @param revision the state that the list shows; 0 at the start
     * @param afterKey the last key shown, null at the start
     */
    record Token(long revision, @Nullable String afterKey) {
        private static final Token START = new Token(0, null);

        static Token parse(String text, String resourceVersion) {
            if (text.isEmpty()) {
                return START;
            }
            if (!resourceVersion.isEmpty() && !resourceVersion.equals("0")) {
                throw StatusException.badRequest("specifying resource version is not allowed when using continue");
            }
            try {
                byte[] decoded = Base64.getUrlDecoder().decode(text);
                JsonNode node = ObjectCodec.parse(decoded);
                return new Token(node.path("rv").asLong(), node.path("start").asText());
            } catch (RuntimeException malformed) {
                throw StatusException.badRequest("continue key is not valid: " + malformed.getMessage());
            }
        }

        boolean isStart() {
            return afterKey == null;
        }

        String encode() {
            ObjectNode node = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.objectNode();
            node.put("v", "meta.k8s.io/v1").put("rv", revision).put("start", afterKey);
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(node.toString().getBytes(StandardCharsets.UTF_8));
        }
    }
}
