// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupResource;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.admission.AdmissionRequest.Operation;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Nothing is made in a namespace that does not exist or is going; three namespaces stay. */
public final class NamespaceLifecycle implements Admission.Plugin {
    private static final GroupResource NAMESPACES = new GroupResource("", "namespaces");
    private static final ResourceKey KEY = new ResourceKey("", "namespaces");
    private static final Set<String> IMMORTAL = Set.of("default", "kube-system", "kube-public");
    private static final Set<String> WHILE_TERMINATING =
            Set.of("localsubjectaccessreviews.authorization.k8s.io", "events", "events.events.k8s.io");

    private final ObjectCache cache;
    private final Storage storage;

    public NamespaceLifecycle(ObjectCache cache, Storage storage) {
        this.cache = cache;
        this.storage = storage;
    }

    @Override
    public void validate(AdmissionRequest request) {
        boolean isNamespace = request.resource().groupResource().equals(NAMESPACES);
        if (request.operation() == Operation.DELETE && isNamespace && IMMORTAL.contains(request.name())) {
            throw StatusException.forbidden(NAMESPACES, request.name(), "this namespace may not be deleted");
        }
    }

    @Override
    public void mutate(AdmissionRequest request) {
        if (!request.isCreate() || !request.resource().namespaced()) {
            return;
        }
        String name = request.namespace();
        Boolean terminating = isTerminating(name);
        if (terminating == null) {
            throw StatusException.notFound(NAMESPACES, name);
        }
        if (terminating
                && !WHILE_TERMINATING.contains(
                        request.resource().groupResource().toString())) {
            throw StatusException.forbidden(
                            request.resource().groupResource(),
                            request.name(),
                            "unable to create new content in namespace " + name + " because it is being terminated")
                    .withCauses(List.of(new StatusCause(
                            "NamespaceTerminating",
                            "namespace " + name + " is being terminated",
                            "metadata.namespace")));
        }
    }

    /** Null when there is no such namespace. */
    private @Nullable Boolean isTerminating(String name) {
        String key = "/registry/namespaces/" + name;
        CachedObject cached = cache.get(KEY, key);
        if (cached != null) {
            return cached.field("status.phase").equals("Terminating");
        }
        // The cache may be a moment behind a namespace that was just made.
        Entry entry = storage.get(key);
        return entry == null ? null : Boolean.valueOf(ObjectTree.isTerminating(ObjectCodec.parse(entry.value())));
    }
}
