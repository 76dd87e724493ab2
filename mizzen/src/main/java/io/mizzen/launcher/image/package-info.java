/**
 * Container images made on the spot, with no registry and no compiler: the sandbox image of every pod, a busybox from the
 * machine's static one, and images of busybox and installed Debian packages.
 *
 * <p>In come files of the machine; out comes an OCI image archive (image-spec 1.1), byte for byte the same for the same
 * input. No threads; dpkg and ldd are run to their end.
 */
@NullMarked
package io.mizzen.launcher.image;

import org.jspecify.annotations.NullMarked;
