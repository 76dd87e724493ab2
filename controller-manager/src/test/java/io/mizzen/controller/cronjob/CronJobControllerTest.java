// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.cronjob;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.ControllerContext;
import io.mizzen.testing.clock.VirtualClock;
import io.mizzen.testing.cluster.Faults;
import io.mizzen.testing.cluster.MemoryClient;
import io.mizzen.testing.cluster.MemoryCluster;
import io.mizzen.testing.cluster.MemoryInformers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The shell on a cluster in memory: a CronJob that replaces what runs, and a Job that somebody made of it by hand. */
class CronJobControllerTest {
    private static final ResourceType CRONS = ResourceType.of(CronJob.class);
    private static final ResourceType JOBS = ResourceType.of(Job.class);
    private static final String UNEXPECTED =
            "Warning UnexpectedJob: Saw a job that the controller did not create or forgot: by-hand";

    private final VirtualClock clock = new VirtualClock();
    private final MemoryCluster cluster = new MemoryCluster(clock, new Random(1));
    private final MemoryInformers informers = new MemoryInformers(cluster);
    private final List<String> events = new ArrayList<>();
    private final ControllerLoop<?> loop;

    CronJobControllerTest() {
        ControllerContext context = new ControllerContext(
                new MemoryClient(cluster, Faults.NONE, List.of()),
                informers,
                clock,
                new Random(1),
                new SimpleMeterRegistry(),
                component -> (regarding, type, reason, message) -> events.add(type + " " + reason + ": " + message),
                Runnable::run);
        loop = new CronJobController(context).loops().getFirst();
        String uid = create(CRONS, """
                {"apiVersion":"batch/v1","kind":"CronJob","metadata":{"namespace":"n","name":"tick"},"spec":{
                 "schedule":"* * * * *","concurrencyPolicy":"Replace","jobTemplate":{"spec":{"template":{"spec":{}}}}}}""");
        create(JOBS, """
                {"apiVersion":"batch/v1","kind":"Job","metadata":{"namespace":"n","name":"by-hand",
                 "annotations":{"cronjob.kubernetes.io/instantiate":"manual"},"ownerReferences":[
                 {"apiVersion":"batch/v1","kind":"CronJob","name":"tick","uid":"%s","controller":true}]},"spec":{}}""".formatted(uid));
        informers.start();
    }

    @Test
    void tellsOfAnActiveJobThatItDidNotMakeAndLetsItRun() throws InterruptedException {
        assertThat(loop.step()).isTrue();

        assertThat(events).containsExactly(UNEXPECTED);
        assertThat(active()).isEmpty();

        clock.advance(Duration.ofSeconds(61));
        assertThat(loop.step()).isTrue();

        assertThat(events).hasSize(3).contains(UNEXPECTED).last().asString().startsWith("Normal SuccessfulCreate: ");
        assertThat(active()).hasSize(1).doesNotContain("by-hand");
        assertThat(cluster.find(JOBS, new ObjectKey("n", "by-hand"))).isPresent();
    }

    @Test
    void saysNothingOfOneThatHasEnded() throws InterruptedException {
        ObjectNode ended = Json.object();
        ended.putObject("status")
                .putArray("conditions")
                .addObject()
                .put("type", "Complete")
                .put("status", "True");
        cluster.patch(JOBS, new ObjectKey("n", "by-hand"), ended, true);
        while (!informers.behind().isEmpty()) {
            informers.behind().getFirst().deliver();
        }

        assertThat(loop.step()).isTrue();

        assertThat(events).isEmpty();
    }

    private List<String> active() {
        List<String> active = new ArrayList<>();
        cluster.find(CRONS, new ObjectKey("n", "tick"))
                .orElseThrow()
                .at("/status/active")
                .forEach(reference -> active.add(reference.path("name").asText()));
        return active;
    }

    private String create(ResourceType type, String json) {
        return cluster.create(type, (ObjectNode) Json.parse(json))
                .at("/metadata/uid")
                .asText();
    }
}
