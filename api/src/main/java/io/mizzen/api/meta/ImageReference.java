// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.meta;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A reference to an image as the grammar of container registries takes it apart. Parts that were not given are empty.
 *
 * @param domain what may be a registry's host and port: the first of several components
 * @param path the components after it
 * @param tag the version's name
 * @param digest the version's checksum
 */
public record ImageReference(String domain, String path, String tag, String digest) {
    private static final String COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
    private static final Pattern GRAMMAR = Pattern.compile(
            "(?:((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
                    + "(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[0-9a-fA-F:]+])(?::[0-9]+)?)/)?"
                    + "(" + COMPONENT + "(?:/" + COMPONENT + ")*)"
                    + "(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?");

    /** Takes a reference apart; empty if it is none. */
    public static Optional<ImageReference> parse(String image) {
        Matcher matcher = GRAMMAR.matcher(image);
        return matcher.matches()
                ? Optional.of(
                        new ImageReference(part(matcher, 1), part(matcher, 2), part(matcher, 3), part(matcher, 4)))
                : Optional.empty();
    }

    private static String part(Matcher matcher, int group) {
        String found = matcher.group(group);
        return found == null ? "" : found;
    }
}
