// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command;

import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.FlagSpec;

/**
 * One command of the command line. Instances are made when called for and used once, so they may keep state of the call; they are
 * used from one thread.
 */
public abstract class Command {
    /** Flags shared by all that print objects. */
    public static final String PRINT =
            " allow-missing-template-keys:b=true output,o:s= show-managed-fields:b=false template:s= ";
    /** Flags shared by all that read manifests. */
    public static final String FILES = " filename,f:l= kustomize,k:s= recursive,R:b=false ";
    /** The flag for a trial run. */
    public static final String DRY_RUN = " dry-run:s?unchanged=none ";
    /** The flag for how strictly the server looks at fields. */
    public static final String VALIDATE = " validate:s?strict=strict ";

    /** The command's own flags in the one-line form of {@link FlagSpec}. */
    public abstract String flags();

    /** The call's form after the command's path, e.g. {@code (TYPE NAME | -l label)}. */
    public abstract String synopsis();

    /** Does it. Returns the exit code; a failure is thrown as {@link CommandFailure}. */
    public abstract int run(Invocation call);

    /** Whether flags may follow the first argument (false for commands that take a program's own words). */
    public boolean interspersed() {
        return true;
    }
}
