// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

/**
 * Why a container waits instead of running: reason and text of its waiting state.
 *
 * <p>An exception, so that whichever step fails can end the start.
 */
public final class StartFailure extends Exception {
    private final String reason;

    /**
     * @param reason e.g. {@code ErrImagePull}
     * @param message text for people
     */
    public StartFailure(String reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** The waiting state's reason. */
    public String reason() {
        return reason;
    }

    /** The waiting state's text. */
    public String text() {
        return getMessage() == null ? "" : getMessage();
    }
}
