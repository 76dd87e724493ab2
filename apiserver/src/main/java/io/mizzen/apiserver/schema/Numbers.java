// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One node class for one number. Jackson holds 5 as an int, a long or a double node, and these are never equal; trees
 * that come from different readers can be compared only when each whole number is held by the smallest class. Pure.
 */
public final class Numbers {
    private static final double WHOLE_BELOW = 1L << 53;

    private Numbers() {}

    /** The node of an integral number in its smallest class; other nodes are returned as they are. */
    public static JsonNode canonical(JsonNode scalar) {
        return scalar.isLong() && scalar.canConvertToInt()
                ? JsonNodeFactory.instance.numberNode(scalar.intValue())
                : scalar;
    }

    /** As {@link #canonical}, and a floating point number without a fraction becomes integral, as Go writes it. */
    public static JsonNode whole(JsonNode scalar) {
        if (scalar.isFloatingPointNumber()) {
            double value = scalar.doubleValue();
            if (value == Math.rint(value) && Math.abs(value) < WHOLE_BELOW) {
                return canonical(JsonNodeFactory.instance.numberNode((long) value));
            }
        }
        return canonical(scalar);
    }

    /** A deep copy with canonical numbers: {@link #whole} throughout. */
    public static JsonNode copy(JsonNode tree) {
        return switch (tree.getNodeType()) {
            case OBJECT -> {
                ObjectNode copy = JsonNodeFactory.instance.objectNode();
                tree.properties().forEach(entry -> copy.set(entry.getKey(), copy(entry.getValue())));
                yield copy;
            }
            case ARRAY -> {
                ArrayNode copy = JsonNodeFactory.instance.arrayNode(tree.size());
                tree.forEach(element -> copy.add(copy(element)));
                yield copy;
            }
            case NUMBER -> whole(tree);
            default -> tree;
        };
    }
}
