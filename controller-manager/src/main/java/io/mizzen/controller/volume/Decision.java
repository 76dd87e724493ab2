// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.mizzen.client.ObjectKey;
import java.util.Optional;

/**
 * What is to be done next about a claim or a volume: at most one write, after which the core is asked again.
 *
 * @param write the next write; empty when all is as it should be
 * @param notice an event, told once the write has succeeded, or at once without one
 * @param lookAt a claim that is to be decided on after this
 */
record Decision(Optional<Write> write, Optional<Notice> notice, Optional<ObjectKey> lookAt) {

    /** A write, guarded by the version of the object it was decided on. */
    sealed interface Write {}

    /** Replaces all of a claim but its status. */
    record ChangeClaim(PersistentVolumeClaim claim) implements Write {}

    /** Replaces the status of a claim. */
    record ChangeClaimStatus(PersistentVolumeClaim claim) implements Write {}

    /** Replaces all of a volume but its status. */
    record ChangeVolume(PersistentVolume volume) implements Write {}

    /** Replaces the status of a volume. */
    record ChangeVolumeStatus(PersistentVolume volume) implements Write {}

    /** Makes a volume. */
    record MakeVolume(PersistentVolume volume) implements Write {}

    /** Deletes a volume; its finalizers hold it until its data has gone. */
    record RemoveVolume(PersistentVolume volume) implements Write {}

    /**
     * An event.
     *
     * @param object what it is about
     * @param isWarning its type
     */
    record Notice(HasMetadata object, boolean isWarning, String reason, String message) {}

    /** All is as it should be. */
    static Decision none() {
        return new Decision(Optional.empty(), Optional.empty(), Optional.empty());
    }

    static Decision of(Write write) {
        return new Decision(Optional.of(write), Optional.empty(), Optional.empty());
    }

    static Decision lookAt(ObjectKey claim) {
        return new Decision(Optional.empty(), Optional.empty(), Optional.of(claim));
    }

    /** The same, and an event. */
    Decision telling(HasMetadata object, boolean isWarning, String reason, String message) {
        return new Decision(write, Optional.of(new Notice(object, isWarning, reason, message)), lookAt);
    }
}
