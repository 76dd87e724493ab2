// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.warning;

import static io.mizzen.apiserver.schema.FieldErrors.atKey;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.quantity.Quantity;
import java.util.List;

/** Amounts of memory and storage, wherever an object asks for or limits them. */
final class ByteQuantities {
    private ByteQuantities() {}

    /** Those of the named resources that are no whole number of bytes. */
    static void fractions(List<String> warnings, String path, JsonNode quantities, String... resources) {
        for (String resource : resources) {
            JsonNode value = quantities.path(resource);
            if (value.isMissingNode() || value.isNull()) {
                continue;
            }
            Quantity quantity = Quantity.parse(value.asText());
            if (quantity.toMilli() % 1000 != 0) {
                warnings.add(atKey(path, resource) + ": fractional byte value \"" + quantity
                        + "\" is invalid, must be an integer");
            }
        }
    }
}
