// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import java.util.List;

/** The forms in which upstream answers a patch that cannot be applied. */
final class PatchFailure {
    private static final String REJECTED = "the server rejected our request due to an error in our request";

    private PatchFailure() {}

    /** 422 with upstream's fixed message; what is wrong stands in the cause, where clients print it. */
    static StatusException unprocessable(String detail) {
        return StatusException.of(StatusReason.Invalid, REJECTED)
                .withCauses(List.of(new StatusCause("UnexpectedServerResponse", detail, "patch")));
    }

    /** 500 with the bare text, as upstream answers errors that it does not interpret. */
    static StatusException uninterpreted(String detail) {
        return StatusException.of(StatusReason.InternalError, detail);
    }
}
