// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.mizzen.launcher.pki.ClusterPki.Client;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Where the kubeconfig of each component lies in the data folder.
 *
 * @param dataDir the data folder
 */
record Kubeconfigs(Path dataDir) {
    Path of(Client client) {
        String name = client.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return dataDir.resolve("kubeconfig").resolve(name + ".yaml");
    }
}
