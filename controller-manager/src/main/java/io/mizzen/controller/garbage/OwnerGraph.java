// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.garbage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Who owns whom, by UID. An owner that is only known from references is in the graph too, as absent until an informer
 * shows it or a live read proves that there is none. Each change returns what has to be looked at. Thread-safe; no I/O.
 */
final class OwnerGraph {

    static final String FOREGROUND = "foregroundDeletion";
    static final String ORPHAN = "orphan";

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Node> nodes = new HashMap<>();

    /** Where an object is; the type is null when only its kind is known. */
    record Identity(
            String apiVersion,
            String kind,
            ObjectKey key,
            String uid,
            @Nullable ResourceType type) {}

    /** A look at a node as it was at one moment. */
    record View(
            Identity identity,
            boolean virtual,
            boolean beingDeleted,
            boolean deletingDependents,
            List<OwnerReference> owners,
            List<View> dependents) {
        View {
            owners = List.copyOf(owners);
            dependents = List.copyOf(dependents);
        }

        boolean blocks(String ownerUid) {
            return owners.stream()
                    .anyMatch(reference -> reference.getUid().equals(ownerUid)
                            && Boolean.TRUE.equals(reference.getBlockOwnerDeletion()));
        }
    }

    /** What a change asks for. */
    sealed interface Look {
        /** Whether this object has lost its last owner, or can go on with its own deletion. */
        record Delete(String uid) implements Look {}

        /** This owner wants its dependents freed. */
        record Orphan(String uid) implements Look {}
    }

    private static final class Node {
        Identity identity;
        boolean virtual;
        boolean beingDeleted;
        boolean deletingDependents;
        boolean orphaning;
        List<OwnerReference> owners = List.of();
        final Set<String> dependents = new LinkedHashSet<>();

        Node(Identity identity, boolean virtual) {
            this.identity = identity;
            this.virtual = virtual;
        }
    }

    /** Takes in an object as an informer shows it, new or changed. */
    List<Look> observe(ResourceType type, HasMetadata object) {
        ObjectMeta metadata = object.getMetadata();
        Identity identity = new Identity(type.apiVersion(), type.kind(), ObjectKey.of(object), metadata.getUid(), type);
        List<OwnerReference> owners =
                metadata.getOwnerReferences() == null ? List.of() : List.copyOf(metadata.getOwnerReferences());
        List<Look> looks = new ArrayList<>();
        lock.lock();
        try {
            Node node = nodes.computeIfAbsent(metadata.getUid(), uid -> new Node(identity, false));
            node.identity = identity;
            node.virtual = false;
            List<OwnerReference> before = node.owners;
            node.owners = owners;
            link(node, before, looks);
            unblock(before, owners, looks);
            transitions(node, metadata, looks);
        } finally {
            lock.unlock();
        }
        return looks;
    }

    /** Takes in that an object is gone, by an informer or by a live read. */
    List<Look> forget(String uid) {
        List<Look> looks = new ArrayList<>();
        lock.lock();
        try {
            Node node = nodes.remove(uid);
            if (node == null) {
                return looks;
            }
            for (OwnerReference reference : node.owners) {
                Node owner = nodes.get(reference.getUid());
                if (owner != null) {
                    owner.dependents.remove(uid);
                    if (owner.deletingDependents) {
                        looks.add(new Look.Delete(reference.getUid()));
                    }
                    dropIfUnused(reference.getUid(), owner);
                }
            }
            node.dependents.forEach(dependent -> looks.add(new Look.Delete(dependent)));
        } finally {
            lock.unlock();
        }
        return looks;
    }

    /** A node with its dependents; those of the dependents are left out. */
    Optional<View> view(String uid) {
        lock.lock();
        try {
            Node node = nodes.get(uid);
            if (node == null) {
                return Optional.empty();
            }
            List<View> dependents = new ArrayList<>();
            for (String dependent : node.dependents) {
                Node other = nodes.get(dependent);
                if (other != null) {
                    dependents.add(view(other, List.of()));
                }
            }
            return Optional.of(view(node, dependents));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether an object that waits for its dependents is, in a circle of objects that all wait, one of those it waits for. The look at an
     * object before its deletion misses a circle whose other members began to wait a moment ago.
     */
    boolean waitsForItself(String uid) {
        Set<String> seen = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(List.of(uid));
        while (!open.isEmpty()) {
            String owner = open.pop();
            for (View dependent : view(owner).map(View::dependents).orElse(List.of())) {
                if (!dependent.deletingDependents() || !dependent.blocks(owner)) {
                    continue;
                }
                String next = dependent.identity().uid();
                if (next.equals(uid)) {
                    return true;
                }
                if (seen.add(next)) {
                    open.push(next);
                }
            }
        }
        return false;
    }

    /** The UIDs of all objects of a resource that an informer has shown. */
    List<String> uidsOf(ResourceType type) {
        lock.lock();
        try {
            return nodes.entrySet().stream()
                    .filter(entry -> !entry.getValue().virtual
                            && type.equals(entry.getValue().identity.type()))
                    .map(Map.Entry::getKey)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return nodes.size();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void link(Node node, List<OwnerReference> before, List<Look> looks) {
        Map<String, OwnerReference> wanted = new LinkedHashMap<>();
        node.owners.forEach(reference -> wanted.put(reference.getUid(), reference));
        String uid = node.identity.uid();
        for (OwnerReference old : before) {
            Node owner = nodes.get(old.getUid());
            if (owner != null && !wanted.containsKey(old.getUid())) {
                owner.dependents.remove(uid);
                dropIfUnused(old.getUid(), owner);
            }
        }
        for (OwnerReference reference : wanted.values()) {
            Node owner = nodes.get(reference.getUid());
            if (owner == null) {
                owner = new Node(virtualIdentity(reference, node.identity.key().namespace()), true);
                nodes.put(reference.getUid(), owner);
            }
            if (owner.dependents.add(uid) && owner.virtual) {
                // Nobody has seen this owner yet: let a live read say whether it exists.
                looks.add(new Look.Delete(reference.getUid()));
                looks.add(new Look.Delete(uid));
            }
            if (owner.deletingDependents) {
                // It came after its owner had begun to wait: it must go as well.
                looks.add(new Look.Delete(uid));
            }
        }
    }

    /** An owner that waits for its dependents may go on when one no longer refers to it or no longer blocks it. */
    @GuardedBy("lock")
    private void unblock(List<OwnerReference> before, List<OwnerReference> after, List<Look> looks) {
        for (OwnerReference old : before) {
            boolean blocked = Boolean.TRUE.equals(old.getBlockOwnerDeletion());
            boolean blocks = after.stream()
                    .anyMatch(reference -> reference.getUid().equals(old.getUid())
                            && Boolean.TRUE.equals(reference.getBlockOwnerDeletion()));
            Node owner = nodes.get(old.getUid());
            if (blocked && !blocks && owner != null && owner.deletingDependents) {
                looks.add(new Look.Delete(old.getUid()));
            }
        }
    }

    @GuardedBy("lock")
    private void transitions(Node node, ObjectMeta metadata, List<Look> looks) {
        if (metadata.getDeletionTimestamp() == null) {
            return;
        }
        node.beingDeleted = true;
        List<String> finalizers = metadata.getFinalizers() == null ? List.of() : metadata.getFinalizers();
        boolean orphan = finalizers.contains(ORPHAN);
        if (orphan && !node.orphaning) {
            looks.add(new Look.Orphan(node.identity.uid()));
        }
        node.orphaning = orphan;
        if (finalizers.contains(FOREGROUND)) {
            if (!node.deletingDependents) {
                node.deletingDependents = true;
                node.dependents.forEach(dependent -> looks.add(new Look.Delete(dependent)));
            }
            looks.add(new Look.Delete(node.identity.uid()));
        }
    }

    @GuardedBy("lock")
    private void dropIfUnused(String uid, Node node) {
        if (node.virtual && node.dependents.isEmpty()) {
            nodes.remove(uid);
        }
    }

    private static Identity virtualIdentity(OwnerReference reference, String namespace) {
        return new Identity(
                Objects.requireNonNullElse(reference.getApiVersion(), ""),
                Objects.requireNonNullElse(reference.getKind(), ""),
                new ObjectKey(namespace, Objects.requireNonNullElse(reference.getName(), "")),
                reference.getUid(),
                null);
    }

    private static View view(Node node, List<View> dependents) {
        return new View(
                node.identity, node.virtual, node.beingDeleted, node.deletingDependents, node.owners, dependents);
    }
}
