// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import java.nio.file.Path;

/** Upstream's Helm, in the two generations that are in use. */
public final class HelmPrograms {
    private HelmPrograms() {}

    /** Helm 3, which patches on the client's side and waits by asking again. */
    public static Path three() {
        return LayerPackage.program(32, "helm");
    }

    /** Helm 4, which applies on the server's side and waits by watching. */
    public static Path four() {
        return LayerPackage.program(36, "helm");
    }
}
