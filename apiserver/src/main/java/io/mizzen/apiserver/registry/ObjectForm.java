// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.apiserver.schema.Decoder;
import io.mizzen.apiserver.schema.Defaults;
import io.mizzen.apiserver.schema.StructuralValidation;

/** How the bodies of a kind are read: typed for built-in kinds, pruned by their structural schema for custom ones. Pure. */
public interface ObjectForm {

    /** Reads a body; fields that are unknown are left out and named. */
    Decoder.Decoded decode(JsonNode raw, GroupVersionKind kind);

    /** Writes the defaults of absent fields, in place. */
    void applyDefaults(ObjectNode object);

    /** The form of a kind of the catalogue. */
    static ObjectForm builtIn(Schema schema) {
        return new ObjectForm() {
            @Override
            public Decoder.Decoded decode(JsonNode raw, GroupVersionKind kind) {
                return Decoder.decode(raw, schema, kind);
            }

            @Override
            public void applyDefaults(ObjectNode object) {
                Defaults.apply(object, schema);
            }
        };
    }

    /** The form of a custom resource. */
    static ObjectForm custom(StructuralValidation validation) {
        return new ObjectForm() {
            @Override
            public Decoder.Decoded decode(JsonNode raw, GroupVersionKind kind) {
                return validation.decode(raw, kind);
            }

            @Override
            public void applyDefaults(ObjectNode object) {
                validation.applyDefaults(object);
            }
        };
    }
}
