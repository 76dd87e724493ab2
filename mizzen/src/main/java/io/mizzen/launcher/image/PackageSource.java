// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What is known about the packages of a machine. */
interface PackageSource {
    /**
     * The absolute paths that belong to a package, folders included.
     *
     * @throws ImageException when it is not installed
     */
    List<Path> paths(String packageName) throws IOException, InterruptedException;

    /**
     * The shared libraries that a program or library is loaded with, the loader included; none for a static one.
     *
     * @throws ImageException when one is missing on the machine
     */
    List<Path> libraries(Path program) throws IOException, InterruptedException;
}
