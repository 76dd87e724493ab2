// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.patch;

import com.fasterxml.jackson.databind.JsonNode;

/** Equality of values in which 1 and 1.0 are the same number. Pure. */
final class Same {
    private Same() {}

    static boolean values(JsonNode a, JsonNode b) {
        if (a.isNumber() && b.isNumber()) {
            return a.isIntegralNumber() && b.isIntegralNumber()
                    ? a.longValue() == b.longValue()
                    : Double.compare(a.doubleValue(), b.doubleValue()) == 0;
        }
        if (a.isArray() && b.isArray()) {
            if (a.size() != b.size()) {
                return false;
            }
            for (int i = 0; i < a.size(); i++) {
                if (!values(a.path(i), b.path(i))) {
                    return false;
                }
            }
            return true;
        }
        if (a.isObject() && b.isObject()) {
            if (a.size() != b.size()) {
                return false;
            }
            for (var field : a.properties()) {
                if (!b.has(field.getKey()) || !values(field.getValue(), b.path(field.getKey()))) {
                    return false;
                }
            }
            return true;
        }
        return a.equals(b);
    }
}
