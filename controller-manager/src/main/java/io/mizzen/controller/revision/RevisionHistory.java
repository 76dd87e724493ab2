// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.revision;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnerReferences;
import io.mizzen.controller.deployment.PodTemplateHash;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds, makes and cuts the revisions of one owner. Thread-safe; the caller works one owner on one thread. */
public final class RevisionHistory {

    /** The label of pods and revisions that carries the hash. */
    public static final String LABEL = "controller-revision-hash";

    /** Revisions in the order of their numbers. */
    public static final Comparator<ControllerRevision> BY_NUMBER = Comparator.comparingLong(RevisionHistory::number)
            .thenComparing(revision -> revision.getMetadata().getName());

    private final ApiClient api;

    /** Writes by {@code api}. */
    public RevisionHistory(ApiClient api) {
        this.api = api;
    }

    /** The name a pod's label gives for a revision: the part after the owner's name for DaemonSets, the whole else. */
    public static String hash(ControllerRevision revision) {
        Map<String, String> labels = revision.getMetadata().getLabels();
        String hash = labels == null ? null : labels.get(LABEL);
        return hash == null ? "" : hash;
    }

    /** The template that a revision holds. */
    public static PodTemplateSpec template(ControllerRevision revision) {
        JsonNode tree = Json.<ObjectNode>tree(revision)
                .path("data")
                .path("spec")
                .path("template")
                .deepCopy();
        if (tree instanceof ObjectNode object) {
            object.remove("$patch");
        }
        return Json.model(tree, PodTemplateSpec.class);
    }

    /**
     * The revision of the present template: an equal one, renumbered to be the newest, or a new one.
     *
     * @param own the owner's revisions
     * @param labels labels of a new one
     * @throws KubernetesClientException also with a conflict when the name is taken by other content; the collision count
     *     must then be raised
     */
    public ControllerRevision current(
            HasMetadata owner,
            PodTemplateSpec template,
            List<ControllerRevision> own,
            Map<String, String> labels,
            @Nullable Integer collisionCount) {
        ObjectNode content = Json.tree(template);
        content.put("$patch", "replace");
        ObjectNode data = Json.object();
        data.putObject("spec").set("template", content);
        long highest = own.stream().mapToLong(RevisionHistory::number).max().orElse(0);
        Optional<ControllerRevision> equal = own.stream()
                .filter(revision -> PodTemplateHash.equalIgnoringHash(template(revision), template))
                .max(BY_NUMBER);
        if (equal.isPresent()) {
            return number(equal.get()) == highest ? equal.get() : renumber(equal.get(), highest + 1);
        }
        String hash = PodTemplateHash.of(template, collisionCount);
        ControllerRevision meta = new ControllerRevisionBuilder()
                .withNewMetadata()
                .withNamespace(owner.getMetadata().getNamespace())
                .withName(owner.getMetadata().getName() + "-" + hash)
                .withLabels(labels)
                .addToLabels(LABEL, hash)
                .withOwnerReferences(OwnerReferences.controller(owner))
                .endMetadata()
                .withRevision(highest + 1)
                .build();
        ObjectNode tree = Json.tree(meta);
        tree.set("data", data);
        return create(owner, Json.model(tree, ControllerRevision.class), template);
    }

    /** Deletes the oldest revisions beyond the limit that no pod uses. */
    public void cut(List<ControllerRevision> own, Set<String> usedHashes, int limit) {
        List<ControllerRevision> unused = own.stream()
                .filter(revision -> !usedHashes.contains(hash(revision))
                        && !usedHashes.contains(revision.getMetadata().getName()))
                .sorted(BY_NUMBER)
                .toList();
        for (ControllerRevision revision : unused.subList(0, Math.max(0, unused.size() - limit))) {
            api.deleteIfPresent(
                    ControllerRevision.class,
                    ObjectKey.of(revision),
                    DeleteRequest.ofUid(revision.getMetadata().getUid()));
        }
    }

    private ControllerRevision create(HasMetadata owner, ControllerRevision revision, PodTemplateSpec template) {
        try {
            return api.create(revision);
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isAlreadyExists(e)) {
                throw e;
            }
            // The cache may not show yet what we made ourselves.
            return api.find(ControllerRevision.class, ObjectKey.of(revision))
                    .filter(present -> OwnerReferences.isControlledBy(present, owner)
                            && PodTemplateHash.equalIgnoringHash(template(present), template))
                    .orElseThrow(() ->
                            ApiErrors.of(409, "Conflict", "the revision name " + ObjectKey.of(revision) + " is taken"));
        }
    }

    private ControllerRevision renumber(ControllerRevision revision, long number) {
        return api.update(
                new ControllerRevisionBuilder(revision).withRevision(number).build());
    }

    private static long number(ControllerRevision revision) {
        return revision.getRevision() == null ? 0 : revision.getRevision();
    }
}
