// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

/** A volume that cannot be set up now; the message says why in upstream's words. */
public final class VolumeException extends Exception {
    private final String volume;

    VolumeException(String volume, String message) {
        super(message);
        this.volume = volume;
    }

    VolumeException(String volume, String message, Throwable cause) {
        super(message, cause);
        this.volume = volume;
    }

    /** Name of the volume in the pod. */
    public String volume() {
        return volume;
    }
}
