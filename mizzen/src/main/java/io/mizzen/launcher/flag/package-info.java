/**
 * Flags of the command line and of the settings file, which has the same keys.
 *
 * <p>In come arguments and a YAML text; out come values by name, or one line that says what is wrong. Pure, apart from
 * reading the file that {@code --config} names.
 */
@NullMarked
package io.mizzen.launcher.flag;

import org.jspecify.annotations.NullMarked;
