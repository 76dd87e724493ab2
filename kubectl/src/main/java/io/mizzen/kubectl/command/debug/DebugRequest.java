// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.debug;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.Flags;
import java.util.List;
import java.util.Map;

/**
 * What the flags ask of the debugging container.
 *
 * @param image its image; empty in a copy whose own container is debugged
 * @param words what stands after the dashes
 * @param wordsAreArguments whether they leave the image's command as it is
 * @param environment variables by name
 * @param pullPolicy when the image is fetched; empty leaves it to the server
 * @param stdin whether its input is open
 * @param tty whether it has a terminal
 * @param target the container whose processes it shall see; empty for none
 * @param profile what it may do
 * @param custom a part of a container laid over it at last; a missing node for none
 */
record DebugRequest(
        String image,
        List<String> words,
        boolean wordsAreArguments,
        Map<String, String> environment,
        String pullPolicy,
        boolean stdin,
        boolean tty,
        String target,
        Profile profile,
        JsonNode custom) {

    static DebugRequest of(Flags flags, Profile profile, List<String> words, JsonNode custom) {
        return new DebugRequest(
                flags.text("image"),
                words,
                flags.is("arguments-only"),
                flags.pairs("env"),
                flags.text("image-pull-policy"),
                flags.is("stdin"),
                flags.is("tty"),
                flags.text("target"),
                profile,
                custom);
    }

    /**
     * What is asked of a copy of a pod.
     *
     * @param name the copy's name
     * @param images new images by container, {@code *} for all others
     * @param shareProcesses {@code true}, {@code false}, or empty to leave it to the profile
     * @param sameNode whether it must run where the pod runs
     * @param keep which parts of the pod that profiles leave out are kept
     */
    record Copy(String name, Map<String, String> images, String shareProcesses, boolean sameNode, Keep keep) {
        static Copy of(Flags flags) {
            Keep keep = new Keep(
                    flags.is("keep-labels"),
                    flags.is("keep-annotations"),
                    flags.is("keep-liveness"),
                    flags.is("keep-readiness"),
                    flags.is("keep-startup"),
                    flags.is("keep-init-containers"));
            return new Copy(
                    flags.text("copy-to"),
                    flags.pairs("set-image"),
                    flags.changed("share-processes") ? Boolean.toString(flags.is("share-processes")) : "",
                    flags.is("same-node"),
                    keep);
        }
    }

    /** Parts of a pod that its copy has only when they are asked for; init containers unless they are not wanted. */
    record Keep(
            boolean labels,
            boolean annotations,
            boolean liveness,
            boolean readiness,
            boolean startup,
            boolean initContainers) {}
}
