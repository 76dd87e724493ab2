// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.admission.NodeRestriction;
import io.mizzen.apiserver.endpoint.RequestBody.Parsed;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.MediaType;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.registry.ObjectDeletion;
import io.mizzen.apiserver.registry.ObjectDeletion.Deleted;
import io.mizzen.apiserver.registry.ObjectStore;
import io.mizzen.apiserver.registry.ResourceRegistry;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import java.util.List;
import java.util.Map;

/** POST, PUT, DELETE of objects and DELETE of collections. PATCH is {@link PatchVerb}'s. Thread-safe. */
final class WriteVerbs {
    private static final GroupVersionKind DELETE_OPTIONS = new GroupVersionKind("", "v1", "DeleteOptions");

    private final ObjectStore store;
    private final ObjectDeletion deletion;
    private final ObjectCache cache;
    private final ReadVerbs reads;
    private final ResourceRegistry resources;
    private final Evictions evictions;
    private final NodeRestriction nodeRestriction;

    WriteVerbs(
            ObjectStore store,
            ObjectDeletion deletion,
            ObjectCache cache,
            ReadVerbs reads,
            ResourceRegistry resources,
            NodeRestriction nodeRestriction) {
        this.nodeRestriction = nodeRestriction;
        this.store = store;
        this.resources = resources;
        this.evictions = new Evictions(store, cache, resources);
        this.deletion = deletion;
        this.cache = cache;
        this.reads = reads;
    }

    /** POST of a new object. */
    ApiResponse create(ResourceRequest request) {
        checkDryRun(request);
        ServedResource resource = request.resource();
        Parsed body = RequestBody.parse(request.http());
        ObjectNode object = RequestBody.object(request, body);
        RequestBody.placeAt(object, request, false);
        String generateName = ObjectTree.metadata(object).path("generateName").asText("");
        if (ObjectTree.name(object).isEmpty() && generateName.isEmpty()) {
            throw StatusException.invalid(
                    resource.kind(),
                    "",
                    List.of(new StatusCause(
                            "FieldValueRequired",
                            "Required value: name or generateName is required",
                            "metadata.name")));
        }
        ObjectNode created = store.create(request.writeContext(false), resource, request.namespace(), object);
        return answer(request, 201, created);
    }

    /** PUT of a whole object or of one of its status-like subresources. */
    ApiResponse update(ResourceRequest request) {
        checkDryRun(request);
        ServedResource resource = request.resource();
        Parsed body = RequestBody.parse(request.http());
        ObjectNode object = RequestBody.object(request, body);
        RequestBody.placeAt(object, request, true);
        if (!resource.strategy().allowsUnconditionalUpdate()
                && ObjectTree.resourceVersion(object).isEmpty()) {
            throw StatusException.invalid(
                    resource.kind(),
                    request.name(),
                    List.of(new StatusCause(
                            "FieldValueInvalid",
                            "Invalid value: 0: must be specified for an update",
                            "metadata.resourceVersion")));
        }
        ObjectStore.Changed changed = store.update(
                request.writeContext(false),
                resource,
                request.namespace(),
                request.name(),
                current -> object.deepCopy());
        return answer(request, changed.created() ? 201 : 200, changed.object());
    }

    /** DELETE of one object. */
    ApiResponse delete(ResourceRequest request) {
        checkDryRun(request);
        ObjectDeletion.Options options = options(request);
        Deleted deleted = deletion.delete(
                request.writeContext(false), request.resource(), request.namespace(), request.name(), options);
        ServedResource resource = request.resource();
        if (!deleted.gone() || resource.strategy().returnsDeletedObject()) {
            return answer(request, 200, deleted.object());
        }
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1");
        status.putObject("metadata");
        status.put("status", "Success");
        ObjectNode details = status.putObject("details");
        details.put("name", request.name());
        if (!resource.kind().group().isEmpty()) {
            details.put("group", resource.kind().group());
        }
        details.put("kind", resource.definition().plural()).put("uid", ObjectTree.uid(deleted.object()));
        return json(200, status);
    }

    /** DELETE of a collection: everything that is selected, one after the other. */
    ApiResponse deleteCollection(ResourceRequest request) throws InterruptedException {
        checkDryRun(request);
        ObjectDeletion.Options options = options(request);
        ServedResource resource = request.resource();
        Selection selection = Selection.of(resource, request.query());
        reads.freshEnough("");
        String namespace = request.namespace();
        ListRequest wanted = new ListRequest(
                resource.cacheKey(),
                namespace.isEmpty() ? null : namespace,
                selection.filter(),
                selection.match(),
                null,
                0,
                0);
        if (!(cache.list(wanted) instanceof ListResult.Listed listed)) {
            throw StatusException.internal("the newest state cannot be listed");
        }
        for (CachedObject object : listed.items()) {
            deleteQuietly(request, object, options);
        }
        return new ApiResponse.Complete(
                200,
                MediaType.JSON,
                Map.of(),
                Representation.of(request.http())
                        .stored(resource, listed.items(), Long.toString(listed.revision()), "", null, request.now()));
    }

    private void deleteQuietly(ResourceRequest request, CachedObject object, ObjectDeletion.Options options) {
        try {
            deletion.delete(
                    request.writeContext(false), request.resource(), object.namespace(), object.name(), options);
        } catch (StatusException gone) {
            // Somebody else deleted it meanwhile, which is what was asked for.
            if (gone.code() != 404) {
                throw gone;
            }
        }
    }

    /** POST of a binding to the namespace's collection, the old form: the body names the pod. */
    ApiResponse bindByCollection(ResourceRequest request, Subresources subresources) {
        String pod = ObjectTree.name(RequestBody.parse(request.http()).tree());
        ServedResource pods = resources.require("", "pods");
        return subresources.bind(
                new ResourceRequest(
                        request.http(), request.info(), request.user(), pods, request.now(), request.warnings()),
                pod);
    }

    /** POST of an eviction: a deletion that asks the disruption budgets first. */
    ApiResponse evict(ResourceRequest request) {
        checkDryRun(request);
        JsonNode eviction = RequestBody.parse(request.http()).tree();
        ObjectDeletion.Options options = ObjectDeletion.options(eviction.get("deleteOptions"), "", null);
        nodeRestriction.checkEviction(request.user(), request.namespace(), request.name());
        evictions.check(request, options);
        deletion.delete(request.writeContext(false), request.resource(), request.namespace(), request.name(), options);
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1");
        status.putObject("metadata");
        status.put("status", "Success").put("code", 201);
        return json(201, status);
    }

    private static ObjectDeletion.Options options(ResourceRequest request) {
        JsonNode body = null;
        if (request.http().body().length > 0) {
            body = RequestBody.parse(request.http()).tree();
            String kind = body.path("kind").asText("DeleteOptions");
            if (!kind.equals(DELETE_OPTIONS.kind())) {
                throw StatusException.badRequest("unable to decode a DeleteOptions: the body is a " + kind);
            }
        }
        return ObjectDeletion.options(
                body, request.query().text("propagationPolicy"), request.query().number("gracePeriodSeconds"));
    }

    /** {@code dryRun} knows one value. */
    static void checkDryRun(ResourceRequest request) {
        for (String value : request.query().all("dryRun")) {
            if (!value.equals("All")) {
                throw StatusException.invalid(
                        new GroupVersionKind("meta.k8s.io", "v1", "CreateOptions"),
                        "",
                        List.of(new StatusCause(
                                "FieldValueNotSupported",
                                "Unsupported value: \"" + value + "\": supported values: \"All\"",
                                "dryRun")));
            }
        }
    }

    /** An object as the answer, in the form the client wants. */
    static ApiResponse answer(ResourceRequest request, int code, ObjectNode object) {
        Representation form = Representation.of(request.http());
        byte[] body = form.object(request.resource(), object, request.now());
        return ApiResponse.Complete.of(code, form.contentType(), body);
    }

    /** A tree that is no object of the resource, as the answer. */
    static ApiResponse json(int code, ObjectNode tree) {
        return ApiResponse.Complete.of(code, MediaType.JSON, ObjectCodec.toBytes(tree));
    }
}
