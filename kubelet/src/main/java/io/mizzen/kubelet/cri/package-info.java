/**
 * The container runtime interface as calls: gRPC over a unix socket, with deadlines and reconnection.
 *
 * <p>In come requests from the room {@code runtime} and its neighbours; out go answers, or a {@link
 * io.mizzen.kubelet.cri.CriException} that says which call failed. Safe for use from many threads; calls block and are
 * made on virtual threads. The generated messages live in {@code cri.v1}.
 */
@NullMarked
package io.mizzen.kubelet.cri;

import org.jspecify.annotations.NullMarked;
