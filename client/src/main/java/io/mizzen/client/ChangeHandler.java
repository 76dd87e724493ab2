// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

/**
 * Told of every change of a cache after the cache has it. Called on the informer's thread, one change at a time in the
 * server's order; it must not block.
 */
public interface ChangeHandler<T> {

    /** The object is new here. */
    void added(T object);

    /** The object changed; after a gap several changes may come as one. */
    void updated(T old, T object);

    /** The object is gone; after a gap {@code last} may be an older state than its final one. */
    void deleted(T last);

    /** A handler that treats all three alike. */
    static <T> ChangeHandler<T> of(java.util.function.Consumer<T> onAny) {
        return new ChangeHandler<>() {
            @Override
            public void added(T object) {
                onAny.accept(object);
            }

            @Override
            public void updated(T old, T object) {
                onAny.accept(object);
            }

            @Override
            public void deleted(T last) {
                onAny.accept(last);
            }
        };
    }
}
