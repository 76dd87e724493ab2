// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.certificate;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.mizzen.controller.condition.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** When a signing request has been there long enough: decided ones for an hour, others for a day. Pure. */
final class CleanerRules {
    private static final Duration DECIDED = Duration.ofHours(1);
    private static final Duration PENDING = Duration.ofHours(24);

    private CleanerRules() {}

    /**
     * Whether a request is to go.
     *
     * @param certificateEnd until when its certificate is valid; empty when it has none
     */
    static boolean isOver(CertificateSigningRequest request, Optional<Instant> certificateEnd, Instant now) {
        if (certificateEnd.isPresent() && now.isAfter(certificateEnd.get())) {
            return true;
        }
        boolean decided = false;
        for (var condition : RequestRules.conditions(request)) {
            boolean isFinal = condition.getType().equals("Denied")
                    || condition.getType().equals("Failed")
                    || condition.getType().equals("Approved") && RequestRules.isIssued(request);
            decided |= isFinal;
            if (isFinal && isOlder(condition.getLastUpdateTime(), DECIDED, now)) {
                return true;
            }
        }
        return !decided && isOlder(request.getMetadata().getCreationTimestamp(), PENDING, now);
    }

    private static boolean isOlder(@org.jspecify.annotations.Nullable String time, Duration age, Instant now) {
        return Timestamps.parse(time).map(then -> now.isAfter(then.plus(age))).orElse(false);
    }
}
