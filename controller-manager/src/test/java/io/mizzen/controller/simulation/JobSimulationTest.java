// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.job.JobController;
import io.mizzen.testing.cluster.Faults;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of one Job: pods that succeed, fail or are deleted; a user who suspends and resumes; caches that lag; writes that
 * conflict, get lost or are the last thing a process does. No end is counted twice or lost, no index runs twice at a time, no limit is
 * passed, and in the end the Job has ended. Replay one with {@code -Dsimulation.seed=<seed>}; run more with
 * {@code -Dsimulation.rounds=<n>}.
 */
class JobSimulationTest {
    private static final ResourceType JOBS = ResourceType.of(Job.class);
    private static final ObjectKey WORK = new ObjectKey("default", "work");
    private static final AtomicInteger COMPLETE = new AtomicInteger();
    private static final AtomicInteger FAILED = new AtomicInteger();

    static LongStream seeds() {
        // Pods made on a status older than the controller's own.
        return Simulation.seeds(40, 157, 275, 330, 396, 518);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void countsEveryEndOnceAndEnds(long seed) {
        Simulation simulation = new Simulation(seed, List.of(JobController::new));
        simulation.ending = 30;
        simulation.failing = simulation.random.nextInt(60);
        JobInvariants invariants = new JobInvariants(simulation);
        simulation.cluster.create(JOBS, Json.tree(randomJob(simulation)));
        simulation.faults = simulation::roughFate;

        simulation.live(200 + simulation.random.nextInt(300), 30, () -> userStep(simulation));

        simulation.faults = Faults.NONE;
        setSuspended(simulation, false);
        boolean settled = simulation.settle(20_000, () -> isFinished(simulation));

        String replay = "replay with -Dtest=JobSimulationTest -Dsimulation.seed=" + seed;
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(JOBS, Simulation.PODS))
                .isTrue();
        invariants.checkEnd(simulation.cluster.find(JOBS, WORK).orElseThrow());
        assertThat(invariants.violations)
                .as(() -> replay + "\n" + simulation.describe(JOBS, Simulation.PODS))
                .isEmpty();
        (has(simulation, "Complete") ? COMPLETE : FAILED).incrementAndGet();
    }

    @AfterAll
    static void theHistoriesHadBothEnds() {
        if (Long.getLong("simulation.seed") == null) {
            assertThat(COMPLETE).as("complete Jobs").hasPositiveValue();
            assertThat(FAILED).as("failed Jobs").hasPositiveValue();
        }
    }

    private static Job randomJob(Simulation simulation) {
        var random = simulation.random;
        int completions = 1 + random.nextInt(6);
        Job job = new JobBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("work")
                .endMetadata()
                .withNewSpec()
                .withParallelism(1 + random.nextInt(4))
                .withCompletions(random.nextInt(6) == 0 ? null : completions)
                .withBackoffLimit(random.nextInt(8))
                .withPodReplacementPolicy(random.nextBoolean() ? "Failed" : "TerminatingOrFailed")
                .withNewSelector()
                .addToMatchLabels("job", "work")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("job", "work")
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("main")
                .withImage("image")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
        if (random.nextBoolean()) {
            job.getSpec().setCompletionMode("Indexed");
            job.getSpec().setCompletions(completions);
            if (random.nextBoolean()) {
                job.getSpec().setBackoffLimit(Integer.MAX_VALUE);
                job.getSpec().setBackoffLimitPerIndex(random.nextInt(3));
                job.getSpec().setMaxFailedIndexes(random.nextBoolean() ? random.nextInt(completions) : null);
            }
        }
        return job;
    }

    private static void userStep(Simulation simulation) {
        switch (simulation.random.nextInt(4)) {
            case 0 -> setSuspended(simulation, true);
            case 1, 2 -> setSuspended(simulation, false);
            default -> simulation.deleteSomePod();
        }
    }

    private static void setSuspended(Simulation simulation, boolean suspended) {
        if (!has(simulation, "Complete") && !has(simulation, "Failed")) {
            ObjectNode patch = Json.object();
            patch.putObject("spec").put("suspend", suspended);
            simulation.cluster.patch(JOBS, WORK, patch, false);
        }
    }

    private static boolean isFinished(Simulation simulation) {
        boolean released = simulation.cluster.list(Simulation.PODS).stream().noneMatch(JobInvariants::isTracked);
        return released && (has(simulation, "Complete") || has(simulation, "Failed"));
    }

    private static boolean has(Simulation simulation, String type) {
        for (var condition :
                simulation.cluster.find(JOBS, WORK).orElseThrow().path("status").path("conditions")) {
            if (condition.path("type").asText().equals(type)
                    && condition.path("status").asText().equals("True")) {
                return true;
            }
        }
        return false;
    }
}
