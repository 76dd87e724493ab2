// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.selector.LabelMatcher;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which objects belong to a controller, and the adoption and release that make it so: an orphan that matches the
 * selector is adopted, a dependent that matches no more is released, others' are left alone.
 */
public final class ControllerRef {

    private ControllerRef() {}

    /**
     * What to do with the candidates.
     *
     * @param owned objects that are the owner's and match
     * @param toAdopt orphans that match
     * @param toRelease objects that are the owner's and match no more
     */
    public record Claims<T>(List<T> owned, List<T> toAdopt, List<T> toRelease) {
        /** Copies its lists. */
        public Claims {
            owned = List.copyOf(owned);
            toAdopt = List.copyOf(toAdopt);
            toRelease = List.copyOf(toRelease);
        }
    }

    /** Decides, without touching anything. */
    public static <T extends HasMetadata> Claims<T> decide(
            HasMetadata owner, LabelSelector selector, Collection<T> candidates) {
        LabelMatcher matcher = LabelMatcher.of(selector);
        return decide(owner, o -> matcher.matches(o.getMetadata().getLabels()), candidates);
    }

    /** Decides by any rule of belonging, without touching anything. */
    public static <T extends HasMetadata> Claims<T> decide(
            HasMetadata owner, Predicate<? super T> matches, Collection<T> candidates) {
        List<T> owned = new ArrayList<>();
        List<T> toAdopt = new ArrayList<>();
        List<T> toRelease = new ArrayList<>();
        boolean ownerGoes = owner.getMetadata().getDeletionTimestamp() != null;
        String namespace = ObjectKey.of(owner).namespace();
        for (T object : candidates) {
            Optional<OwnerReference> controller = OwnerReferences.controllerOf(object);
            if (controller.isPresent()) {
                if (!controller.get().getUid().equals(owner.getMetadata().getUid())) {
                    continue;
                }
                if (matches.test(object)) {
                    owned.add(object);
                } else if (!ownerGoes) {
                    toRelease.add(object);
                }
            } else if (!ownerGoes
                    && object.getMetadata().getDeletionTimestamp() == null
                    && ObjectKey.of(object).namespace().equals(namespace)
                    && matches.test(object)) {
                toAdopt.add(object);
            }
        }
        return new Claims<>(owned, toAdopt, toRelease);
    }

    /**
     * Decides and performs, and returns what is the owner's afterwards. Before the first adoption the owner is read past
     * all caches: one that is gone, recreated or being deleted adopts nothing, and as it was seen in another state it is not to be
     * worked on at all, which a conflict says.
     *
     * @throws KubernetesClientException when the owner may not adopt what it would, or an adoption or release failed for another
     *     reason than the object's end
     */
    public static <T extends HasMetadata, O extends HasMetadata> List<T> claim(
            ApiClient api,
            O owner,
            Class<O> ownerType,
            Class<T> type,
            LabelSelector selector,
            Collection<T> candidates) {
        Claims<T> claims = decide(owner, selector, candidates);
        List<T> mine = new ArrayList<>(claims.owned());
        claims.toRelease().forEach(object -> release(api, owner, type, object));
        if (!claims.toAdopt().isEmpty()) {
            requireAdopter(api, owner, ownerType);
            for (T orphan : claims.toAdopt()) {
                adopt(api, owner, type, orphan).ifPresent(mine::add);
            }
        }
        return mine;
    }

    private static <O extends HasMetadata> void requireAdopter(ApiClient api, O owner, Class<O> ownerType) {
        boolean mayAdopt = api.find(ownerType, ObjectKey.of(owner))
                .map(live ->
                        live.getMetadata().getUid().equals(owner.getMetadata().getUid())
                                && live.getMetadata().getDeletionTimestamp() == null)
                .orElse(false);
        if (!mayAdopt) {
            String what = ResourceType.of(ownerType).qualifiedName() + " \"" + ObjectKey.of(owner) + "\"";
            throw ApiErrors.of(409, "Conflict", what + " is gone or has just been deleted, it adopts nothing");
        }
    }

    private static <T extends HasMetadata> Optional<T> adopt(
            ApiClient api, HasMetadata owner, Class<T> type, T orphan) {
        List<OwnerReference> references = new ArrayList<>(OwnerReferences.of(orphan));
        references.add(OwnerReferences.controller(owner));
        return patch(api, type, orphan, references);
    }

    private static <T extends HasMetadata> void release(ApiClient api, HasMetadata owner, Class<T> type, T object) {
        String uid = owner.getMetadata().getUid();
        List<OwnerReference> rest = OwnerReferences.of(object).stream()
                .filter(reference -> !reference.getUid().equals(uid))
                .toList();
        var _ = patch(api, type, object, rest);
    }

    /** Writes the references only if the object is still as it was read. An object that is gone is nobody's any more. */
    private static <T extends HasMetadata> Optional<T> patch(
            ApiClient api, Class<T> type, T object, List<OwnerReference> references) {
        ObjectNode patch = Patches.guarded(object);
        ArrayNode array = Patches.metadataList(patch, "ownerReferences");
        references.forEach(reference -> array.add(Json.<ObjectNode>tree(reference)));
        return ApiErrors.ifPresent(() -> api.patch(type, ObjectKey.of(object), patch));
    }
}
