// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import io.mizzen.apiserver.authentication.UserInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The circumstances of one write. Warnings are collected by the request's own thread.
 *
 * @param user who writes
 * @param fieldManager name that owns the fields written
 * @param dryRun whether everything happens but the write itself
 * @param subresource empty for the main resource
 * @param apply whether this is a server-side apply, which has written the managed fields itself
 * @param now time of the request
 * @param warnings texts for Warning headers, in order
 */
public record WriteContext(
        UserInfo user,
        String fieldManager,
        boolean dryRun,
        String subresource,
        boolean apply,
        Instant now,
        List<String> warnings) {

    /** The server's own writes. */
    public static WriteContext server(Instant now) {
        return new WriteContext(UserInfo.SERVER, "mizzen-apiserver", false, "", false, now, new ArrayList<>());
    }

    public WriteContext withSubresource(String name) {
        return new WriteContext(user, fieldManager, dryRun, name, apply, now, warnings);
    }
}
