// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

import java.nio.file.Path;

/**
 * A certificate and its private key as PEM files.
 *
 * @param certificate the certificate
 * @param key the private key, PKCS#8
 */
public record KeyFiles(Path certificate, Path key) {
    static KeyFiles in(Path folder, String name) {
        return new KeyFiles(folder.resolve(name + ".crt"), folder.resolve(name + ".key"));
    }
}
