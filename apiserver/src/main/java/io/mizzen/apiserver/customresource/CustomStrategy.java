// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.customresource;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.status.StatusCause;
import io.mizzen.apiserver.registry.Strategy;
import io.mizzen.apiserver.schema.FieldErrors;
import io.mizzen.apiserver.schema.StructuralValidation;
import java.util.List;

/** What all custom resources have in common: generations, guarded updates, values checked by the schema. */
record CustomStrategy(StructuralValidation validation) implements Strategy {
    @Override
    public boolean countsGenerations() {
        return true;
    }

    @Override
    public boolean allowsUnconditionalUpdate() {
        return false;
    }

    @Override
    public List<StatusCause> validateCreate(ResourceDefinition definition, ObjectNode object) {
        FieldErrors errors = new FieldErrors();
        validation.validate(object, null, errors);
        return errors.causes();
    }

    @Override
    public List<StatusCause> validateUpdate(
            ResourceDefinition definition, ObjectNode object, ObjectNode old, String subresource) {
        FieldErrors errors = new FieldErrors();
        validation.validate(object, old, errors);
        return errors.causes();
    }
}
