// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.cli;

import java.io.InputStream;
import java.io.PrintStream;

/**
 * The three streams of a call. They belong to the caller, who closes them.
 *
 * @param in what the user types or pipes in
 * @param out results
 * @param err warnings and errors
 */
public record Io(InputStream in, PrintStream out, PrintStream err) {

    /** Prints one line to the results, ended by a line feed on every system. */
    public void line(String text) {
        out.print(text + "\n");
    }

    /** Prints one line to the errors. */
    public void errorLine(String text) {
        err.print(text + "\n");
    }
}
