// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command;

import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Io;

/** Lets a command go on with the next object when one fails: prints each failure and keeps the exit code. One thread. */
public final class Failures {
    private final Io io;
    private int exitCode;

    /** Failures are printed to {@code io}'s errors. */
    public Failures(Io io) {
        this.io = io;
    }

    /** Does {@code work}; a failure of it is printed and counted. */
    public void attempt(Runnable work) {
        try {
            work.run();
        } catch (CommandFailure e) {
            add(e);
        }
    }

    /** Prints and counts a failure. */
    public void add(CommandFailure failure) {
        if (!failure.text().isEmpty()) {
            io.errorLine(failure.text());
        }
        exitCode = failure.exitCode();
    }

    /** 0 when nothing failed, else the last failure's code. */
    public int exitCode() {
        return exitCode;
    }
}
