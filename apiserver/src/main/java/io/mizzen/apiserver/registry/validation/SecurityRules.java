// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.apiserver.schema.FieldErrors;
import java.util.List;

/** What the security contexts of pods and containers have in common. */
final class SecurityRules {
    private SecurityRules() {}

    static void ids(FieldErrors errors, String path, JsonNode context) {
        for (String field : List.of("runAsUser", "runAsGroup", "fsGroup")) {
            JsonNode id = context.path(field);
            if (id.isNumber() && (id.asLong() < 0 || id.asLong() > Integer.MAX_VALUE)) {
                errors.invalid(at(path, field), id, "must be between 0 and 2147483647, inclusive");
            }
        }
        JsonNode profile = context.path("seccompProfile");
        if (profile.path("type").asText("").equals("Localhost") && Values.absent(profile.path("localhostProfile"))) {
            errors.required(at(path, "seccompProfile.localhostProfile"), "must be set when seccomp type is Localhost");
        }
    }
}
