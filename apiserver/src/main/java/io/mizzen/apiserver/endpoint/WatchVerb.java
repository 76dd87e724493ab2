// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.Query;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.storage.cache.CacheEvent;
import io.mizzen.apiserver.storage.cache.CacheListener;
import io.mizzen.apiserver.storage.cache.CacheWatch;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.FieldMatch;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.WatchRequest;
import io.mizzen.apiserver.storage.cache.WatchRequest.Start;
import io.mizzen.apiserver.storage.cache.WatchStart;
import io.mizzen.apiserver.table.Tables;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches: a stream of events as chunked JSON, or one message an event over a WebSocket. Each watch is drained by its
 * request's virtual thread; a client that reads too slowly is cut.
 */
final class WatchVerb {
    private static final Logger LOG = LoggerFactory.getLogger(WatchVerb.class);
    private static final long MIN_TIMEOUT_SECONDS = 1800;
    private static final int BATCH = 128;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ObjectCache cache;
    private final ReadVerbs reads;
    private final RandomGenerator random;

    WatchVerb(ObjectCache cache, ReadVerbs reads, RandomGenerator random) {
        this.cache = cache;
        this.reads = reads;
        this.random = random;
    }

    ApiResponse watch(ResourceRequest request) throws InterruptedException {
        ServedResource resource = request.resource();
        Representation form = Representation.of(request.http());
        Start start = start(request.query());
        WatchStart started = cache.watch(cacheRequest(request, start), CacheListener.NONE);
        Renderer renderer = new Renderer(resource, form);
        String contentType = "application/json";
        return switch (started) {
            case WatchStart.TooOld old -> {
                byte[] error = errorFrame(StatusException.of(
                        StatusReason.Expired,
                        "too old resource version: " + old.requested() + " (" + old.oldest() + ")"));
                yield stream(request, contentType, sink -> last(sink, error));
            }
            case WatchStart.Started running ->
                stream(request, contentType, sink -> pump(running.watch(), renderer, sink));
        };
    }

    private static ApiResponse stream(ResourceRequest request, String contentType, ApiResponse.Producer producer) {
        if (request.http().isUpgrade()) {
            return WebSocketStream.open(request.http(), producer);
        }
        return new ApiResponse.Streamed(200, contentType, Map.of(), producer);
    }

    private Start start(Query query) throws InterruptedException {
        String version = query.text("resourceVersion");
        boolean streaming = query.flag("sendInitialEvents");
        if (query.has("sendInitialEvents")
                && !query.text("resourceVersionMatch").equals("NotOlderThan")) {
            throw StatusException.of(
                    StatusReason.Invalid,
                    "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: "
                            + "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }
        if (streaming) {
            reads.freshEnough(version);
            return new Start.Streaming();
        }
        if (version.isEmpty() || version.equals("0")) {
            reads.freshEnough(version);
            return new Start.StateNow();
        }
        return new Start.After(ReadVerbs.revision(version));
    }

    private WatchRequest cacheRequest(ResourceRequest request, Start start) {
        ServedResource resource = request.resource();
        Selection selection = Selection.of(resource, request.query());
        Predicate<CachedObject> filter = selection.filter();
        FieldMatch match = selection.match();
        if (!request.name().isEmpty()) {
            // The old form /watch/…/<name> asks for one object.
            Predicate<CachedObject> others = filter;
            filter = object -> object.name().equals(request.name()) && others.test(object);
        }
        Long seconds = request.query().number("timeoutSeconds");
        long timeout =
                seconds != null && seconds > 0 ? seconds : MIN_TIMEOUT_SECONDS + random.nextLong(MIN_TIMEOUT_SECONDS);
        String namespace = request.info().namespace();
        return new WatchRequest(
                resource.cacheKey(),
                namespace.isEmpty() || !resource.namespaced() ? null : namespace,
                filter,
                match,
                start,
                request.query().flag("allowWatchBookmarks"),
                resource.apiVersion(),
                resource.kind().kind(),
                Duration.ofSeconds(timeout));
    }

    private static void pump(CacheWatch watch, Renderer renderer, ApiResponse.Sink sink) throws InterruptedException {
        sink.onClose(watch::close);
        try (watch) {
            while (true) {
                List<CacheEvent> events = watch.take(BATCH, PATIENCE);
                if (!events.isEmpty()) {
                    if (!sink.write(renderer.frames(events))) {
                        return;
                    }
                    continue;
                }
                CacheWatch.End end = watch.end();
                if (end == CacheWatch.End.EXPIRED) {
                    last(
                            sink,
                            errorFrame(StatusException.of(
                                    StatusReason.Expired, "The resourceVersion for the provided watch is too old.")));
                }
                if (end != null) {
                    return;
                }
            }
        }
    }

    /** Writes a frame after which the stream ends whether or not the client is still there. */
    private static void last(ApiResponse.Sink sink, byte[] frame) throws InterruptedException {
        boolean ignored = sink.write(frame);
        LOG.trace("last frame taken: {}", ignored);
    }

    static byte[] errorFrame(StatusException failure) {
        ObjectNode frame = JsonNodeFactory.instance.objectNode();
        frame.put("type", "ERROR");
        frame.set("object", failure.toStatus());
        return (frame + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    /** Makes frames in the form a client wants; used by one thread. */
    private static final class Renderer {
        private final ServedResource resource;
        private final Representation form;
        private boolean columnsSent;

        Renderer(ServedResource resource, Representation form) {
            this.resource = resource;
            this.form = form;
        }

        byte[] frames(List<CacheEvent> events) {
            if (events.size() == 1) {
                return frame(events.getFirst());
            }
            ByteArrayOutputStream joined = new ByteArrayOutputStream();
            for (CacheEvent event : events) {
                joined.writeBytes(frame(event));
            }
            return joined.toByteArray();
        }

        private byte[] frame(CacheEvent event) {
            boolean bookmark = event.object() == null;
            if (form.passesBytes(resource) || bookmark && form.form() != Representation.Form.TABLE) {
                return event.frame();
            }
            ObjectNode tree = ObjectCodec.parse(event.objectJson());
            ObjectNode shown = bookmark ? tree : resource.converter().fromStored(tree);
            ObjectNode frame = JsonNodeFactory.instance.objectNode();
            frame.put("type", event.type().name());
            frame.set("object", shown(shown, bookmark));
            byte[] json = ObjectCodec.toBytes(frame);
            byte[] line = java.util.Arrays.copyOf(json, json.length + 1);
            line[json.length] = '\n';
            return line;
        }

        private ObjectNode shown(ObjectNode object, boolean bookmark) {
            return switch (form.form()) {
                case OBJECT -> object;
                case METADATA -> Representation.partial(object);
                case TABLE -> {
                    ObjectNode table = Tables.table(
                            resource.definition(),
                            bookmark ? List.of() : List.of(object),
                            form.include(),
                            Instant.now(),
                            ObjectTree.resourceVersion(object),
                            "",
                            null);
                    if (columnsSent) {
                        table.putArray("columnDefinitions");
                    }
                    columnsSent = true;
                    yield table;
                }
            };
        }
    }
}
