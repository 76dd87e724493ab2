// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;

/** Where components say what they did to an object. Never blocks, never throws for want of a server. */
@FunctionalInterface
public interface EventSink {

    /**
     * Records an event.
     *
     * @param type {@code Normal} or {@code Warning}
     * @param reason short word in CamelCase
     * @param message one sentence; cut at 1024 characters
     */
    void event(ObjectReference regarding, String type, String reason, String message);

    /** Records that something happened as it should. */
    default void normal(HasMetadata regarding, String reason, String message) {
        event(reference(regarding), "Normal", reason, message);
    }

    /** Records that something went wrong. */
    default void warning(HasMetadata regarding, String reason, String message) {
        event(reference(regarding), "Warning", reason, message);
    }

    /** The reference of an object, as events carry it. */
    static ObjectReference reference(HasMetadata object) {
        return new ObjectReferenceBuilder()
                .withApiVersion(object.getApiVersion())
                .withKind(object.getKind())
                .withNamespace(object.getMetadata().getNamespace())
                .withName(object.getMetadata().getName())
                .withUid(object.getMetadata().getUid())
                .withResourceVersion(object.getMetadata().getResourceVersion())
                .build();
    }
}
