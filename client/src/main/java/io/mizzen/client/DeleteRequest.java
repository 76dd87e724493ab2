// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;

/**
 * The options of a deletion.
 *
 * @param uid delete only the object with this UID; anything else is a conflict
 * @param resourceVersion delete only the object at this version
 * @param propagation what happens to dependents; the kind's default when empty
 * @param gracePeriodSeconds seconds to end in; the object's own when empty
 */
public record DeleteRequest(
        Optional<String> uid,
        Optional<String> resourceVersion,
        Optional<Propagation> propagation,
        Optional<Long> gracePeriodSeconds) {
    /** How the API server says that an object of the name has another UID than the one that was given. */
    private static final String OTHER_UID = "Precondition failed: UID in precondition";

    /** The values of {@code propagationPolicy}. */
    public enum Propagation {
        /** Dependents lose the reference and live on. */
        Orphan,
        /** The garbage collector deletes dependents afterwards. */
        Background,
        /** The owner goes when its blocking dependents have gone. */
        Foreground
    }

    /** No conditions, all defaults. */
    public static DeleteRequest plain() {
        return new DeleteRequest(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** Only the object with this UID. */
    public static DeleteRequest ofUid(String uid) {
        return new DeleteRequest(Optional.of(uid), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** The same, only at this version. */
    public DeleteRequest atVersion(String version) {
        return new DeleteRequest(uid, Optional.of(version), propagation, gracePeriodSeconds);
    }

    /** The same with this propagation. */
    public DeleteRequest with(Propagation policy) {
        return new DeleteRequest(uid, resourceVersion, Optional.of(policy), gracePeriodSeconds);
    }

    /** The same with this grace period. */
    public DeleteRequest withGrace(long seconds) {
        return new DeleteRequest(uid, resourceVersion, propagation, Optional.of(seconds));
    }

    /**
     * Sends this request; false if the answer says that the object it means has gone: there is none of that name, or
     * another one. A conflict about a version, or with others who write, says no such thing and is thrown.
     */
    boolean unlessGone(Runnable sending) {
        try {
            sending.run();
            return true;
        } catch (KubernetesClientException e) {
            boolean isAnother = ApiErrors.isConflict(e) && ApiErrors.message(e).contains(OTHER_UID);
            if (!ApiErrors.isNotFound(e) && !isAnother) {
                throw e;
            }
            return false;
        }
    }
}
