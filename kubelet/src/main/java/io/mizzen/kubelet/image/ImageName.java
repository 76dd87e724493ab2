// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.image;

import io.mizzen.api.meta.ImageReference;
import java.util.Optional;

/**
 * A reference to an image, completed by the default tag.
 *
 * @param registry host and port; empty for the default registry
 * @param full the reference with tag or digest
 */
public record ImageName(String registry, String full) {
    /** Parses a reference; empty if it is none. Pure. */
    public static Optional<ImageName> parse(String image) {
        return ImageReference.parse(image).map(reference -> of(reference, image));
    }

    private static ImageName of(ImageReference reference, String image) {
        String first = reference.domain();
        boolean isHost = first.contains(".") || first.contains(":") || first.equals("localhost");
        boolean hasVersion = !reference.tag().isEmpty() || !reference.digest().isEmpty();
        return new ImageName(isHost ? first : "", hasVersion ? image : image + ":latest");
    }

    /** The registry's key in a Docker configuration. */
    public String registryKey() {
        return registry.isEmpty() ? "docker.io" : registry;
    }

    /** The repository with its registry, without tag and digest. */
    public String repository() {
        String path = full.contains("@") ? full.substring(0, full.indexOf('@')) : full;
        int slash = path.lastIndexOf('/');
        int colon = path.lastIndexOf(':');
        String bare = colon > slash ? path.substring(0, colon) : path;
        return registry.isEmpty() ? "docker.io/" + (bare.contains("/") ? bare : "library/" + bare) : bare;
    }
}
