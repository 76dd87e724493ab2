// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import io.mizzen.api.name.GroupVersionKind;
import java.util.List;

/**
 * One method at one path, before it takes the form of a version of OpenAPI.
 *
 * @param method lower-case HTTP method
 * @param action value of {@code x-kubernetes-action}
 * @param id unique name
 * @param kind value of {@code x-kubernetes-group-version-kind}
 * @param parameters in the query; those of the path are derived from it
 * @param body definition of the body, empty for none
 * @param answer definition of the answer, empty for a text
 * @param codes status codes of success
 * @param watchable whether the answer may also be a stream
 * @param custom whether it is one of a custom resource, which takes no strategic merge patch: kubectl apply chooses by this
 */
record Operation(
        String method,
        String action,
        String id,
        GroupVersionKind kind,
        List<Parameter> parameters,
        String body,
        String answer,
        List<String> codes,
        boolean watchable,
        boolean custom) {

    static final List<String> PRODUCES = List.of("application/json", "application/yaml");
    static final List<String> PATCHES = List.of(
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/strategic-merge-patch+json",
            "application/apply-patch+yaml");
    private static final List<String> CUSTOM_PATCHES = PATCHES.stream()
            .filter(type -> !type.equals("application/strategic-merge-patch+json"))
            .toList();

    /** Media types of the body. */
    List<String> consumes() {
        if (!method.equals("patch")) {
            return List.of("*/*");
        }
        return custom ? CUSTOM_PATCHES : PATCHES;
    }

    /** Media types of the answer. */
    List<String> produces() {
        if (answer.isEmpty()) {
            return List.of(action.equals("get") ? "text/plain" : "*/*");
        }
        return watchable ? List.of("application/json", "application/yaml", "application/json;stream=watch") : PRODUCES;
    }
}
