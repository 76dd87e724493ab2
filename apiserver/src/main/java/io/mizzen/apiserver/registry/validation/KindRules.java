// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.schema.FieldErrors;

/** The rules of one kind. */
interface KindRules {

    /** Collects what is wrong with an object by itself; also run for the new state at an update. */
    void check(FieldErrors errors, ObjectNode object);

    /** Collects what may not change; run besides {@link #check}. */
    default void change(FieldErrors errors, ObjectNode object, ObjectNode old) {}

    /** Collects what may not be changed through a subresource, and what may not be so afterwards. */
    default void subresourceChange(FieldErrors errors, ObjectNode object, ObjectNode old, String subresource) {}
}
