// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

import java.util.List;
import java.util.Set;

/**
 * What a certificate says of its holder.
 *
 * @param fileName base name of the files it is kept in
 * @param commonName the user name that the API server derives from it
 * @param organizations the groups that the API server derives from it
 * @param names DNS names and IP addresses it is valid for, told apart by their form
 * @param usages what it may be used for
 */
record CertificateProfile(
        String fileName, String commonName, List<String> organizations, List<String> names, Set<Usage> usages) {

    /** Extended key usages. */
    enum Usage {
        CLIENT,
        SERVER
    }

    CertificateProfile {
        organizations = List.copyOf(organizations);
        names = List.copyOf(names);
        usages = Set.copyOf(usages);
    }

    static CertificateProfile client(String fileName, String commonName, String... organizations) {
        return new CertificateProfile(fileName, commonName, List.of(organizations), List.of(), Set.of(Usage.CLIENT));
    }

    static CertificateProfile server(String fileName, String commonName, List<String> names) {
        return new CertificateProfile(fileName, commonName, List.of(), names, Set.of(Usage.SERVER));
    }
}
