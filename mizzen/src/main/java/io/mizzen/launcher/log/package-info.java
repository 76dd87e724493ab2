/**
 * Where log lines go and how they look.
 *
 * <p>In come two system properties set before the first logger is made; out go lines to standard error, or to a file that
 * is rotated by size. The appender writes on the thread that logs.
 */
@NullMarked
package io.mizzen.launcher.log;

import org.jspecify.annotations.NullMarked;
