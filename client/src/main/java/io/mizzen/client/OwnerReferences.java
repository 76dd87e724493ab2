// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.util.List;
import java.util.Optional;

/** Reading and making owner references. */
public final class OwnerReferences {

    private OwnerReferences() {}

    /** The references of an object; empty when it has none. */
    public static List<OwnerReference> of(HasMetadata object) {
        List<OwnerReference> references = object.getMetadata().getOwnerReferences();
        return references == null ? List.of() : references;
    }

    /** The one reference that is marked as the controller. */
    public static Optional<OwnerReference> controllerOf(HasMetadata object) {
        return of(object).stream()
                .filter(reference -> Boolean.TRUE.equals(reference.getController()))
                .findFirst();
    }

    /** The key of the controller of an object, if that is of this kind; it is taken to be in the object's namespace. */
    public static Optional<ObjectKey> controllerKey(HasMetadata object, String kind) {
        return controllerOf(object)
                .filter(reference -> kind.equals(reference.getKind()))
                .map(reference -> new ObjectKey(ObjectKey.of(object).namespace(), reference.getName()));
    }

    /** Whether {@code owner} is the controller of {@code object}, by UID. */
    public static boolean isControlledBy(HasMetadata object, HasMetadata owner) {
        return controllerOf(object)
                .map(reference -> reference.getUid().equals(owner.getMetadata().getUid()))
                .orElse(false);
    }

    /** A reference that makes {@code owner} the controller and lets it block foreground deletion. */
    public static OwnerReference controller(HasMetadata owner) {
        return new OwnerReferenceBuilder()
                .withApiVersion(owner.getApiVersion())
                .withKind(owner.getKind())
                .withName(owner.getMetadata().getName())
                .withUid(owner.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(true)
                .build();
    }
}
