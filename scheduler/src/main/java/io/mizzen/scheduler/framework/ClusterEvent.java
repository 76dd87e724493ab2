// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import java.util.EnumSet;
import java.util.Set;

/**
 * Something that happened in the cluster, or a pattern of such things.
 *
 * @param resource what kind of object it happened to
 * @param actions what happened; an occurrence may be several things at once
 */
public record ClusterEvent(Resource resource, Set<Action> actions) {
    /** Kinds of objects whose events the queue listens to. */
    public enum Resource {
        /** Pods, assigned ones and the waiting pod itself. */
        POD,
        /** Nodes. */
        NODE,
        /** PersistentVolumes. */
        PERSISTENT_VOLUME,
        /** PersistentVolumeClaims. */
        PERSISTENT_VOLUME_CLAIM,
        /** StorageClasses. */
        STORAGE_CLASS,
        /** Anything: matches every registration. */
        WILDCARD
    }

    /** What can happen. */
    public enum Action {
        /** Created. */
        ADD,
        /** Deleted or finished. */
        DELETE,
        /** Changed in some way without an own name. */
        UPDATE,
        /** Node allocatable changed. */
        UPDATE_NODE_ALLOCATABLE,
        /** Node labels changed. */
        UPDATE_NODE_LABEL,
        /** Node taints or its unschedulable mark changed. */
        UPDATE_NODE_TAINT,
        /** Node conditions changed. */
        UPDATE_NODE_CONDITION,
        /** Node annotations changed. */
        UPDATE_NODE_ANNOTATION,
        /** Pod labels changed. */
        UPDATE_POD_LABEL,
        /** A pod asks for less. */
        UPDATE_POD_SCALE_DOWN,
        /** A pod tolerates more. */
        UPDATE_POD_TOLERATION,
        /** A pod lost its last scheduling gate. */
        UPDATE_POD_SCHEDULING_GATES_ELIMINATED
    }

    /** Everything at once; wakes every pod. */
    public static final ClusterEvent WILDCARD = new ClusterEvent(Resource.WILDCARD, EnumSet.allOf(Action.class));

    /** Copies the actions. */
    public ClusterEvent {
        actions = Set.copyOf(actions);
    }

    /** An event or pattern of one resource. */
    public static ClusterEvent of(Resource resource, Action first, Action... more) {
        return new ClusterEvent(resource, EnumSet.of(first, more));
    }

    /** Whether this pattern covers an occurrence. */
    public boolean covers(ClusterEvent occurrence) {
        if (resource == Resource.WILDCARD || occurrence.resource == Resource.WILDCARD) {
            return true;
        }
        if (resource != occurrence.resource) {
            return false;
        }
        for (Action action : occurrence.actions) {
            if (actions.contains(action)) {
                return true;
            }
        }
        return false;
    }

    /** A short name for metrics, such as {@code NodeAdd}. */
    public String label() {
        StringBuilder text = new StringBuilder();
        for (String word :
                (resource + "_" + actions.stream().min(Enum::compareTo).orElse(Action.UPDATE)).split("_")) {
            text.append(word.charAt(0)).append(word.substring(1).toLowerCase(java.util.Locale.ROOT));
        }
        return text.toString();
    }
}
