// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

/** An open watch. Closing it twice does no harm; a call to the listener that is under way may still finish. */
public interface Subscription extends AutoCloseable {
    @Override
    void close();
}
