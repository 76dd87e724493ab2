// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A container as the runtime reports it.
 *
 * @param id the runtime's id, without scheme
 * @param name of the container in the pod spec
 * @param sandboxId sandbox that it lives in
 * @param attempt how many containers of that name ran before it
 * @param state where it is in its life
 * @param created when it was made
 * @param started when it ran first; empty before
 * @param finished when it ended; empty before
 * @param exitCode of the main process, meaningful once ended
 * @param reason the runtime's reason for the end, e.g. {@code OOMKilled}
 * @param message the runtime's text
 * @param image name of the image
 * @param imageId reference of the image's content
 * @param logPath absolute path of its log
 * @param annotations as given at creation
 */
public record RuntimeContainer(
        String id,
        String name,
        String sandboxId,
        int attempt,
        State state,
        Instant created,
        Optional<Instant> started,
        Optional<Instant> finished,
        int exitCode,
        String reason,
        String message,
        String image,
        String imageId,
        String logPath,
        Map<String, String> annotations) {

    /** Copies. */
    public RuntimeContainer {
        annotations = Map.copyOf(annotations);
    }

    /** Where a container is in its life. */
    public enum State {
        CREATED,
        RUNNING,
        EXITED,
        UNKNOWN
    }

    /** Whether its main process runs. */
    public boolean isRunning() {
        return state == State.RUNNING;
    }

    /** Whether it ran and ended. */
    public boolean isExited() {
        return state == State.EXITED;
    }

    /** Hash of the specification that it was made from. */
    public String hash() {
        return annotations.getOrDefault(PodLabels.CONTAINER_HASH, "");
    }

    /** The id in the form of a status field. */
    public String containerId() {
        return "containerd://" + id;
    }
}
