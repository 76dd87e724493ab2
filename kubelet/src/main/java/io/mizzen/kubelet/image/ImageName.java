// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.image;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A reference to an image, completed by the default tag.
 *
 * @param registry host and port; empty for the default registry
 * @param full the reference with tag or digest
 */
public record ImageName(String registry, String full) {
    private static final String COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
    private static final Pattern REFERENCE = Pattern.compile(
            "(?:((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
                    + "(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[0-9a-fA-F:]+])(?::[0-9]+)?)/)?"
                    + "(" + COMPONENT + "(?:/" + COMPONENT + ")*)"
                    + "(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?");

    /** Parses a reference; empty if it is none. Pure. */
    public static Optional<ImageName> parse(String image) {
        Matcher matcher = REFERENCE.matcher(image);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String first = matcher.group(1) == null ? "" : matcher.group(1);
        boolean isHost = first.contains(".") || first.contains(":") || first.equals("localhost");
        boolean hasVersion = matcher.group(3) != null || matcher.group(4) != null;
        return Optional.of(new ImageName(isHost ? first : "", hasVersion ? image : image + ":latest"));
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
