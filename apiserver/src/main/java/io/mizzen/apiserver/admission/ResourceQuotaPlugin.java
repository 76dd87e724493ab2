// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupResource;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.api.quota.QuotaScopes;
import io.mizzen.api.quota.QuotaUsage;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.admission.AdmissionRequest.Operation;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.WriteResult;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Charges a write to the quotas of its namespace, or refuses it (API page "Resource Quotas"). What is charged is written to
 * the quota's status by compare and set before the object is, so that two writes never share the last piece; it is given
 * back when the object is not written after all. Last in the chain.
 */
final class ResourceQuotaPlugin implements Admission.Plugin {
    private static final ResourceKey QUOTAS = new ResourceKey("", "resourcequotas");
    private static final int ATTEMPTS = 200;

    /** Kinds of which a change can cost more than before. */
    private static final Set<GroupResource> CHARGED_AT_UPDATE =
            Set.of(new GroupResource("", "services"), new GroupResource("", "persistentvolumeclaims"));

    private static final Set<String> IGNORED = Set.of("events", "events.events.k8s.io");

    private final ObjectCache cache;
    private final Storage storage;

    ResourceQuotaPlugin(ObjectCache cache, Storage storage) {
        this.cache = cache;
        this.storage = storage;
    }

    @Override
    public void validate(AdmissionRequest request) {
        if (!isCharged(request)) {
            return;
        }
        List<CachedObject> quotas = quotas(request.namespace());
        if (quotas.isEmpty()) {
            return;
        }
        Map<String, Quantity> delta = delta(request);
        // All are asked before one is charged, so that a refusal costs nothing.
        quotas.forEach(quota -> check(request, quota.json(), delta));
        if (request.context().dryRun()) {
            return;
        }
        for (CachedObject quota : quotas) {
            if (charge(request, quota.key(), delta)) {
                request.rollback().add(() -> giveBack(quota.key(), delta));
            }
        }
    }

    private static GroupResource kind(AdmissionRequest request) {
        return request.resource().stored().groupResource();
    }

    private static boolean isCharged(AdmissionRequest request) {
        GroupResource kind = kind(request);
        if (!request.resource().namespaced() || IGNORED.contains(kind.toString())) {
            return false;
        }
        if (request.operation() == Operation.UPDATE) {
            boolean resize = request.context().subresource().equals("resize")
                    && kind.toString().equals("pods");
            return resize || request.context().subresource().isEmpty() && CHARGED_AT_UPDATE.contains(kind);
        }
        return request.isCreate() && request.context().subresource().isEmpty();
    }

    private List<CachedObject> quotas(String namespace) {
        return cache.list(ListRequest.in(QUOTAS, namespace)) instanceof ListResult.Listed listed
                ? listed.items()
                : List.of();
    }

    /** What the write costs, zeros left out; negative where it frees something. */
    private static Map<String, Quantity> delta(AdmissionRequest request) {
        var now = request.context().now();
        Map<String, Quantity> delta = new TreeMap<>(QuotaUsage.of(kind(request), request.object(), now));
        ObjectNode old = request.old();
        if (request.operation() == Operation.UPDATE && old != null) {
            QuotaUsage.of(kind(request), old, now)
                    .forEach((name, before) -> delta.put(
                            name, delta.getOrDefault(name, Quantity.ZERO).minus(before)));
        }
        delta.values().removeIf(Quantity::isZero);
        return delta;
    }

    /**
     * Looks whether a quota bears the write.
     *
     * @return the usage afterwards, or null when the quota is not concerned
     */
    private static @Nullable Map<String, Quantity> check(
            AdmissionRequest request, byte[] json, Map<String, Quantity> delta) {
        ObjectNode quota = ObjectCodec.parse(json);
        GroupResource kind = kind(request);
        JsonNode status = quota.path("status");
        Map<String, Quantity> hard = QuotaUsage.quantities(status.path("hard"));
        Set<String> concerned = new TreeSet<>(hard.keySet());
        if (hard.isEmpty()) {
            // Not counted yet: the spec says what will be.
            concerned.addAll(
                    QuotaUsage.quantities(quota.path("spec").path("hard")).keySet());
        }
        concerned.removeIf(name -> !QuotaUsage.concerns(name, kind));
        if (concerned.isEmpty() || !QuotaScopes.include(quota.path("spec"), kind, request.object())) {
            return null;
        }
        String name = ObjectTree.name(quota);
        if (kind.toString().equals("pods")) {
            String missing = QuotaUsage.missing(concerned, request.object().path("spec"));
            if (!missing.isEmpty()) {
                throw refusal(request, "failed quota: " + name + ": " + missing);
            }
        }
        Map<String, Quantity> used = QuotaUsage.quantities(status.path("used"));
        if (!used.keySet().containsAll(concerned)) {
            throw refusal(request, "status unknown for quota: " + name + ", resources: " + String.join(",", concerned));
        }
        Map<String, Quantity> requested = new TreeMap<>(delta);
        requested.keySet().retainAll(hard.keySet());
        Map<String, Quantity> after = new TreeMap<>(used);
        requested.forEach((resource, cost) ->
                after.put(resource, used.getOrDefault(resource, Quantity.ZERO).plus(cost)));
        Set<String> exceeded = new TreeSet<>();
        requested.forEach((resource, cost) -> {
            Quantity most = hard.getOrDefault(resource, Quantity.ZERO);
            boolean tooMuch = after.getOrDefault(resource, Quantity.ZERO).compareTo(most) > 0;
            if (cost.value().signum() > 0 && tooMuch) {
                exceeded.add(resource);
            }
        });
        if (!exceeded.isEmpty()) {
            throw refusal(
                    request,
                    "exceeded quota: " + name + ", requested: " + text(requested, exceeded) + ", used: "
                            + text(used, exceeded) + ", limited: " + text(hard, exceeded));
        }
        return requested.isEmpty() ? null : after;
    }

    private static String text(Map<String, Quantity> quantities, Set<String> names) {
        return names.stream()
                .map(name -> name + "=" + quantities.getOrDefault(name, Quantity.ZERO))
                .collect(Collectors.joining(","));
    }

    private static StatusException refusal(AdmissionRequest request, String why) {
        return StatusException.forbidden(request.resource().groupResource(), request.name(), why);
    }

    /** Whether something was charged. */
    private boolean charge(AdmissionRequest request, String key, Map<String, Quantity> delta) {
        Entry entry = storage.get(key);
        for (int attempt = 1; entry != null; attempt++) {
            Map<String, Quantity> after = check(request, entry.value(), delta);
            if (after == null) {
                return false;
            }
            switch (write(key, entry, after)) {
                case WriteResult.Written written -> {
                    return true;
                }
                case WriteResult.Conflict conflict -> {
                    if (attempt >= ATTEMPTS) {
                        throw StatusException.modified(
                                new GroupResource("", "resourcequotas"),
                                ObjectTree.name(ObjectCodec.parse(entry.value())));
                    }
                    entry = conflict.current();
                }
            }
        }
        return false;
    }

    private void giveBack(String key, Map<String, Quantity> delta) {
        Entry entry = storage.get(key);
        for (int attempt = 1; entry != null; attempt++) {
            Map<String, Quantity> used = new TreeMap<>(QuotaUsage.quantities(
                    ObjectCodec.parse(entry.value()).path("status").path("used")));
            used.replaceAll((name, quantity) -> quantity.minus(delta.getOrDefault(name, Quantity.ZERO)));
            switch (write(key, entry, used)) {
                case WriteResult.Written written -> {
                    return;
                }
                case WriteResult.Conflict conflict -> {
                    if (attempt >= ATTEMPTS) {
                        throw new IllegalStateException(key + " changes too often; its next count puts it right");
                    }
                    entry = conflict.current();
                }
            }
        }
    }

    private WriteResult write(String key, Entry entry, Map<String, Quantity> used) {
        ObjectNode quota = ObjectCodec.parse(entry.value());
        ObjectNode into = ObjectTree.child(quota, "status").putObject("used");
        used.forEach((name, quantity) -> into.put(name, quantity.toString()));
        return storage.update(key, ObjectCodec.toStorage(quota), entry.modRevision(), 0);
    }
}
