/**
 * What the launcher finds out about the machine before it starts anything: names and addresses, free ports, who we are,
 * and the lock on the data folder.
 *
 * <p>In come settings; out come values or one line that says what to do. Files and sockets are touched, no threads.
 */
@NullMarked
package io.mizzen.launcher.node;

import org.jspecify.annotations.NullMarked;
