// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.client.Json;
import io.mizzen.testing.cluster.Change;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What holds after every change of a Job or of its pods. */
final class JobInvariants {
    private static final String FINALIZER = "batch.kubernetes.io/job-tracking";
    private static final String INDEX = "batch.kubernetes.io/job-completion-index";
    private static final String FAILURES = "batch.kubernetes.io/job-index-failure-count";

    final List<String> violations = new ArrayList<>();
    private final Simulation simulation;
    private final Map<String, ObjectNode> last = new HashMap<>();
    private ObjectNode job;
    /** The pods that were let go after an end, by that end. */
    private final Set<String> succeeded = new HashSet<>();

    private final Set<String> failed = new HashSet<>();
    private final Set<Integer> indexesDone = new HashSet<>();

    JobInvariants(Simulation simulation) {
        this.simulation = simulation;
        this.job = Json.object();
        simulation.cluster.observe(this::check);
    }

    private void check(Change change) {
        ObjectNode object = change.object();
        if (change.type().equals(Simulation.PODS)) {
            String uid = object.path("metadata").path("uid").asText();
            ObjectNode before = last.put(uid, object);
            if (change.kind() == Change.Kind.DELETED) {
                require(!isTracked(object), "a pod went before its end was counted: " + object);
            } else if (change.kind() == Change.Kind.ADDED) {
                checkNew(object);
            }
            if (before != null && isTracked(before) && !isTracked(object)) {
                checkRelease(uid, before);
            }
        } else if (object.path("kind").asText().equals("Job")) {
            checkStatus(job.path("status"), object.path("status"));
            job = object;
        }
    }

    private void checkNew(ObjectNode pod) {
        JsonNode spec = job.path("spec");
        List<ObjectNode> active = simulation.cluster.list(Simulation.PODS).stream()
                .filter(RolloutInvariants::isActive)
                .toList();
        require(
                active.size() <= spec.path("parallelism").asInt(),
                active.size() + " pods run, parallelism is " + spec.path("parallelism"));
        require(!ended(job.path("status")), "a pod was made for a Job that ends");
        if (index(pod) < 0) {
            return;
        }
        long same = active.stream().filter(other -> index(other) == index(pod)).count();
        require(same == 1, "index " + index(pod) + " runs " + same + " times");
        require(
                !indexes(job.path("status").path("completedIndexes")).contains(index(pod)),
                "index " + index(pod) + " had succeeded before");
        require(
                !indexes(job.path("status").path("failedIndexes")).contains(index(pod)),
                "index " + index(pod) + " had failed before");
        if (spec.has("backoffLimitPerIndex")) {
            int failures =
                    pod.path("metadata").path("annotations").path(FAILURES).asInt(-1);
            require(
                    failures >= 0
                            && failures <= spec.path("backoffLimitPerIndex").asInt(),
                    "index " + index(pod) + " was tried with " + failures + " failures");
        }
    }

    private void checkRelease(String uid, ObjectNode pod) {
        JsonNode status = job.path("status");
        boolean isOver = status.path("conditions").toString().contains("\"Complete\"")
                || status.path("conditions").toString().contains("\"Failed\"");
        String phase = pod.path("status").path("phase").asText();
        boolean isIndexed = index(pod) >= 0;
        if (phase.equals("Succeeded") && !names(status, "failed").contains(uid)) {
            succeeded.add(uid);
            indexesDone.add(index(pod));
            require(
                    isIndexed
                            ? indexes(status.path("completedIndexes")).contains(index(pod))
                            : names(status, "succeeded").contains(uid),
                    "a success was let go uncounted, the Job was over: " + isOver + " " + status);
        } else if (!phase.isEmpty() && !phase.equals("Running") && !phase.equals("Pending")
                || pod.path("metadata").has("deletionTimestamp")) {
            failed.add(uid);
            require(
                    names(status, "failed").contains(uid),
                    "a failure was let go uncounted, the Job was over: " + isOver + " " + status);
        } else {
            require(
                    job.path("spec").path("suspend").asBoolean()
                            || simulation.informers.seen(io.fabric8.kubernetes.api.model.batch.v1.Job.class)
                                    < job.path("metadata")
                                            .path("resourceVersion")
                                            .asLong()
                            || isOver,
                    "a running pod was let go");
        }
    }

    private void checkStatus(JsonNode before, JsonNode now) {
        require(
                now.path("succeeded").asInt() >= before.path("succeeded").asInt(),
                "successes went from " + before + " to " + now);
        require(
                now.path("failed").asInt() >= before.path("failed").asInt(),
                "failures went from " + before + " to " + now);
        require(
                now.path("succeeded").asInt()
                        <= succeeded.size()
                                + indexes(now.path("completedIndexes")).size(),
                "more successes than pods: " + now);
        require(now.path("failed").asInt() <= failed.size(), "more failures than pods: " + now);
        JsonNode spec = job.path("spec");
        if (spec.has("completions")) {
            require(
                    now.path("succeeded").asInt() <= spec.path("completions").asInt(),
                    "more successes than completions: " + now);
        }
    }

    /** When the Job is over, the numbers are those of the pods. */
    void checkEnd(ObjectNode over) {
        JsonNode status = over.path("status");
        boolean isIndexed = over.path("spec").path("completionMode").asText().equals("Indexed");
        int successes = isIndexed ? indexesDone.size() : succeeded.size();
        require(
                status.path("succeeded").asInt() == successes,
                successes + " have succeeded, the status says " + status);
        require(
                status.path("failed").asInt() == failed.size(),
                failed.size() + " have failed, the status says " + status);
        if (isIndexed) {
            require(
                    indexes(status.path("completedIndexes")).equals(indexesDone),
                    "succeeded: " + indexesDone + ", the status says " + status);
        }
    }

    private static boolean ended(JsonNode status) {
        String conditions = status.path("conditions").toString();
        return conditions.contains("FailureTarget") || conditions.contains("SuccessCriteriaMet");
    }

    private static List<String> names(JsonNode status, String end) {
        List<String> names = new ArrayList<>();
        status.path("uncountedTerminatedPods").path(end).forEach(name -> names.add(name.asText()));
        return names;
    }

    private static Set<Integer> indexes(JsonNode text) {
        Set<Integer> indexes = new HashSet<>();
        for (String part : text.asText("").split(",")) {
            if (!part.isEmpty()) {
                String[] ends = part.split("-");
                for (int i = Integer.parseInt(ends[0]); i <= Integer.parseInt(ends[ends.length - 1]); i++) {
                    indexes.add(i);
                }
            }
        }
        return indexes;
    }

    private static int index(JsonNode pod) {
        return pod.path("metadata").path("annotations").path(INDEX).asInt(-1);
    }

    static boolean isTracked(JsonNode pod) {
        return pod.path("metadata").path("finalizers").toString().contains(FINALIZER);
    }

    private void require(boolean holds, String otherwise) {
        if (!holds) {
            violations.add(otherwise);
        }
    }
}
