// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.server;

import java.util.Optional;

/** Finds out who holds a bearer token. Called for every request that shows one and no certificate; may block. */
@FunctionalInterface
public interface KubeletAuthenticator {
    /** Whose token it is; empty when it is no good. */
    Optional<KubeletAuthorizer.User> authenticate(String bearer);
}
