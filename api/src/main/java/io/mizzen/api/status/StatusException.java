// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.status;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.name.GroupResource;
import io.mizzen.api.name.GroupVersionKind;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A failure that the client is told as a {@code Status} object. The message forms are those of
 * {@code k8s.io/apimachinery/pkg/api/errors}. Carries no stack trace: it is an answer, not a fault.
 */
public final class StatusException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final StatusReason reason;
    private final int code;
    private final String group;
    private final String kind;
    private final String name;
    private final String uid;
    private final transient List<StatusCause> causes;
    private final int retryAfterSeconds;

    private StatusException(
            StatusReason reason,
            int code,
            String message,
            String group,
            String kind,
            String name,
            String uid,
            List<StatusCause> causes,
            int retryAfterSeconds) {
        super(message, null, false, false);
        this.reason = reason;
        this.code = code;
        this.group = group;
        this.kind = kind;
        this.name = name;
        this.uid = uid;
        this.causes = List.copyOf(causes);
        this.retryAfterSeconds = retryAfterSeconds;
    }

    private static StatusException about(StatusReason reason, String message, GroupResource resource, String name) {
        return new StatusException(
                reason, reason.code(), message, resource.group(), resource.resource(), name, "", List.of(), 0);
    }

    /** A failure that names no object. */
    public static StatusException of(StatusReason reason, String message) {
        return new StatusException(reason, reason.code(), message, "", "", "", "", List.of(), 0);
    }

    public static StatusException badRequest(String message) {
        return of(StatusReason.BadRequest, message);
    }

    public static StatusException internal(String message) {
        return of(StatusReason.InternalError, "Internal error occurred: " + message);
    }

    public static StatusException notFound(GroupResource resource, String name) {
        return about(StatusReason.NotFound, resource + " \"" + name + "\" not found", resource, name);
    }

    /** The answer for a path that no resource serves. */
    public static StatusException noSuchPath() {
        return of(StatusReason.NotFound, "the server could not find the requested resource");
    }

    public static StatusException alreadyExists(GroupResource resource, String name) {
        return about(StatusReason.AlreadyExists, resource + " \"" + name + "\" already exists", resource, name);
    }

    public static StatusException conflict(GroupResource resource, String name, String detail) {
        String message = "Operation cannot be fulfilled on " + resource + " \"" + name + "\": " + detail;
        return about(StatusReason.Conflict, message, resource, name);
    }

    /** The conflict of a stale {@code resourceVersion}. */
    public static StatusException modified(GroupResource resource, String name) {
        return conflict(
                resource,
                name,
                "the object has been modified; please apply your changes to the latest version and try again");
    }

    public static StatusException forbidden(GroupResource resource, String name, String detail) {
        String subject = name.isEmpty() ? resource.toString() : resource + " \"" + name + "\"";
        String message = resource.resource().isEmpty() ? "forbidden: " + detail : subject + " is forbidden: " + detail;
        return about(StatusReason.Forbidden, message, resource, name);
    }

    public static StatusException methodNotSupported(GroupResource resource, String action) {
        return about(
                StatusReason.MethodNotAllowed,
                action + " is not supported on resources of kind \"" + resource + "\"",
                resource,
                "");
    }

    /** 422 with one cause a field error; {@code causes} must not be empty. */
    public static StatusException invalid(GroupVersionKind kind, String name, List<StatusCause> causes) {
        String qualified = kind.group().isEmpty() ? kind.kind() : kind.kind() + "." + kind.group();
        String joined = causes.stream()
                .map(cause -> cause.field().isEmpty() ? cause.message() : cause.field() + ": " + cause.message())
                .distinct()
                .collect(Collectors.joining(", "));
        String body = causes.size() == 1 ? joined : "[" + joined + "]";
        return new StatusException(
                StatusReason.Invalid,
                StatusReason.Invalid.code(),
                qualified + " \"" + name + "\" is invalid: " + body,
                kind.group(),
                kind.kind(),
                name,
                "",
                causes,
                0);
    }

    /** Same failure, with causes. */
    public StatusException withCauses(List<StatusCause> newCauses) {
        return new StatusException(reason, code, messageText(), group, kind, name, uid, newCauses, retryAfterSeconds);
    }

    /** Same failure, telling the client when to come back. */
    public StatusException withRetryAfter(int seconds) {
        return new StatusException(reason, code, messageText(), group, kind, name, uid, causes, seconds);
    }

    /** Same failure under another HTTP code (for example 500 Timeout instead of 504). */
    public StatusException withCode(int newCode) {
        return new StatusException(reason, newCode, messageText(), group, kind, name, uid, causes, retryAfterSeconds);
    }

    private String messageText() {
        String message = getMessage();
        return message == null ? "" : message;
    }

    public StatusReason reason() {
        return reason;
    }

    public int code() {
        return code;
    }

    public int retryAfterSeconds() {
        return retryAfterSeconds;
    }

    public List<StatusCause> causes() {
        return causes;
    }

    /** The {@code Status} object as it goes over the wire. */
    public ObjectNode toStatus() {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1");
        status.putObject("metadata");
        status.put("status", "Failure").put("message", messageText()).put("reason", reason.name());
        ObjectNode details = JsonNodeFactory.instance.objectNode();
        putIfSet(details, "name", name);
        putIfSet(details, "group", group);
        putIfSet(details, "kind", kind);
        putIfSet(details, "uid", uid);
        if (!causes.isEmpty()) {
            var array = details.putArray("causes");
            for (StatusCause cause : causes) {
                ObjectNode node = array.addObject();
                putIfSet(node, "reason", cause.reason());
                putIfSet(node, "message", cause.message());
                putIfSet(node, "field", cause.field());
            }
        }
        if (retryAfterSeconds > 0) {
            details.put("retryAfterSeconds", retryAfterSeconds);
        }
        if (!details.isEmpty()) {
            status.set("details", details);
        }
        status.put("code", code);
        return status;
    }

    private static void putIfSet(ObjectNode node, String field, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            node.put(field, value);
        }
    }
}
