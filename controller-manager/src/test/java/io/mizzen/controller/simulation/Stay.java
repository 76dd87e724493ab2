// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.mizzen.client.Json;
import io.mizzen.client.selector.Taints;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;

/** How long a pod may stay on its node. */
enum Stay {
    FOR_EVER,
    FOR_A_WHILE,
    NOT_AT_ALL;

    /** How long a pod may stay on a node with these taints. */
    static Stay of(ObjectNode pod, List<Taint> taints) {
        List<Toleration> tolerations = tolerations(pod);
        Stay stay = FOR_EVER;
        for (Taint taint : taints) {
            if (taint.getEffect().equals("NoExecute")) {
                List<Toleration> matching = tolerations.stream()
                        .filter(t -> Taints.covers(t, taint))
                        .toList();
                if (matching.isEmpty()) {
                    return NOT_AT_ALL;
                }
                if (matching.stream().anyMatch(t -> t.getTolerationSeconds() != null)) {
                    stay = FOR_A_WHILE;
                }
            }
        }
        return stay;
    }

    /** The times that a pod tolerates taints for, where they have an end. */
    static LongStream seconds(ObjectNode pod) {
        return tolerations(pod).stream()
                .map(Toleration::getTolerationSeconds)
                .filter(Objects::nonNull)
                .mapToLong(Long::longValue);
    }

    static List<Toleration> tolerations(ObjectNode pod) {
        return Json.model(pod, Pod.class).getSpec().getTolerations();
    }
}
