// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.cronjob.CronJobController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of one CronJob: Jobs that end well or badly or are deleted; a user who suspends and resumes; hours in which nobody
 * looks; a process with stale caches and failing writes. No time starts twice or too early, the concurrency policy holds, and in the
 * end the history is as long as it may be and the status lists what runs. Replay one with {@code -Dsimulation.seed=<seed>}; run more
 * with {@code -Dsimulation.rounds=<n>}.
 */
class CronSimulationTest {
    private static final ResourceType CRONS = ResourceType.of(CronJob.class);
    private static final ResourceType JOBS = ResourceType.of(Job.class);
    private static final ObjectKey TICK = new ObjectKey("default", "tick");
    private static final String[] POLICIES = {"Allow", "Forbid", "Replace"};

    static LongStream seeds() {
        // Times noted by a write whose answer was lost.
        return Simulation.seeds(25, 551, 589, 958);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void startsEachTimeOnceByItsPolicy(long seed) {
        Simulation simulation = new Simulation(seed, List.of(CronJobController::new));
        String policy = POLICIES[simulation.random.nextInt(POLICIES.length)];
        int kept = simulation.random.nextInt(3);
        List<String> violations = new ArrayList<>();
        Set<String> started = new HashSet<>();
        simulation.cluster.observe(change -> check(simulation, change, policy, started, violations));
        simulation.cluster.create(CRONS, Json.tree(cron(policy, kept)));
        simulation.faults = simulation::roughFate;

        for (int i = 0; i < 400; i++) {
            if (simulation.random.nextInt(10) == 0) {
                userStep(simulation, started);
            } else if (!simulation.step()) {
                boolean isLong = simulation.random.nextInt(30) == 0;
                simulation.clock.advance(Duration.ofSeconds(1 + simulation.random.nextInt(isLong ? 20_000 : 60)));
            }
        }

        simulation.faults = Faults.NONE;
        setSuspended(simulation, false);
        boolean settled = simulation.settle(5_000, () -> isAsWanted(simulation, kept));
        String replay = "replay with -Dtest=CronSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay + ", policy " + policy).isEmpty();
        assertThat(simulation
                        .cluster
                        .find(CronJob.class, TICK)
                        .orElseThrow()
                        .getStatus()
                        .getLastScheduleTime())
                .as(replay)
                .isNotNull();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(CRONS, JOBS))
                .isTrue();
    }

    private static void check(
            Simulation simulation, Change change, String policy, Set<String> started, List<String> violations) {
        if (!change.type().equals(JOBS) || change.kind() != Change.Kind.ADDED) {
            return;
        }
        String name = change.object().path("metadata").path("name").asText();
        long minute = Long.parseLong(name.substring("tick-".length()));
        String last = simulation
                .cluster
                .find(CRONS, TICK)
                .orElseThrow()
                .path("status")
                .path("lastScheduleTime")
                .asText("");
        boolean isNoted = !last.isEmpty() && Instant.parse(last).getEpochSecond() >= minute * 60;
        if (!started.add(name) || isNoted) {
            violations.add(name + " was started twice");
        }
        if (minute * 60 > simulation.clock.instant().getEpochSecond() || minute % 2 != 0) {
            violations.add(name + " was started at " + simulation.clock.instant());
        }
        long active = simulation.cluster.list(JOBS).stream()
                .filter(job -> !isFinished(job))
                .count();
        if (!policy.equals("Allow") && active > 1) {
            violations.add(active + " run at a time");
        }
    }

    private static void userStep(Simulation simulation, Set<String> started) {
        List<ObjectNode> jobs = simulation.cluster.list(JOBS);
        switch (simulation.random.nextInt(5)) {
            case 0 -> setSuspended(simulation, simulation.random.nextInt(3) == 0);
            case 1, 2, 3 -> {
                List<ObjectNode> active =
                        jobs.stream().filter(job -> !isFinished(job)).toList();
                if (!active.isEmpty()) {
                    end(simulation, active.get(simulation.random.nextInt(active.size())));
                }
            }
            default -> {
                if (!jobs.isEmpty()) {
                    ObjectNode job = jobs.get(simulation.random.nextInt(jobs.size()));
                    // What goes before anybody has noted it may come again.
                    started.remove(job.path("metadata").path("name").asText());
                    simulation.cluster.delete(JOBS, Simulation.keyOf(job), DeleteRequest.plain());
                }
            }
        }
    }

    private static void end(Simulation simulation, ObjectNode job) {
        String now = simulation.clock.instant().toString();
        boolean well = simulation.random.nextInt(3) > 0;
        ObjectNode patch = Json.object();
        ObjectNode status = patch.putObject("status").put("startTime", now);
        if (well) {
            status.put("completionTime", now);
        }
        status.putArray("conditions")
                .addObject()
                .put("type", well ? "Complete" : "Failed")
                .put("status", "True")
                .put("lastTransitionTime", now);
        simulation.cluster.patch(JOBS, Simulation.keyOf(job), patch, true);
    }

    private static void setSuspended(Simulation simulation, boolean suspended) {
        ObjectNode patch = Json.object();
        patch.putObject("spec").put("suspend", suspended);
        simulation.cluster.patch(CRONS, TICK, patch, false);
    }

    private static boolean isAsWanted(Simulation simulation, int kept) {
        List<ObjectNode> jobs = simulation.cluster.list(JOBS);
        List<String> active = jobs.stream()
                .filter(job -> !isFinished(job))
                .map(job -> job.path("metadata").path("uid").asText())
                .sorted()
                .toList();
        List<String> listed = new ArrayList<>();
        simulation
                .cluster
                .find(CRONS, TICK)
                .orElseThrow()
                .path("status")
                .path("active")
                .forEach(reference -> listed.add(reference.path("uid").asText()));
        return count(jobs, "Complete") <= kept
                && count(jobs, "Failed") <= kept
                && listed.stream().sorted().toList().equals(active);
    }

    private static long count(List<ObjectNode> jobs, String end) {
        return jobs.stream()
                .filter(job -> job.path("status").path("conditions").toString().contains("\"" + end + "\""))
                .count();
    }

    private static boolean isFinished(ObjectNode job) {
        return !job.path("status").path("conditions").isEmpty();
    }

    private static CronJob cron(String policy, int kept) {
        return new CronJobBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("tick")
                .endMetadata()
                .withNewSpec()
                .withSchedule("*/2 * * * *")
                .withConcurrencyPolicy(policy)
                .withSuccessfulJobsHistoryLimit(kept)
                .withFailedJobsHistoryLimit(kept)
                .withNewJobTemplate()
                .withNewSpec()
                .withNewTemplate()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("main")
                .withImage("image")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .endJobTemplate()
                .endSpec()
                .build();
    }
}
