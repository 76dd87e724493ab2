// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.garbage;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.mizzen.client.DeleteRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What becomes of an object, given which of its owners are there. Pure. */
sealed interface Verdict {

    /** It has an owner: it stays. */
    record Keep() implements Verdict {}

    /** It stays for another owner's sake; these references go. */
    record DropReferences(Set<String> ownerUids) implements Verdict {}

    /** Its last owner waits for it: it goes first, and its own dependents before it; it blocks nobody meanwhile. */
    record DeleteForeground(boolean unblock) implements Verdict {}

    /** It has no owner left. */
    record Delete(DeleteRequest.Propagation propagation) implements Verdict {}

    /** The state of one owner. */
    enum OwnerState {
        /** It is there and stays. */
        SOLID,
        /** It does not exist, or an object of its name has another UID. */
        ABSENT,
        /** It is being deleted and waits for its dependents. */
        WAITING
    }

    /** One reference and the state of what it names. */
    record Owner(OwnerReference reference, OwnerState state) {}

    /**
     * @param owners the references of the live object
     * @param finalizers its finalizers
     * @param hasDependents whether it owns something itself
     * @param dependentWaits whether one of those is itself waiting for its dependents, so that a circle could block
     */
    static Verdict of(List<Owner> owners, List<String> finalizers, boolean hasDependents, boolean dependentWaits) {
        List<String> solid = uids(owners, OwnerState.SOLID);
        List<String> absent = uids(owners, OwnerState.ABSENT);
        List<String> waiting = uids(owners, OwnerState.WAITING);
        if (owners.isEmpty() || (!solid.isEmpty() && absent.isEmpty() && waiting.isEmpty())) {
            return new Keep();
        }
        if (!solid.isEmpty()) {
            List<String> gone = new ArrayList<>(absent);
            gone.addAll(waiting);
            return new DropReferences(Set.copyOf(gone));
        }
        if (!waiting.isEmpty() && hasDependents) {
            return new DeleteForeground(dependentWaits);
        }
        if (finalizers.contains(OwnerGraph.ORPHAN)) {
            return new Delete(DeleteRequest.Propagation.Orphan);
        }
        return new Delete(
                finalizers.contains(OwnerGraph.FOREGROUND)
                        ? DeleteRequest.Propagation.Foreground
                        : DeleteRequest.Propagation.Background);
    }

    private static List<String> uids(List<Owner> owners, OwnerState state) {
        return owners.stream()
                .filter(owner -> owner.state() == state)
                .map(owner -> owner.reference().getUid())
                .collect(Collectors.toList());
    }
}
