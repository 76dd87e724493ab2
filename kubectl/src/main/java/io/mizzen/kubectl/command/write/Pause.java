// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import io.mizzen.kubectl.cli.CommandFailure;

/** Waiting between two looks at the server. Stateless. */
public final class Pause {
    private Pause() {}

    /** Waits; an interrupt ends the command. */
    public static void millis(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(130, "");
        }
    }
}
