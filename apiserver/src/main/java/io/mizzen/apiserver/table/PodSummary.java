// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.ObjectTree;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the columns Ready, Status and Restarts of a pod say. While init containers run they set the status; afterwards
 * the ordinary containers do, the first one having the last word; a deletion overrides both.
 */
final class PodSummary {
    private final JsonNode pod;
    private final JsonNode podStatus;
    private final Set<String> sidecars = new HashSet<>();
    private int total;
    private int ready;
    private long restarts;
    private @Nullable Instant lastRestart;
    private String status;
    private String errorReason = "";

    private PodSummary(JsonNode pod) {
        this.pod = pod;
        this.podStatus = pod.path("status");
        this.status =
                Row.textOr(podStatus.path("reason"), podStatus.path("phase").asText(""));
    }

    static PodSummary of(JsonNode pod) {
        PodSummary summary = new PodSummary(pod);
        summary.work();
        return summary;
    }

    int total() {
        return total;
    }

    int ready() {
        return ready;
    }

    String status() {
        return status;
    }

    String restartText(Instant now) {
        return restarts != 0 && lastRestart != null
                ? restarts + " (" + HumanDuration.between(lastRestart, now) + " ago)"
                : Long.toString(restarts);
    }

    private void work() {
        total = pod.path("spec").path("containers").size();
        for (JsonNode container : pod.path("spec").path("initContainers")) {
            if (container.path("restartPolicy").asText("").equals("Always")) {
                sidecars.add(container.path("name").asText());
                total++;
            }
        }
        JsonNode scheduled = ObjectTree.condition(pod, "PodScheduled");
        if (scheduled != null && scheduled.path("reason").asText("").equals("SchedulingGated")) {
            status = "SchedulingGated";
        }
        boolean initialising = walkInitContainers();
        if (!initialising || Row.condition(pod, "Initialized").equals("True")) {
            restarts = 0;
            lastRestart = null;
            for (JsonNode container : podStatus.path("initContainerStatuses")) {
                if (sidecars.contains(container.path("name").asText())) {
                    countRestarts(container);
                }
            }
            walkContainers();
        }
        if (ObjectTree.isTerminating(pod)) {
            String phase = podStatus.path("phase").asText("");
            if (podStatus.path("reason").asText("").equals("NodeLost")) {
                status = "Unknown";
            } else if (!phase.equals("Succeeded") && !phase.equals("Failed")) {
                status = "Terminating";
            }
        }
    }

    private void countRestarts(JsonNode container) {
        restarts += container.path("restartCount").asLong(0);
        Instant finished =
                Row.time(container.path("lastState").path("terminated").path("finishedAt"));
        if (finished != null && (lastRestart == null || finished.isAfter(lastRestart))) {
            lastRestart = finished;
        }
    }

    private boolean walkInitContainers() {
        int index = 0;
        for (JsonNode container : podStatus.path("initContainerStatuses")) {
            countRestarts(container);
            JsonNode terminated = container.path("state").path("terminated");
            String waiting =
                    container.path("state").path("waiting").path("reason").asText("");
            boolean succeeded =
                    terminated.isObject() && terminated.path("exitCode").asInt(0) == 0;
            boolean startedSidecar = sidecars.contains(container.path("name").asText())
                    && container.path("started").asBoolean(false);
            if (succeeded || startedSidecar) {
                if (!succeeded && container.path("ready").asBoolean(false)) {
                    ready++;
                }
                index++;
                continue;
            }
            if (terminated.isObject()) {
                status = "Init:" + endReason(terminated);
            } else if (!waiting.isEmpty() && !waiting.equals("PodInitializing")) {
                status = "Init:" + waiting;
            } else {
                status = "Init:" + index + "/"
                        + pod.path("spec").path("initContainers").size();
            }
            return true;
        }
        return false;
    }

    private void walkContainers() {
        JsonNode containers = podStatus.path("containerStatuses");
        boolean running = false;
        for (int i = containers.size() - 1; i >= 0; i--) {
            JsonNode container = containers.get(i);
            countRestarts(container);
            JsonNode state = container.path("state");
            String waiting = state.path("waiting").path("reason").asText("");
            JsonNode terminated = state.path("terminated");
            if (!waiting.isEmpty()) {
                status = waiting;
            } else if (terminated.isObject()) {
                status = endReason(terminated);
                if (terminated.path("exitCode").asInt(0) != 0) {
                    errorReason = status;
                }
            } else if (container.path("ready").asBoolean(false)
                    && state.path("running").isObject()) {
                running = true;
                ready++;
            }
        }
        if (status.equals("Completed")) {
            if (running && Row.condition(pod, "Ready").equals("True")) {
                status = "Running";
            } else if (!errorReason.isEmpty()) {
                status = errorReason;
            } else if (running) {
                status = "NotReady";
            }
        }
    }

    private static String endReason(JsonNode terminated) {
        String reason = terminated.path("reason").asText("");
        int signal = terminated.path("signal").asInt(0);
        if (!reason.isEmpty()) {
            return reason;
        }
        return signal != 0
                ? "Signal:" + signal
                : "ExitCode:" + terminated.path("exitCode").asInt(0);
    }
}
