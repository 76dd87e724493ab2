// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.StorageException;
import java.util.List;

/** The deprecated list of components: the one that this server can judge, its store. Thread-safe. */
final class ComponentStatuses {
    /** The store's name, upstream's for the first etcd server. */
    private static final String STORE = "etcd-0";

    private final Storage storage;

    ComponentStatuses(Storage storage) {
        this.storage = storage;
    }

    ApiResponse handle(ResourceRequest request) {
        if (request.info().verb().equals("list")) {
            Representation form = Representation.of(request.http());
            byte[] body = form.list(request.resource(), List.of(store()), request.now());
            return ApiResponse.Complete.of(200, form.contentType(), body);
        }
        if (!request.name().equals(STORE)) {
            throw StatusException.notFound(request.resource().groupResource(), request.name());
        }
        return WriteVerbs.answer(request, 200, store());
    }

    private ObjectNode store() {
        String error = error();
        ObjectNode component = JsonNodeFactory.instance.objectNode();
        component.put("apiVersion", "v1").put("kind", "ComponentStatus");
        component.putObject("metadata").put("name", STORE).putNull("creationTimestamp");
        ObjectNode condition = component.putArray("conditions").addObject().put("type", "Healthy");
        if (error.isEmpty()) {
            condition.put("status", "True").put("message", "ok");
        } else {
            condition.put("status", "False").put("error", error);
        }
        return component;
    }

    private String error() {
        try {
            storage.currentRevision();
            return "";
        } catch (StorageException silent) {
            return String.valueOf(silent.getMessage());
        }
    }
}
