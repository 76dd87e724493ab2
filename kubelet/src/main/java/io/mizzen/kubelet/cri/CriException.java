// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.cri;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** A call to the container runtime that failed; the message is the runtime's own, with gRPC's code before it. */
public final class CriException extends Exception {
    private final Status.Code code;
    private final String description;

    CriException(StatusRuntimeException cause) {
        super(render(cause.getStatus()), cause);
        this.code = cause.getStatus().getCode();
        String text = cause.getStatus().getDescription();
        this.description = text == null ? "" : text;
    }

    /** The text in the form that events carry it, e.g. {@code rpc error: code = NotFound desc = …}. */
    private static String render(Status status) {
        StringBuilder camel = new StringBuilder();
        for (String word : status.getCode().name().split("_")) {
            camel.append(word.charAt(0)).append(word.substring(1).toLowerCase(java.util.Locale.ROOT));
        }
        String text = status.getDescription() == null ? "" : status.getDescription();
        return "rpc error: code = " + camel + " desc = " + text;
    }

    /** The runtime's text alone. */
    public String description() {
        return description;
    }

    /** Whether what was asked for does not exist. */
    public boolean isNotFound() {
        return code == Status.Code.NOT_FOUND;
    }

    /** Whether the runtime could not be reached at all. */
    public boolean isUnavailable() {
        return code == Status.Code.UNAVAILABLE;
    }

    /** Whether the runtime does not know the call. */
    public boolean isUnimplemented() {
        return code == Status.Code.UNIMPLEMENTED;
    }

    /** Whether the call took longer than allowed. */
    public boolean isTimeout() {
        return code == Status.Code.DEADLINE_EXCEEDED;
    }

    /** Whether the calling thread was interrupted meanwhile. */
    public boolean isCancelled() {
        return code == Status.Code.CANCELLED;
    }
}
