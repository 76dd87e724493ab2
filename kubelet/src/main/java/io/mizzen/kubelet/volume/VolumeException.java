// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A volume that cannot be set up now; the message says why in upstream's words. */
public final class VolumeException extends Exception {
    private final String volume;
    private final String event;

    private VolumeException(String volume, String event, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.volume = volume;
        this.event = event;
    }

    /** The volume is known, but cannot be set up. */
    static VolumeException notSetUp(String volume, String message, @Nullable Throwable cause) {
        return new VolumeException(
                volume, "MountVolume.SetUp failed for volume \"" + volume + "\" : " + message, message, cause);
    }

    /** The volume that a claim is bound to cannot be used on this node. */
    static VolumeException notUsable(String volume, String persistent, String message) {
        return new VolumeException(
                volume,
                "MountVolume.NewMounter initialization failed for volume \"" + persistent + "\" : " + message,
                message,
                null);
    }

    /** What the volume refers to is not there yet. */
    static VolumeException notProcessed(String volume, String message) {
        return new VolumeException(
                volume,
                "Unable to attach or mount volumes: unmounted volumes=[" + volume
                        + "], unattached volumes=[], failed to process volumes=[" + volume + "]: " + message,
                message,
                null);
    }

    /** This one and those of the pod's other volumes that failed with it. */
    public List<VolumeException> all() {
        return Stream.concat(
                        Stream.of(this),
                        Stream.of(getSuppressed())
                                .filter(VolumeException.class::isInstance)
                                .map(VolumeException.class::cast))
                .toList();
    }

    /** The message of the event FailedMount. */
    public String event() {
        return event;
    }

    /** Name of the volume in the pod. */
    public String volume() {
        return volume;
    }
}
