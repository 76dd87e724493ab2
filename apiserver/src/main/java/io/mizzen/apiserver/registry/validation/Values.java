// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.Names;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.apiserver.schema.FieldErrors;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Rules about single values that many kinds share. An absent value passes unless the rule says otherwise. */
final class Values {
    static final String IMMUTABLE = "field is immutable";
    static final String PORT_RANGE = "must be between 1 and 65535, inclusive";
    static final String NOT_NEGATIVE = "must be greater than or equal to 0";
    static final List<String> PROTOCOLS = List.of("SCTP", "TCP", "UDP");
    private static final Pattern PERCENT = Pattern.compile("[0-9]+%");

    private Values() {}

    static boolean absent(JsonNode node) {
        return node.isMissingNode()
                || node.isNull()
                || node.isTextual() && node.textValue().isEmpty();
    }

    /** A text that has to be there. */
    static boolean required(FieldErrors errors, String field, JsonNode node) {
        if (absent(node)) {
            errors.required(field, "");
            return false;
        }
        return true;
    }

    /** One of some texts. */
    static void oneOf(FieldErrors errors, String field, JsonNode node, Collection<String> supported) {
        if (!absent(node) && !supported.contains(node.asText())) {
            errors.notSupported(field, node, supported);
        }
    }

    /** One of some texts, and there. */
    static void requiredOneOf(FieldErrors errors, String field, JsonNode node, Collection<String> supported) {
        if (required(errors, field, node)) {
            oneOf(errors, field, node, supported);
        }
    }

    static void notNegative(FieldErrors errors, String field, JsonNode node) {
        if (node.isNumber() && node.asLong() < 0) {
            errors.invalid(field, node, NOT_NEGATIVE);
        }
    }

    /** Non-negative numbers among the fields of an object. */
    static void notNegative(FieldErrors errors, String parent, JsonNode object, String... fields) {
        for (String field : fields) {
            notNegative(errors, at(parent, field), object.path(field));
        }
    }

    static void port(FieldErrors errors, String field, JsonNode node) {
        if (node.isNumber() && (node.asLong() < 1 || node.asLong() > 65535)) {
            errors.invalid(field, node, PORT_RANGE);
        }
    }

    /** A port by number or name. */
    static void portOrName(FieldErrors errors, String field, JsonNode node) {
        if (node.isTextual()) {
            portName(errors, field, node.textValue());
        } else {
            port(errors, field, node);
        }
    }

    /** A service name of RFC 6335. */
    static void portName(FieldErrors errors, String field, String name) {
        List<String> reasons = new ArrayList<>();
        if (name.length() > 15) {
            reasons.add("must be no more than 15 characters");
        }
        if (!name.matches("[-a-z0-9]+")) {
            reasons.add("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
        }
        if (!name.matches(".*[a-z].*")) {
            reasons.add("must contain at least one letter (a-z)");
        }
        if (name.contains("--")) {
            reasons.add("must not contain consecutive hyphens");
        }
        if (name.startsWith("-") || name.endsWith("-")) {
            reasons.add("must not begin or end with a hyphen");
        }
        reasons.forEach(reason -> errors.invalid(field, name, reason));
    }

    /** Reports each reason why a text is refused. */
    static void reasons(FieldErrors errors, String field, String text, List<String> reasons) {
        reasons.forEach(reason -> errors.invalid(field, text, reason));
    }

    /** A number that is not negative, or a percentage. */
    static void numberOrPercent(FieldErrors errors, String field, JsonNode node) {
        if (node.isTextual()) {
            if (!PERCENT.matcher(node.textValue()).matches()) {
                errors.invalid(
                        field,
                        node,
                        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
                                + "'93%', regex used for validation is '[0-9]+%')");
            }
        } else {
            notNegative(errors, field, node);
        }
    }

    /** Whether a number or percentage is zero. */
    static boolean isZero(JsonNode node) {
        return node.isTextual() ? node.textValue().equals("0%") : node.isNumber() && node.asLong() == 0;
    }

    static void immutable(FieldErrors errors, String field, JsonNode now, JsonNode before) {
        if (!same(now, before)) {
            errors.invalid(field, now, IMMUTABLE);
        }
    }

    /** Whether two values are alike; an absent one, an empty one and null are. */
    static boolean same(JsonNode one, JsonNode other) {
        boolean nothing = absent(one) || one.isContainerNode() && one.isEmpty();
        boolean nothingThere = absent(other) || other.isContainerNode() && other.isEmpty();
        return nothing && nothingThere || one.equals(other);
    }

    static @Nullable Quantity quantity(JsonNode node) {
        try {
            return node.isValueNode() && !node.isNull() ? Quantity.parse(node.asText()) : null;
        } catch (RuntimeException malformed) {
            // The decoder has refused it already.
            return null;
        }
    }

    /** Labels: keys and values. */
    static void labels(FieldErrors errors, String field, JsonNode labels) {
        for (Map.Entry<String, String> label : ObjectTree.strings(labels).entrySet()) {
            reasons(errors, field, label.getKey(), Names.qualifiedNameErrors(label.getKey()));
            reasons(errors, field, label.getValue(), Names.labelValueErrors(label.getValue()));
        }
    }

    /** A LabelSelector object. */
    static void selector(FieldErrors errors, String field, JsonNode selector) {
        labels(errors, at(field, "matchLabels"), selector.path("matchLabels"));
        int index = 0;
        for (JsonNode expression : selector.path("matchExpressions")) {
            String path = at(at(field, "matchExpressions"), index++);
            JsonNode values = expression.path("values");
            switch (expression.path("operator").asText("")) {
                case "In", "NotIn" -> {
                    if (values.isEmpty()) {
                        errors.required(at(path, "values"), "must be specified when `operator` is 'In' or 'NotIn'");
                    }
                }
                case "Exists", "DoesNotExist" -> {
                    if (!values.isEmpty()) {
                        errors.forbidden(
                                at(path, "values"),
                                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    }
                }
                default ->
                    errors.invalid(at(path, "operator"), expression.path("operator"), "not a valid selector operator");
            }
            String key = expression.path("key").asText("");
            reasons(errors, at(path, "key"), key, Names.qualifiedNameErrors(key));
            int value = 0;
            for (JsonNode text : values) {
                reasons(errors, at(at(path, "values"), value++), text.asText(), Names.labelValueErrors(text.asText()));
            }
        }
    }

    static boolean isEmptySelector(JsonNode selector) {
        return selector.path("matchLabels").isEmpty()
                && selector.path("matchExpressions").isEmpty();
    }
}
