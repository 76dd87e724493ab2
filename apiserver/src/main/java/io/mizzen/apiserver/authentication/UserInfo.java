// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authentication;

import java.util.List;
import java.util.Map;

/**
 * An authenticated user (API page "Authenticating").
 *
 * @param name user name
 * @param uid may be empty
 * @param groups groups, including {@code system:authenticated}
 * @param extra further facts, for example the node and pod of a service account token
 */
public record UserInfo(String name, String uid, List<String> groups, Map<String, List<String>> extra) {
    public static final String MASTERS = "system:masters";
    public static final String AUTHENTICATED = "system:authenticated";
    public static final String UNAUTHENTICATED = "system:unauthenticated";

    /** The key in {@code extra} of what tells one credential from another. */
    public static final String CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";

    /** Who has shown no credentials. */
    public static final UserInfo ANONYMOUS = new UserInfo("system:anonymous", "", List.of(UNAUTHENTICATED), Map.of());

    /** The server itself. */
    public static final UserInfo SERVER =
            new UserInfo("system:apiserver", "", List.of(MASTERS, AUTHENTICATED), Map.of());

    public UserInfo {
        groups = List.copyOf(groups);
        extra = Map.copyOf(extra);
    }

    public boolean isIn(String group) {
        return groups.contains(group);
    }

    public boolean isAnonymous() {
        return name.equals(ANONYMOUS.name);
    }
}
