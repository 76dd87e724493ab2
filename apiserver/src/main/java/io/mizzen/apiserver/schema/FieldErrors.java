// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Collects what is wrong with an object, field by field, in the words of {@code
 * k8s.io/apimachinery/pkg/util/validation/field}. A path is dotted ({@code spec.containers[0].image}); build it with
 * {@link #at}. Values may be JSON nodes, texts, numbers, booleans or null. Belongs to one thread.
 */
public final class FieldErrors {
    /** Path of an error about the whole object, as upstream writes it. */
    public static final String ROOT = "<nil>";

    private final List<StatusCause> causes = new ArrayList<>();

    /** The path of a field below {@code parent}, which may be empty. */
    public static String at(String parent, String field) {
        return parent.isEmpty() ? field : parent + "." + field;
    }

    /** The path of a list element. */
    public static String at(String parent, int index) {
        return parent + "[" + index + "]";
    }

    /** The path of a map's value, written with its key in brackets. */
    public static String atKey(String parent, String key) {
        return parent + "[" + key + "]";
    }

    public FieldErrors required(String field, String detail) {
        return add("FieldValueRequired", field, withDetail("Required value", detail));
    }

    public FieldErrors invalid(String field, @Nullable Object value, String detail) {
        return add("FieldValueInvalid", field, withDetail("Invalid value: " + show(value), detail));
    }

    /** An invalid value that is not shown (it may be large or secret). */
    public FieldErrors invalidUnshown(String field, String detail) {
        return add("FieldValueInvalid", field, withDetail("Invalid value", detail));
    }

    /** A value of the wrong type. */
    public FieldErrors typeInvalid(String field, @Nullable Object value, String detail) {
        return add("FieldValueTypeInvalid", field, withDetail("Invalid value: " + show(value), detail));
    }

    /** A value that is none of {@code supported}; these are told in the given order. */
    public FieldErrors notSupported(String field, @Nullable Object value, Collection<String> supported) {
        String detail = supported.isEmpty()
                ? ""
                : "supported values: " + supported.stream().map(GoText::quote).collect(Collectors.joining(", "));
        return notSupportedDetail(field, value, detail);
    }

    /** As {@link #notSupported} with the detail already written. */
    public FieldErrors notSupportedDetail(String field, @Nullable Object value, String detail) {
        return add("FieldValueNotSupported", field, withDetail("Unsupported value: " + show(value), detail));
    }

    public FieldErrors forbidden(String field, String detail) {
        return add("FieldValueForbidden", field, withDetail("Forbidden", detail));
    }

    public FieldErrors duplicate(String field, @Nullable Object value) {
        return add("FieldValueDuplicate", field, "Duplicate value: " + show(value));
    }

    public FieldErrors notFound(String field, @Nullable Object value) {
        return add("FieldValueNotFound", field, "Not found: " + show(value));
    }

    /** A text of more than {@code max} bytes. */
    public FieldErrors tooLong(String field, int max) {
        return add(
                "FieldValueTooLong", field, "Too long: may not be more than " + max + (max == 1 ? " byte" : " bytes"));
    }

    /** A list or map of more than {@code max} entries; {@code actual} below zero is not told. */
    public FieldErrors tooMany(String field, int actual, int max) {
        String items = max == 1 ? " item" : " items";
        String shown = actual < 0 ? "" : ": " + actual;
        return add("FieldValueTooMany", field, "Too many" + shown + ": must have at most " + max + items);
    }

    public FieldErrors internal(String field, String detail) {
        return add("InternalError", field, withDetail("Internal error", detail));
    }

    /** Adds an error whose message is complete. */
    public FieldErrors add(String reason, String field, String message) {
        causes.add(new StatusCause(reason, message, field));
        return this;
    }

    /** The path for a message: that of the root has a name of its own. */
    static String orRoot(String path) {
        return path.isEmpty() ? ROOT : path;
    }

    /** How many errors were collected. */
    public int size() {
        return causes.size();
    }

    /** Adds what another collector has. */
    public FieldErrors addAll(FieldErrors other) {
        causes.addAll(other.causes);
        return this;
    }

    public boolean isEmpty() {
        return causes.isEmpty();
    }

    /** What was collected, in order. */
    public List<StatusCause> causes() {
        return List.copyOf(causes);
    }

    /**
     * Ends the request if anything was collected.
     *
     * @throws StatusException 422 Invalid with all causes
     */
    public void throwIfAny(GroupVersionKind kind, String name) {
        if (!causes.isEmpty()) {
            throw StatusException.invalid(kind, name, causes);
        }
    }

    private static String withDetail(String text, String detail) {
        return detail.isEmpty() ? text : text + ": " + detail;
    }

    /** A value as the message shows it: texts quoted, numbers and booleans plain, the rest as JSON, nothing as null. */
    static String show(@Nullable Object value) {
        return switch (value) {
            case null -> "\"null\"";
            case JsonNode node when node.isNull() || node.isMissingNode() -> "\"null\"";
            case JsonNode node when node.isTextual() -> GoText.quote(node.textValue());
            case JsonNode node when node.isFloatingPointNumber() -> GoText.number(node.doubleValue());
            case JsonNode node -> node.toString();
            case Double number -> GoText.number(number);
            case Number number -> number.toString();
            case Boolean flag -> flag.toString();
            default -> GoText.quote(value.toString());
        };
    }
}
