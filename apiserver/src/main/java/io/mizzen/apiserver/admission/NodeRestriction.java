// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.meta.PodReferences;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.admission.AdmissionRequest.Operation;
import io.mizzen.apiserver.authentication.UserInfo;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A kubelet writes only what is its own: its Node without taints and foreign labels, the pods bound to it, its lease, tokens
 * for its pods (API page "Admission Controllers", NodeRestriction).
 */
public final class NodeRestriction implements Admission.Plugin {
    private static final String PREFIX = "system:node:";
    private static final String KEEPING = "mizzen.io/local-path";
    private static final String MIRROR = "kubernetes.io/config.mirror";

    /** Labels of Kubernetes' own domains that a kubelet may set. */
    private static final Set<String> KUBELET_LABELS = Set.of(
            "kubernetes.io/hostname",
            "failure-domain.beta.kubernetes.io/zone",
            "failure-domain.beta.kubernetes.io/region",
            "topology.kubernetes.io/zone",
            "topology.kubernetes.io/region",
            "node.kubernetes.io/instance-type",
            "beta.kubernetes.io/instance-type",
            "beta.kubernetes.io/os",
            "beta.kubernetes.io/arch",
            "kubernetes.io/os",
            "kubernetes.io/arch");

    private final Storage storage;

    NodeRestriction(Storage storage) {
        this.storage = storage;
    }

    /** The node that a user is the kubelet of. */
    static Optional<String> nodeOf(UserInfo user) {
        return user.isIn("system:nodes") && user.name().startsWith(PREFIX)
                ? Optional.of(user.name().substring(PREFIX.length()))
                : Optional.empty();
    }

    @Override
    public void validate(AdmissionRequest request) {
        Optional<String> user = nodeOf(request.context().user());
        if (user.isEmpty()) {
            return;
        }
        String node = user.get();
        switch (request.resource().stored().groupResource().toString()) {
            case "pods" -> pod(request, node);
            case "nodes" -> node(request, node);
            case "leases.coordination.k8s.io" -> lease(request, node);
            case "csinodes.storage.k8s.io" ->
                require(
                        request.name().equals(node),
                        request,
                        "can only access CSINode with the same name as the requesting node");
            case "persistentvolumeclaims" ->
                require(
                        request.operation() == Operation.UPDATE
                                && request.context().subresource().equals("status"),
                        request,
                        "may only update PVC status");
            case "persistentvolumes" -> volume(request, node);
            default -> {
                // What else a kubelet may write is the authorizer's to say.
            }
        }
    }

    private static void require(boolean holds, AdmissionRequest request, String why) {
        if (!holds) {
            throw StatusException.forbidden(request.resource().groupResource(), request.name(), why);
        }
    }

    private static String quoted(String node) {
        return "node \"" + node + "\" ";
    }

    /** Beyond upstream: the keeper of a local volume takes its own finalizer off, and changes nothing else. */
    private static void volume(AdmissionRequest request, String node) {
        ObjectNode old = request.old();
        require(
                request.operation() == Operation.UPDATE
                        && old != null
                        && withoutKeeping(old).equals(withoutKeeping(request.object())),
                request,
                quoted(node) + "can only take the finalizer " + KEEPING + " off a volume");
    }

    /** A volume without what a write always changes, and without the keeper's finalizer. */
    private static ObjectNode withoutKeeping(ObjectNode volume) {
        ObjectNode bare = volume.deepCopy();
        ObjectNode metadata = ObjectTree.metadata(bare);
        metadata.remove(List.of("managedFields", "resourceVersion", "generation"));
        ArrayNode others = metadata.arrayNode();
        for (JsonNode finalizer : metadata.path("finalizers")) {
            if (!finalizer.asText().equals(KEEPING)) {
                others.add(finalizer);
            }
        }
        metadata.set("finalizers", others);
        return bare;
    }

    private void pod(AdmissionRequest request, String node) {
        String subresource = request.context().subresource();
        JsonNode known = request.old() == null ? request.object() : request.old();
        boolean own = ObjectTree.text(known, "spec", "nodeName").equals(node);
        switch (subresource) {
            case "" -> {
                switch (request.operation()) {
                    case CREATE -> mirrorPod(request, node);
                    case DELETE ->
                        require(own, request, quoted(node) + "can only delete pods with spec.nodeName set to itself");
                    case UPDATE ->
                        require(
                                false,
                                request,
                                "unexpected operation \"UPDATE\", node \"" + node
                                        + "\" can only create and delete mirror pods");
                }
            }
            case "status" -> {
                require(
                        own,
                        request,
                        quoted(node) + "can only update pod status for pods with spec.nodeName set to itself");
                require(
                        ObjectTree.labels(known).equals(ObjectTree.labels(request.object())),
                        request,
                        quoted(node) + "cannot update labels through pod status");
            }
            case "eviction" ->
                require(own, request, "node " + node + " can only evict pods with spec.nodeName set to itself");
            default ->
                require(
                        false,
                        request,
                        "unexpected pod subresource \"" + subresource + "\", only 'status' and 'eviction' are allowed");
        }
    }

    private void mirrorPod(AdmissionRequest request, String node) {
        ObjectNode pod = request.object();
        require(
                ObjectTree.annotations(pod).containsKey(MIRROR),
                request,
                "pod does not have \"" + MIRROR + "\" annotation, node \"" + node + "\" can only create mirror pods");
        require(
                ObjectTree.text(pod, "spec", "nodeName").equals(node),
                request,
                quoted(node) + "can only create pods with spec.nodeName set to itself");
        mirrorOwner(request, node);
        require(
                ObjectTree.text(pod, "spec", "serviceAccountName").isEmpty(),
                request,
                quoted(node) + "can not create pods that reference a service account");
        require(
                PodReferences.secrets(pod).isEmpty(),
                request,
                quoted(node) + "can not create pods that reference secrets");
        require(
                PodReferences.configMaps(pod).isEmpty(),
                request,
                quoted(node) + "can not create pods that reference configmaps");
        for (JsonNode volume : pod.path("spec").path("volumes")) {
            require(
                    !volume.has("persistentVolumeClaim") && !volume.has("ephemeral"),
                    request,
                    quoted(node) + "can not create pods that reference persistentvolumeclaims");
            for (JsonNode source : volume.path("projected").path("sources")) {
                require(
                        !source.has("serviceAccountToken"),
                        request,
                        quoted(node) + "can not create pods that reference a service account");
            }
        }
    }

    /** A mirror pod belongs to its Node and goes with it. */
    private void mirrorOwner(AdmissionRequest request, String node) {
        JsonNode owners = request.object().path("metadata").path("ownerReferences");
        require(
                owners.size() <= 1,
                request,
                quoted(node) + "can only create pods with a single owner reference set to itself");
        JsonNode owner = owners.path(0);
        require(
                owner.path("apiVersion").asText().equals("v1")
                        && owner.path("kind").asText().equals("Node")
                        && owner.path("name").asText().equals(node),
                request,
                quoted(node) + "can only create pods with an owner reference set to itself");
        require(
                owner.path("controller").asBoolean(),
                request,
                quoted(node) + "can only create pods with a controller owner reference set to itself");
        require(
                !owner.path("blockOwnerDeletion").asBoolean(),
                request,
                quoted(node) + "must not set blockOwnerDeletion on an owner reference");
        Entry entry = storage.get("/registry/minions/" + node);
        String uid = entry == null ? "" : ObjectTree.uid(ObjectCodec.parse(entry.value()));
        String named = owner.path("uid").asText();
        require(uid.equals(named), request, "node " + node + " UID mismatch: expected " + uid + " got " + named);
    }

    private static void node(AdmissionRequest request, String node) {
        require(
                request.name().equals(node),
                request,
                quoted(node) + "is not allowed to modify node \"" + request.name() + "\"");
        ObjectNode old = request.old();
        if (request.isCreate() || old == null) {
            TreeSet<String> forbidden =
                    new TreeSet<>(ObjectTree.labels(request.object()).keySet());
            forbidden.removeIf(NodeRestriction::isAllowed);
            require(
                    forbidden.isEmpty(),
                    request,
                    "is not allowed to set the following labels: " + String.join(", ", forbidden));
        } else if (request.operation() == Operation.UPDATE) {
            require(
                    old.path("spec")
                            .path("taints")
                            .equals(request.object().path("spec").path("taints")),
                    request,
                    "is not allowed to modify taints");
            TreeSet<String> changed = changed(ObjectTree.labels(old), ObjectTree.labels(request.object()));
            changed.removeIf(NodeRestriction::isAllowed);
            require(changed.isEmpty(), request, "is not allowed to modify labels: " + String.join(", ", changed));
        }
    }

    private static TreeSet<String> changed(Map<String, String> before, Map<String, String> after) {
        TreeSet<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(after.keySet());
        keys.removeIf(key -> Objects.equals(before.get(key), after.get(key)));
        return keys;
    }

    /** Labels outside Kubernetes' domains are free; inside only those that kubelets are known to set. */
    private static boolean isAllowed(String label) {
        int slash = label.indexOf('/');
        String domain = slash < 0 ? "" : label.substring(0, slash);
        boolean kubernetes = isIn(domain, "kubernetes.io") || isIn(domain, "k8s.io");
        return !kubernetes
                || KUBELET_LABELS.contains(label)
                || isIn(domain, "kubelet.kubernetes.io")
                || isIn(domain, "node.kubernetes.io");
    }

    private static boolean isIn(String domain, String parent) {
        return domain.equals(parent) || domain.endsWith("." + parent);
    }

    private static void lease(AdmissionRequest request, String node) {
        require(
                request.namespace().equals("kube-node-lease"),
                request,
                "can only access leases in the \"kube-node-lease\" system namespace");
        require(
                request.name().equals(node),
                request,
                "can only access node lease with the same name as the requesting node");
    }

    /** Refuses an eviction by a kubelet of a pod that is not bound to it. */
    public void checkEviction(UserInfo user, String namespace, String name) {
        nodeOf(user).ifPresent(node -> {
            if (!isBound(namespace, name, node)) {
                throw forbidden("pods", name, "node " + node + " can only evict pods with spec.nodeName set to itself");
            }
        });
    }

    /** Refuses a kubelet's request for a token that is not bound to a pod of its own. */
    public void checkToken(UserInfo user, String namespace, String account, JsonNode reference) {
        Optional<String> node = nodeOf(user);
        if (node.isEmpty()) {
            return;
        }
        String name = reference.path("name").asText("");
        boolean pod = reference.path("kind").asText("").equals("Pod")
                && reference.path("apiVersion").asText("").equals("v1")
                && !name.isEmpty();
        if (!pod) {
            throw forbidden("serviceaccounts", account, "node requested token not bound to a pod");
        }
        if (reference.path("uid").asText("").isEmpty()) {
            throw forbidden("serviceaccounts", account, "node requested token with a pod binding without a uid");
        }
        if (!isBound(namespace, name, node.get())) {
            throw forbidden(
                    "serviceaccounts", account, "node requested token bound to a pod scheduled on a different node");
        }
    }

    private boolean isBound(String namespace, String pod, String node) {
        Entry entry = storage.get("/registry/pods/" + namespace + "/" + pod);
        return entry != null
                && ObjectTree.text(ObjectCodec.parse(entry.value()), "spec", "nodeName")
                        .equals(node);
    }

    private static StatusException forbidden(String plural, String name, String why) {
        return StatusException.forbidden(new io.mizzen.api.name.GroupResource("", plural), name, why);
    }
}
