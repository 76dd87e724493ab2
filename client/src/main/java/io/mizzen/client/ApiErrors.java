// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/** What a failed request means, read from the code and reason of the {@code Status} that the server answered. */
public final class ApiErrors {

    private ApiErrors() {}

    /** The object does not exist. */
    public static boolean isNotFound(KubernetesClientException e) {
        return e.getCode() == 404;
    }

    /** Sends a request about an object; empty if there is no such object any more. */
    public static <T> Optional<T> ifPresent(Supplier<T> request) {
        try {
            return Optional.of(request.get());
        } catch (KubernetesClientException e) {
            if (isNotFound(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** The object was changed since it was read, or a precondition did not hold. */
    public static boolean isConflict(KubernetesClientException e) {
        return e.getCode() == 409 && !isAlreadyExists(e);
    }

    /** An object of that name is there already. */
    public static boolean isAlreadyExists(KubernetesClientException e) {
        return e.getCode() == 409
                && e.getStatus() != null
                && "AlreadyExists".equals(e.getStatus().getReason());
    }

    /** The namespace is being deleted: nothing can be made in it any more. */
    public static boolean isNamespaceTerminating(KubernetesClientException e) {
        Status status = e.getStatus();
        if (e.getCode() != 403 || status == null || status.getDetails() == null) {
            return false;
        }
        return status.getDetails().getCauses().stream()
                .map(StatusCause::getReason)
                .anyMatch(reason -> Objects.equals(reason, "NamespaceTerminating"));
    }

    /** The server refused the request, which had no effect. After any other failure a write may have happened. */
    public static boolean isRefused(KubernetesClientException e) {
        return e.getCode() >= 400 && e.getCode() < 500;
    }

    /** The server refused the object for what it says (422). */
    public static boolean isInvalid(KubernetesClientException e) {
        return e.getCode() == 422;
    }

    /** The revision asked for has been compacted away. */
    public static boolean isGone(KubernetesClientException e) {
        return e.getCode() == 410;
    }

    /** The message the server gave, without the request that the library puts before it. */
    public static String message(KubernetesClientException e) {
        Status status = e.getStatus();
        if (status != null && status.getMessage() != null) {
            return status.getMessage();
        }
        return String.valueOf(e.getMessage());
    }

    /** An exception as the server's answer would make it; for in-memory servers. */
    public static KubernetesClientException of(int code, String reason, String message) {
        Status status = new StatusBuilder()
                .withStatus("Failure")
                .withCode(code)
                .withReason(reason)
                .withMessage(message)
                .build();
        return new KubernetesClientException(message, code, status);
    }
}
