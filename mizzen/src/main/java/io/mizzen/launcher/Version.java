// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

/** What is running. */
final class Version {
    private Version() {}

    /** The version in the jar's manifest, and that of the Java runtime. */
    static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return (version == null ? "(not packaged)" : version) + " (Java " + Runtime.version() + ")";
    }
}
