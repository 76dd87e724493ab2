// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.job;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.mizzen.controller.condition.Condition;
import io.mizzen.controller.condition.Timestamps;
import io.mizzen.controller.pod.PodRanking;
import io.mizzen.controller.pod.Pods;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Decides what to do about a Job. Pure. The actions are safe in the order of {@link Decision}'s components: the status,
 * which holds the ends of pods, is written before these pods are released.
 */
final class JobCore {

    static final String FINALIZER = "batch.kubernetes.io/job-tracking";
    static final String INDEX = "batch.kubernetes.io/job-completion-index";
    private static final int BURST = 500;

    private final Job job;
    private final JobSpec spec;
    private final List<Pod> pods;
    private final Instant now;
    private final JobState before;
    private final List<Pod> active;
    private final List<Event> events = new ArrayList<>();
    private List<Condition> conditions;
    private int succeeded;
    private int failed;
    private final Set<String> uncountedSucceeded = new HashSet<>();
    private final Set<String> uncountedFailed = new HashSet<>();
    private final SortedSet<Integer> completed;
    private final List<Pod> release = new ArrayList<>();
    private IndexFailures indexFailures;
    private Optional<String> policyFailure = Optional.empty();

    /** An event to tell about the Job. */
    record Event(String type, String reason, String message) {}

    /**
     * What to do, in this order.
     *
     * @param state the status to write
     * @param release pods whose end is in that status: their finalizer goes
     * @param end pods to delete whose end is to count
     * @param discard pods to delete that are to leave no trace: their finalizer goes first
     * @param create how many pods to create; for an indexed Job one for each of {@code indexes}
     * @param indexes the completion indexes of the new pods
     * @param annotations what the pod of an index carries besides it
     * @param events what to tell
     * @param again when to look again without a change
     */
    record Decision(
            JobState state,
            List<Pod> release,
            List<Pod> end,
            List<Pod> discard,
            int create,
            List<Integer> indexes,
            Map<Integer, Map<String, String>> annotations,
            List<Event> events,
            Optional<Duration> again) {
        Decision {
            release = List.copyOf(release);
            end = List.copyOf(end);
            discard = List.copyOf(discard);
            indexes = List.copyOf(indexes);
            annotations = Map.copyOf(annotations);
            events = List.copyOf(events);
        }
    }

    private JobCore(Job job, List<Pod> pods, Instant now) {
        this.job = job;
        this.spec = job.getSpec();
        this.pods = pods;
        this.now = now;
        this.before = JobState.read(job);
        this.active = pods.stream().filter(Pods::isActive).toList();
        this.conditions = before.conditions();
        this.succeeded = before.succeeded();
        this.failed = before.failed();
        this.completed = new TreeSet<>(IndexSet.parse(before.completedIndexes(), completions(Integer.MAX_VALUE)));
        this.indexFailures = IndexFailures.of(job, List.of(), new TreeSet<>(), completed, pod -> false);
    }

    /**
     * @param pods all pods that the Job controls
     * @param mayCreate whether the cache shows all pods that were created before
     */
    static Decision decide(Job job, List<Pod> pods, boolean mayCreate, Instant now) {
        return new JobCore(job, pods, now).decide(mayCreate);
    }

    static boolean isFinished(Job job) {
        return JobState.read(job).isFinished();
    }

    private Decision decide(boolean mayCreate) {
        if (before.isFinished()) {
            List<Pod> tracked = pods.stream()
                    .filter(JobCore::isTracked)
                    .filter(p -> !Pods.isActive(p))
                    .toList();
            return new Decision(
                    before, tracked, active, List.of(), 0, List.of(), Map.of(), List.of(), Optional.empty());
        }
        countEnds();
        Optional<Condition> target = target();
        if (target.isPresent()) {
            return finish(target.get());
        }
        return isSuspended() ? suspend() : run(mayCreate);
    }

    /** Moves ends whose pods have been released into the counters, and takes in new ones. */
    private void countEnds() {
        Set<String> tracked = new HashSet<>();
        pods.stream().filter(JobCore::isTracked).forEach(pod -> tracked.add(uid(pod)));
        for (String uid : before.uncountedSucceeded()) {
            if (tracked.contains(uid)) {
                uncountedSucceeded.add(uid);
            } else {
                succeeded++;
            }
        }
        for (String uid : before.uncountedFailed()) {
            if (tracked.contains(uid)) {
                uncountedFailed.add(uid);
            } else {
                failed++;
            }
        }
        pods.stream().filter(this::hasSucceeded).forEach(this::countEnd);
        indexFailures = IndexFailures.of(
                job,
                pods,
                IndexSet.parse(before.failedIndexes(), completions(Integer.MAX_VALUE)),
                completed,
                this::hasFailed);
        pods.stream()
                .filter(pod -> hasFailed(pod) && !indexFailures.isHeld(pod))
                .forEach(this::countEnd);
        if (isIndexed()) {
            succeeded = completed.size();
        }
    }

    private void countEnd(Pod pod) {
        if (!isTracked(pod) || release.size() >= BURST) {
            return;
        }
        String uid = uid(pod);
        if (hasSucceeded(pod)) {
            if (isIndexed()) {
                index(pod).ifPresent(completed::add);
            } else {
                uncountedSucceeded.add(uid);
            }
            release.add(pod);
        } else {
            FailurePolicy.Effect effect = FailurePolicy.of(job, pod);
            if (effect.failJob().isPresent() && policyFailure.isEmpty()) {
                policyFailure = effect.failJob();
            }
            if (effect.counts()) {
                uncountedFailed.add(uid);
            }
            release.add(pod);
        }
    }

    /** A pod noted as failed when its deletion was asked for stays so: its end may count only once. */
    private boolean hasSucceeded(Pod pod) {
        return Pods.phase(pod).equals("Succeeded") && !before.uncountedFailed().contains(uid(pod));
    }

    /** A pod that is being deleted counts as failed at once, unless only failed ones are to be replaced. */
    private boolean hasFailed(Pod pod) {
        if (Pods.phase(pod).equals("Succeeded")) {
            return !hasSucceeded(pod);
        }
        if (Pods.phase(pod).equals("Failed")) {
            return true;
        }
        boolean onlyFailed = "Failed".equals(spec.getPodReplacementPolicy())
                || (spec.getPodReplacementPolicy() == null && spec.getPodFailurePolicy() != null);
        return !onlyFailed && Pods.isTerminating(pod);
    }

    private int allSucceeded() {
        return succeeded + uncountedSucceeded.size();
    }

    private int allFailed() {
        return failed
                + uncountedFailed.size()
                + (int) indexFailures.held().values().stream()
                        .filter(pod -> FailurePolicy.of(job, pod).counts())
                        .count();
    }

    /** Why the Job is to end, as an interim condition: FailureTarget or SuccessCriteriaMet. */
    private Optional<Condition> target() {
        Optional<Condition> decided = Condition.find(conditions, "FailureTarget")
                .or(() -> Condition.find(conditions, "SuccessCriteriaMet"))
                .filter(Condition::isTrue);
        if (decided.isPresent()) {
            return decided;
        }
        if (policyFailure.isPresent()) {
            return Optional.of(failure("PodFailurePolicy", policyFailure.get()));
        }
        if (allFailed() > backoffLimit() || restartsExceedLimit()) {
            return Optional.of(failure("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }
        if (untilDeadline().map(left -> left.isNegative() || left.isZero()).orElse(false)) {
            return Optional.of(failure("DeadlineExceeded", "Job was active longer than specified deadline"));
        }
        Integer maxFailed = spec.getMaxFailedIndexes();
        if (maxFailed != null && indexFailures.failed().size() > maxFailed) {
            return Optional.of(failure(
                    "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"));
        }
        Optional<String> rule = isIndexed() ? SuccessRules.met(job, completed) : Optional.empty();
        if (rule.isPresent()) {
            return Optional.of(Condition.of("SuccessCriteriaMet", "True", "SuccessPolicy", rule.get(), now));
        }
        if (isSuspended()) {
            return Optional.empty();
        }
        int tried = completed.size() + indexFailures.failed().size();
        if (!indexFailures.failed().isEmpty() && tried >= completions(0)) {
            return Optional.of(failure("FailedIndexes", "Job has failed indexes"));
        }
        boolean complete = spec.getCompletions() == null
                ? allSucceeded() > 0 && active.isEmpty()
                : allSucceeded() >= spec.getCompletions();
        return complete
                ? Optional.of(Condition.of(
                        "SuccessCriteriaMet",
                        "True",
                        "CompletionsReached",
                        "Reached expected number of succeeded pods",
                        now))
                : Optional.empty();
    }

    private Condition failure(String reason, String message) {
        return Condition.of("FailureTarget", "True", reason, message, now);
    }

    private boolean restartsExceedLimit() {
        var template = spec.getTemplate().getSpec();
        if (template == null || !"OnFailure".equals(template.getRestartPolicy())) {
            return false;
        }
        int restarts = 0;
        for (Pod pod : active) {
            List<ContainerStatus> statuses =
                    pod.getStatus() == null ? null : pod.getStatus().getContainerStatuses();
            if (statuses != null) {
                restarts += statuses.stream()
                        .mapToInt(s -> s.getRestartCount() == null ? 0 : s.getRestartCount())
                        .sum();
            }
        }
        return backoffLimit() == 0 ? restarts > 0 : restarts >= backoffLimit();
    }

    /** Ends what still runs; the final condition comes when every pod has ended and is counted. */
    private Decision finish(Condition target) {
        conditions = Condition.set(conditions, target);
        indexFailures.held().values().forEach(this::countEnd);
        boolean allEnded = pods.stream().allMatch(Pods::isTerminal);
        boolean allCounted = release.isEmpty() && uncountedSucceeded.isEmpty() && uncountedFailed.isEmpty();
        boolean success = target.type().equals("SuccessCriteriaMet");
        String completionTime = null;
        if (allEnded && allCounted) {
            String type = success ? "Complete" : "Failed";
            conditions = Condition.set(conditions, Condition.of(type, "True", target.reason(), target.message(), now));
            completionTime = success ? Timestamps.text(now) : null;
            events.add(
                    success
                            ? new Event("Normal", "Completed", "Job completed")
                            : new Event("Warning", target.reason(), target.message()));
        }
        return new Decision(
                state(before.startTime(), completionTime),
                release,
                active,
                List.of(),
                0,
                List.of(),
                Map.of(),
                events,
                Optional.empty());
    }

    private Decision suspend() {
        if (!Condition.find(conditions, "Suspended").map(Condition::isTrue).orElse(false)) {
            conditions =
                    Condition.set(conditions, Condition.of("Suspended", "True", "JobSuspended", "Job suspended", now));
            events.add(new Event("Normal", "Suspended", "Job suspended"));
        }
        return new Decision(
                state(null, null), release, List.of(), active, 0, List.of(), Map.of(), events, Optional.empty());
    }

    private Decision run(boolean mayCreate) {
        String startTime = before.startTime();
        if (Condition.find(conditions, "Suspended").map(Condition::isTrue).orElse(false)) {
            conditions =
                    Condition.set(conditions, Condition.of("Suspended", "False", "JobResumed", "Job resumed", now));
            events.add(new Event("Normal", "Resumed", "Job resumed"));
            startTime = null;
        }
        if (startTime == null) {
            startTime = Timestamps.text(now);
        }
        int wanted = wanted();
        int occupied = active.size() + heldByTerminating();
        List<Pod> discard = active.size() > wanted
                ? PodRanking.inDeletionOrder(active, active, now).subList(0, Math.min(BURST, active.size() - wanted))
                : List.of();
        Duration backoff = IndexFailures.isCounted(job) ? Duration.ZERO : backoffLeft();
        int create = mayCreate && backoff.isZero() ? Math.clamp(wanted - (long) occupied, 0, BURST) : 0;
        List<Integer> indexes = isIndexed() && create > 0 ? missingIndexes(create) : List.of();
        Optional<Duration> again = untilDeadline();
        if (!backoff.isZero() && wanted > occupied) {
            again = Optional.of(again.filter(d -> d.compareTo(backoff) < 0).orElse(backoff));
        }
        Optional<Duration> next = indexFailures.held().keySet().stream()
                .map(this::backoffLeft)
                .filter(left -> !left.isZero())
                .min(Comparator.naturalOrder());
        if (next.isPresent()) {
            again = again.filter(d -> d.compareTo(next.get()) < 0).or(() -> next);
        }
        int count = isIndexed() ? indexes.size() : create;
        Map<Integer, Map<String, String>> annotations = new HashMap<>();
        indexes.forEach(index -> annotations.put(index, indexFailures.annotations(index)));
        return new Decision(
                state(startTime, null), release, List.of(), discard, count, indexes, annotations, events, again);
    }

    /** With podReplacementPolicy Failed a pod that is being deleted holds its place until it has ended. */
    private int heldByTerminating() {
        if (!"Failed".equals(spec.getPodReplacementPolicy())) {
            return 0;
        }
        return terminating();
    }

    private int terminating() {
        return (int) pods.stream()
                .filter(pod -> Pods.isTerminating(pod) && !Pods.isTerminal(pod))
                .count();
    }

    private int wanted() {
        int parallelism = spec.getParallelism() == null ? 1 : spec.getParallelism();
        if (spec.getCompletions() == null) {
            return allSucceeded() > 0 ? Math.min(parallelism, active.size()) : parallelism;
        }
        return Math.clamp(
                (long) spec.getCompletions()
                        - allSucceeded()
                        - indexFailures.failed().size(),
                0,
                parallelism);
    }

    private List<Integer> missingIndexes(int count) {
        Set<Integer> taken = new HashSet<>(completed);
        taken.addAll(indexFailures.failed());
        active.forEach(pod -> index(pod).ifPresent(taken::add));
        List<Integer> missing = new ArrayList<>();
        for (int i = 0; i < completions(0) && missing.size() < count; i++) {
            if (!taken.contains(i) && backoffLeft(i).isZero()) {
                missing.add(i);
            }
        }
        return missing;
    }

    /** 10 s × 2^(n−1) after the newest of n failures without a success since. */
    private Duration backoffLeft() {
        Optional<Instant> lastSuccess = pods.stream()
                .filter(pod -> Pods.phase(pod).equals("Succeeded"))
                .map(pod -> JobBackoff.endedAt(pod, now))
                .max(Comparator.naturalOrder());
        List<Instant> failures = pods.stream()
                .filter(pod -> Pods.phase(pod).equals("Failed"))
                .filter(pod -> FailurePolicy.of(job, pod).counts())
                .map(pod -> JobBackoff.endedAt(pod, now))
                .filter(end -> lastSuccess.isEmpty() || end.isAfter(lastSuccess.get()))
                .sorted()
                .toList();
        if (failures.isEmpty()) {
            return Duration.ZERO;
        }
        return JobBackoff.left(failures.size(), failures.getLast(), now);
    }

    /** The same for one index, whose failures do not hold up others. */
    private Duration backoffLeft(int index) {
        Pod last = indexFailures.held().get(index);
        return last == null
                ? Duration.ZERO
                : JobBackoff.left(indexFailures.inARow(index), JobBackoff.endedAt(last, now), now);
    }

    private Optional<Duration> untilDeadline() {
        if (spec.getActiveDeadlineSeconds() == null || isSuspended()) {
            return Optional.empty();
        }
        return Timestamps.parse(before.startTime())
                .map(start -> Duration.between(now, start.plusSeconds(spec.getActiveDeadlineSeconds())));
    }

    private JobState state(@Nullable String startTime, @Nullable String completionTime) {
        boolean ends = Condition.find(conditions, "Complete").isPresent()
                || Condition.find(conditions, "Failed").isPresent();
        int ready = (int) active.stream().filter(Pods::isReady).count();
        return new JobState(
                startTime,
                completionTime,
                active.size(),
                ready,
                ends ? 0 : terminating(),
                isIndexed() ? completed.size() : succeeded,
                failed,
                isIndexed() ? IndexSet.format(completed) : "",
                IndexFailures.isCounted(job) ? IndexSet.format(indexFailures.failed()) : null,
                uncountedSucceeded,
                uncountedFailed,
                conditions);
    }

    private boolean isSuspended() {
        return Boolean.TRUE.equals(spec.getSuspend());
    }

    private boolean isIndexed() {
        return "Indexed".equals(spec.getCompletionMode());
    }

    private int completions(int absent) {
        return spec.getCompletions() == null ? absent : spec.getCompletions();
    }

    private int backoffLimit() {
        return spec.getBackoffLimit() == null ? 6 : spec.getBackoffLimit();
    }

    static boolean isTracked(Pod pod) {
        return pod.getMetadata().getFinalizers() != null
                && pod.getMetadata().getFinalizers().contains(FINALIZER);
    }

    static Optional<Integer> index(Pod pod) {
        var annotations = pod.getMetadata().getAnnotations();
        String text = annotations == null ? null : annotations.get(INDEX);
        return text != null && text.matches("[0-9]{1,9}") ? Optional.of(Integer.valueOf(text)) : Optional.empty();
    }

    private static String uid(Pod pod) {
        return String.valueOf(pod.getMetadata().getUid());
    }
}
