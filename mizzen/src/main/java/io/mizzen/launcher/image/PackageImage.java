// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An image of busybox and the files of installed Debian packages as they are on this machine, with the shared libraries
 * that their programs need. Other packages they depend on are not in it: name those too. Nothing of a package is run.
 *
 * @param fullName what pods refer to it by
 * @param packages names of the packages
 */
public record PackageImage(String fullName, List<String> packages) {
    private static final Pattern PACKAGE = Pattern.compile("[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?");
    private static final Pattern IMAGE = Pattern.compile(
            "[a-z0-9.-]+(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

    /**
     * Checks the names.
     *
     * @throws ImageException when one is none
     */
    public PackageImage {
        packages = List.copyOf(packages);
        for (String name : packages) {
            if (!PACKAGE.matcher(name).matches()) {
                throw new ImageException("\"" + name + "\" is no name of a Debian package");
            }
        }
        if (!IMAGE.matcher(fullName).matches()) {
            throw new ImageException(
                    "\"" + fullName + "\" is no full name of an image such as localhost/mizzen/tool:1");
        }
    }

    /** The name of an image that was given none. */
    public static String nameAfter(String packageName) {
        String repository = packageName.replaceAll(":.*", "").replace("+", "x").replaceAll("[.-]+$", "");
        return "localhost/mizzen/" + repository + ":1";
    }

    /**
     * Makes the image for this machine's architecture and writes its archive.
     *
     * @throws IOException when a file cannot be read, or the archive not be written
     * @throws ImageException when a package is not installed, or the machine lacks a library or busybox
     */
    public void writeArchive(Path archive) throws IOException, InterruptedException {
        PackageFiles files = new PackageFiles(new DebianPackages(), LocalImage.busybox());
        for (String name : packages) {
            files.add(name);
        }
        files.layer().writeImage(archive, fullName, List.of("sh"));
    }
}
