// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.SuccessPolicyBuilder;
import io.mizzen.controller.condition.Condition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class JobCoreTest {

    private static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");

    @Test
    void startsAsManyPodsAsMayRunAndAreStillNeeded() {
        Job job = job(3, 2);

        JobCore.Decision decision = JobCore.decide(job, List.of(), true, NOW);

        assertThat(decision.create()).isEqualTo(2);
        assertThat(decision.state().startTime()).isEqualTo("2026-01-01T01:00:00Z");
        assertThat(JobCore.decide(job, List.of(), false, NOW).create()).isZero();
    }

    @Test
    void notesAnEndBeforeItReleasesThePodAndCountsItAfterwards() {
        Job job = job(3, 3);
        Pod done = pod("a", "Succeeded", true);

        JobCore.Decision noted = JobCore.decide(job, List.of(done), true, NOW);
        assertThat(noted.state().uncountedSucceeded()).containsExactly("a");
        assertThat(noted.state().succeeded()).isZero();
        assertThat(noted.release()).containsExactly(done);

        JobCore.Decision counted =
                JobCore.decide(with(job, noted.state()), List.of(pod("a", "Succeeded", false)), true, NOW);
        assertThat(counted.state().uncountedSucceeded()).isEmpty();
        assertThat(counted.state().succeeded()).isEqualTo(1);
        assertThat(counted.create()).isEqualTo(2);
    }

    @Test
    void countsAnEndOnceHoweverOftenItDecides() {
        Job job = job(1, 1);
        List<Pod> pods = new ArrayList<>(List.of(pod("a", "Succeeded", true)));
        for (int i = 0; i < 6; i++) {
            JobCore.Decision decision = JobCore.decide(job, pods, true, NOW);
            job = with(job, decision.state());
            if (i == 2) {
                pods = new ArrayList<>(List.of(pod("a", "Succeeded", false)));
            }
        }

        assertThat(JobState.read(job).succeeded()).isEqualTo(1);
        assertThat(Condition.find(JobState.read(job).conditions(), "Complete")).isPresent();
    }

    @Test
    void countsAPodOnceThatSucceedsAfterItsDeletionWasNotedAsAFailure() {
        Job job = job(2, 2);
        job.getSpec().setPodReplacementPolicy("TerminatingOrFailed");
        Pod going = pod("a", "Running", true);
        going.getMetadata().setDeletionTimestamp(NOW.toString());
        JobCore.Decision noted = JobCore.decide(job, List.of(going), true, NOW);
        assertThat(noted.state().uncountedFailed()).containsExactly("a");

        JobCore.Decision decision =
                JobCore.decide(with(job, noted.state()), List.of(pod("a", "Succeeded", true)), true, NOW);

        assertThat(decision.state().uncountedFailed()).containsExactly("a");
        assertThat(decision.state().uncountedSucceeded()).isEmpty();
    }

    @Test
    void completesOnlyWhenAllIsCountedAndHasEnded() {
        Job job = job(1, 1);
        JobCore.Decision first = JobCore.decide(job, List.of(pod("a", "Succeeded", true)), true, NOW);
        assertThat(types(first)).containsExactly("SuccessCriteriaMet");
        assertThat(first.state().isFinished()).isFalse();

        JobCore.Decision second =
                JobCore.decide(with(job, first.state()), List.of(pod("a", "Succeeded", false)), true, NOW);
        assertThat(types(second)).containsExactly("SuccessCriteriaMet", "Complete");
        assertThat(second.state().completionTime()).isEqualTo("2026-01-01T01:00:00Z");
        assertThat(second.events()).extracting(JobCore.Event::reason).containsExactly("Completed");
    }

    @Test
    void failsBeyondItsBackoffLimitAndEndsWhatRuns() {
        Job job = job(2, 2);
        job.getSpec().setBackoffLimit(0);
        Pod running = pod("run", "Running", true);

        JobCore.Decision decision = JobCore.decide(job, List.of(pod("a", "Failed", true), running), true, NOW);

        assertThat(types(decision)).containsExactly("FailureTarget");
        assertThat(decision.end()).containsExactly(running);
        assertThat(decision.create()).isZero();
    }

    @Test
    void waitsLongerAfterEachFailure() {
        Job job = job(1, 1);
        List<Pod> failures = List.of(failedAt("a", NOW.minusSeconds(30)), failedAt("b", NOW.minusSeconds(5)));

        JobCore.Decision decision = JobCore.decide(job, failures, true, NOW);

        assertThat(decision.create()).isZero();
        assertThat(decision.again()).contains(Duration.ofSeconds(15));
        assertThat(JobCore.decide(job, failures, true, NOW.plusSeconds(15)).create())
                .isEqualTo(1);
    }

    @Test
    void failsAtItsDeadline() {
        Job job = with(job(1, 1), started(NOW.minusSeconds(100)));
        job.getSpec().setActiveDeadlineSeconds(100L);

        assertThat(JobCore.decide(job, List.of(), true, NOW)
                        .state()
                        .conditions()
                        .getFirst()
                        .reason())
                .isEqualTo("DeadlineExceeded");
        assertThat(JobCore.decide(job, List.of(), true, NOW.minusSeconds(1)).again())
                .contains(Duration.ofSeconds(1));
    }

    @Test
    void discardsItsPodsWithoutATraceWhileSuspended() {
        Job job = with(job(2, 2), started(NOW));
        job.getSpec().setSuspend(true);
        Pod running = pod("run", "Running", true);

        JobCore.Decision decision = JobCore.decide(job, List.of(running), true, NOW);

        assertThat(decision.discard()).containsExactly(running);
        assertThat(decision.state().startTime()).isNull();
        assertThat(decision.state().conditions().getFirst().reason()).isEqualTo("JobSuspended");

        Job resumed = with(job, decision.state());
        resumed.getSpec().setSuspend(false);
        JobCore.Decision again = JobCore.decide(resumed, List.of(), true, NOW);
        assertThat(again.create()).isEqualTo(2);
        assertThat(again.state().conditions().getFirst().reason()).isEqualTo("JobResumed");
    }

    @Test
    void runsEachIndexOnceAndMakesFailedOnesAgain() {
        Job job = job(4, 4);
        job.getSpec().setCompletionMode("Indexed");
        List<Pod> pods = List.of(
                indexed("a", "Succeeded", 0),
                indexed("b", "Running", 1),
                new PodBuilder(failedAt("c", NOW.minusSeconds(60)))
                        .editMetadata()
                        .addToAnnotations(JobCore.INDEX, "2")
                        .endMetadata()
                        .build());

        JobCore.Decision decision = JobCore.decide(job, pods, true, NOW);

        assertThat(decision.indexes()).containsExactly(2, 3);
        assertThat(decision.state().completedIndexes()).isEqualTo("0");
        assertThat(decision.state().succeeded()).isEqualTo(1);
    }

    @Test
    void obeysItsPodFailurePolicy() {
        Job job = job(1, 1);
        job.getSpec()
                .setPodFailurePolicy(new PodFailurePolicyBuilder()
                        .addNewRule()
                        .withAction("Ignore")
                        .addNewOnPodCondition("True", "DisruptionTarget")
                        .endRule()
                        .addNewRule()
                        .withAction("FailJob")
                        .withNewOnExitCodes()
                        .withOperator("In")
                        .withValues(42)
                        .endOnExitCodes()
                        .endRule()
                        .build());
        Pod disrupted = new PodBuilder(pod("a", "Failed", true))
                .editStatus()
                .addNewCondition()
                .withType("DisruptionTarget")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();

        JobCore.Decision ignored = JobCore.decide(job, List.of(disrupted), true, NOW);
        assertThat(ignored.state().uncountedFailed()).isEmpty();
        assertThat(ignored.release()).containsExactly(disrupted);
        assertThat(ignored.create()).isEqualTo(1);

        JobCore.Decision failed = JobCore.decide(job, List.of(exited("b", 42)), true, NOW);
        assertThat(failed.state().conditions().getFirst().reason()).isEqualTo("PodFailurePolicy");
        assertThat(failed.state().conditions().getFirst().message())
                .isEqualTo(
                        "Container main for pod default/b failed with exit code 42 matching FailJob rule at index 1");
    }

    @Test
    void givesEachIndexItsOwnLimitAndTellsWhichFailed() {
        Job job = job(3, 3);
        job.getSpec().setCompletionMode("Indexed");
        job.getSpec().setBackoffLimit(Integer.MAX_VALUE);
        job.getSpec().setBackoffLimitPerIndex(1);
        Pod first = failed("a", 0, 0, NOW.minusSeconds(5));

        JobCore.Decision waiting = JobCore.decide(job, List.of(first, indexed("b", "Running", 1)), true, NOW);
        assertThat(waiting.release()).as("the count would go with the pod").isEmpty();
        assertThat(waiting.indexes()).as("other indexes do not wait").containsExactly(2);
        assertThat(waiting.annotations().get(2)).containsEntry(IndexFailures.COUNT, "0");
        assertThat(waiting.again()).contains(Duration.ofSeconds(5));
        assertThat(waiting.state().failedIndexes()).isEmpty();

        JobCore.Decision again = JobCore.decide(job, List.of(first), true, NOW.plusSeconds(5));
        assertThat(again.annotations().get(0)).containsEntry(IndexFailures.COUNT, "1");

        Pod second = failed("c", 0, 1, NOW);
        List<Pod> pods = List.of(first, second, indexed("b", "Succeeded", 1), indexed("d", "Succeeded", 2));
        JobCore.Decision last = JobCore.decide(job, pods, true, NOW);
        assertThat(last.state().failedIndexes()).isEqualTo("0");
        assertThat(last.state().completedIndexes()).isEqualTo("1,2");
        assertThat(last.state().conditions().getFirst().reason()).isEqualTo("FailedIndexes");
        assertThat(last.release()).hasSize(4);
        assertThat(last.create()).isZero();
    }

    @Test
    void failsWithMoreFailedIndexesThanAllowedAndAtOnceByAFailIndexRule() {
        Job job = job(5, 5);
        job.getSpec().setCompletionMode("Indexed");
        job.getSpec().setBackoffLimit(Integer.MAX_VALUE);
        job.getSpec().setBackoffLimitPerIndex(3);
        job.getSpec().setMaxFailedIndexes(0);
        job.getSpec()
                .setPodFailurePolicy(new PodFailurePolicyBuilder()
                        .addNewRule()
                        .withAction("FailIndex")
                        .withNewOnExitCodes()
                        .withOperator("In")
                        .withValues(7)
                        .endOnExitCodes()
                        .endRule()
                        .build());
        Pod hopeless = new PodBuilder(exited("a", 7))
                .editMetadata()
                .addToAnnotations(JobCore.INDEX, "4")
                .endMetadata()
                .build();

        JobCore.Decision decision = JobCore.decide(job, List.of(hopeless), true, NOW);

        assertThat(decision.state().failedIndexes()).isEqualTo("4");
        assertThat(decision.state().conditions().getFirst().reason()).isEqualTo("MaxFailedIndexesExceeded");
    }

    @Test
    void succeedsByTheFirstRuleOfItsSuccessPolicyThatIsMet() {
        Job job = job(4, 4);
        job.getSpec().setCompletionMode("Indexed");
        job.getSpec()
                .setSuccessPolicy(new SuccessPolicyBuilder()
                        .addNewRule()
                        .withSucceededIndexes("0-2")
                        .endRule()
                        .addNewRule()
                        .withSucceededIndexes("1-3")
                        .withSucceededCount(1)
                        .endRule()
                        .build());
        Pod leader = indexed("a", "Succeeded", 0);
        Pod running = indexed("b", "Running", 1);
        assertThat(types(JobCore.decide(job, List.of(leader, running), true, NOW)))
                .isEmpty();

        JobCore.Decision met = JobCore.decide(job, List.of(leader, running, indexed("c", "Succeeded", 3)), true, NOW);

        assertThat(types(met)).containsExactly("SuccessCriteriaMet");
        assertThat(met.state().conditions().getFirst().message()).isEqualTo("Matched rules at index 1");
        assertThat(met.end()).containsExactly(running);
    }

    @Test
    void writesIndexesAsTheApiDoes() {
        assertThat(IndexSet.format(new TreeSet<>(List.of(0, 1, 2, 5, 7, 8)))).isEqualTo("0-2,5,7,8");
        assertThat(IndexSet.parse("0-2,5,9", 9)).containsExactly(0, 1, 2, 5);
        assertThat(IndexSet.format(new TreeSet<>())).isEmpty();
    }

    private static List<String> types(JobCore.Decision decision) {
        return decision.state().conditions().stream().map(Condition::type).toList();
    }

    private static JobState started(Instant time) {
        return new JobState(
                time.toString(), null, 0, 0, 0, 0, 0, "", null, java.util.Set.of(), java.util.Set.of(), List.of());
    }

    private static Job with(Job job, JobState state) {
        return new JobBuilder(job).withStatus(state.model()).build();
    }

    private static Job job(int completions, int parallelism) {
        return new JobBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("job")
                .withUid("uid-job")
                .endMetadata()
                .withNewSpec()
                .withCompletions(completions)
                .withParallelism(parallelism)
                .withBackoffLimit(6)
                .withNewTemplate()
                .withNewSpec()
                .withRestartPolicy("Never")
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private static Pod pod(String uid, String phase, boolean tracked) {
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(uid)
                .withUid(uid)
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withNewStatus()
                .withPhase(phase)
                .endStatus();
        if (tracked) {
            pod.editMetadata().addToFinalizers(JobCore.FINALIZER).endMetadata();
        }
        return pod.build();
    }

    private static Pod failed(String uid, int index, int before, Instant end) {
        return new PodBuilder(failedAt(uid, end))
                .editMetadata()
                .addToAnnotations(JobCore.INDEX, Integer.toString(index))
                .addToAnnotations(IndexFailures.COUNT, Integer.toString(before))
                .endMetadata()
                .build();
    }

    private static Pod indexed(String uid, String phase, int index) {
        return new PodBuilder(pod(uid, phase, true))
                .editMetadata()
                .addToAnnotations(JobCore.INDEX, Integer.toString(index))
                .endMetadata()
                .build();
    }

    private static Pod failedAt(String uid, Instant time) {
        return new PodBuilder(pod(uid, "Failed", true))
                .editStatus()
                .addNewContainerStatus()
                .withName("main")
                .withNewState()
                .withNewTerminated()
                .withExitCode(1)
                .withFinishedAt(time.toString())
                .endTerminated()
                .endState()
                .endContainerStatus()
                .endStatus()
                .build();
    }

    private static Pod exited(String uid, int code) {
        return new PodBuilder(pod(uid, "Failed", true))
                .editStatus()
                .addNewContainerStatus()
                .withName("main")
                .withNewState()
                .withNewTerminated()
                .withExitCode(code)
                .endTerminated()
                .endState()
                .endContainerStatus()
                .endStatus()
                .build();
    }
}
