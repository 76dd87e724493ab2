// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.server;

import java.util.List;
import java.util.Set;

/** Decides who may ask this node for what. Called for every request; may block. */
public interface KubeletAuthorizer {
    /**
     * Whether a request is let in.
     *
     * @param user name and groups from the client certificate
     * @param verb get, create, …
     * @param subresources of {@code nodes} of which one suffices, finer first, e.g. {@code pods, proxy}
     */
    boolean allows(User user, String verb, List<String> subresources);

    /**
     * Who asks.
     *
     * @param name common name of the certificate
     * @param groups its organisations
     */
    record User(String name, Set<String> groups) {
        /** Copies. */
        public User {
            groups = Set.copyOf(groups);
        }
    }

    /** Lets in the cluster's masters and the API server's own client. */
    static KubeletAuthorizer masters() {
        return (user, verb, subresources) ->
                user.groups().contains("system:masters") || user.name().equals("kube-apiserver-kubelet-client");
    }
}
