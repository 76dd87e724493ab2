// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller;

import io.mizzen.client.ControllerLoop;
import java.util.List;

/**
 * One controller. Its constructor asks for informers and registers handlers; nothing happens before its loops are
 * started by the {@link ControllerManager}, after all caches have been read once.
 */
public interface Controller {

    /** The loops that do its work. */
    List<ControllerLoop<?>> loops();

    /** Ends what the controller holds beside its loops; called after they have ended. */
    default void close() {}
}
