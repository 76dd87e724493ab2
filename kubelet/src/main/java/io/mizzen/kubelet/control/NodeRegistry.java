// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/** Where the Node object and its lease are kept. Calls block. */
public interface NodeRegistry {
    /** The Node; empty when there is none. */
    Optional<Node> find(String name) throws IOException;

    /** Creates the Node; answers it as stored, or the one that was there already. */
    Node create(Node node) throws IOException;

    /** Replaces labels, annotations and the whole status of the Node. */
    Node write(Node node) throws IOException;

    /** Creates the lease or renews it. */
    void renewLease(Lease lease) throws IOException;

    /** Begins to tell of every change of the Node until closed. */
    AutoCloseable watch(String name, Consumer<Node> listener);
}
