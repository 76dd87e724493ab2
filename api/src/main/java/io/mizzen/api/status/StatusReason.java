// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.status;

/** The machine-readable reasons of a {@code Status}, each with the HTTP code it is sent with (API page "Status"). */
public enum StatusReason {
    BadRequest(400),
    Unauthorized(401),
    Forbidden(403),
    NotFound(404),
    MethodNotAllowed(405),
    NotAcceptable(406),
    AlreadyExists(409),
    Conflict(409),
    Gone(410),
    Expired(410),
    RequestEntityTooLarge(413),
    UnsupportedMediaType(415),
    Invalid(422),
    TooManyRequests(429),
    InternalError(500),
    ServiceUnavailable(503),
    ServerTimeout(500),
    Timeout(504);

    private final int code;

    StatusReason(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
