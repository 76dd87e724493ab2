// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.bootstrap.TokenCleaner;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.controller.job.TtlAfterFinishedController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of what goes when its time is over, finished Jobs and bootstrap tokens: a user who makes them, changes their time,
 * takes them away and makes others of the same name. None goes before its time or without having one, none stays longer than a second
 * once all is well. Replay one with {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class ExpirySimulationTest {
    private static final ResourceType JOBS = ResourceType.of(Job.class);
    private static final ResourceType SECRETS = ResourceType.of(Secret.class);

    private final List<String> violations = new ArrayList<>();
    private final Set<String> leaving = new HashSet<>();
    private Instant calm = Instant.MAX;

    /** What is played. */
    private record Kind(
            ResourceType type,
            List<Function<ControllerContext, Controller>> makers,
            Function<ObjectNode, Optional<Instant>> expiry) {}

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void finishedJobsGoWhenTheirTimeIsOver(long seed) {
        Kind jobs = new Kind(
                JOBS,
                List.of(TtlAfterFinishedController::new, GarbageCollector::new),
                ExpirySimulationTest::expiryOfJob);

        play(jobs, seed, ExpirySimulationTest::changeSomeJob);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void bootstrapTokensGoWhenTheirTimeIsOver(long seed) {
        Kind tokens = new Kind(SECRETS, List.of(TokenCleaner::new), ExpirySimulationTest::expiryOfToken);

        play(tokens, seed, ExpirySimulationTest::changeSomeToken);
    }

    private void play(Kind kind, long seed, Consumer<Simulation> user) {
        Simulation simulation = new Simulation(seed, kind.makers(), List.of(kind.type()));
        simulation.cluster.observe(change -> check(simulation, kind, change));
        simulation.faults = simulation::roughFate;

        simulation.live(300 + simulation.random.nextInt(300), 4, () -> {
            if (simulation.random.nextInt(3) == 0) {
                simulation.clock.advance(Duration.ofMillis(simulation.random.nextInt(8_000)));
            }
            user.accept(simulation);
        });

        simulation.faults = Faults.NONE;
        calm = simulation.clock.instant().plusSeconds(30);
        boolean settled = simulation.settle(
                4_000,
                () -> simulation.cluster.list(kind.type()).stream()
                        .allMatch(object -> kind.expiry().apply(object).isEmpty()));
        String replay = "replay with -Dtest=ExpirySimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(kind.type()))
                .isTrue();
    }

    /** The first change by which an object leaves is judged; what follows only carries it out. */
    private void check(Simulation simulation, Kind kind, Change change) {
        ObjectNode object = change.object();
        boolean leaves =
                change.kind() == Change.Kind.DELETED || object.path("metadata").has("deletionTimestamp");
        if (!leaves || !leaving.add(object.at("/metadata/uid").asText()) || simulation.byUser) {
            return;
        }
        Instant now = simulation.clock.instant();
        Optional<Instant> expiry = kind.expiry().apply(object);
        boolean isEarly = expiry.isEmpty() || now.isBefore(expiry.get());
        boolean isLate = !isEarly
                && expiry.get().isAfter(calm)
                && now.isAfter(expiry.get().plusSeconds(1));
        if (isEarly || isLate) {
            violations.add((isEarly ? "early at " : "late at ") + now + ": " + object);
        }
    }

    private static void changeSomeJob(Simulation simulation) {
        ObjectKey key = new ObjectKey("default", "job-" + simulation.random.nextInt(4));
        if (simulation.cluster.find(JOBS, key).isEmpty()) {
            ObjectNode job = Json.object().put("apiVersion", "batch/v1").put("kind", "Job");
            job.putObject("metadata").put("namespace", "default").put("name", key.name());
            if (simulation.random.nextInt(4) > 0) {
                job.putObject("spec").put("ttlSecondsAfterFinished", simulation.random.nextInt(20));
            } else {
                job.putObject("spec").put("parallelism", 1);
            }
            simulation.cluster.create(JOBS, job);
            return;
        }
        ObjectNode patch = Json.object();
        switch (simulation.random.nextInt(6)) {
            case 0 -> {
                DeleteRequest.Propagation policy = simulation.random.nextBoolean()
                        ? DeleteRequest.Propagation.Background
                        : DeleteRequest.Propagation.Foreground;
                simulation.cluster.delete(JOBS, key, DeleteRequest.plain().with(policy));
            }
            case 1, 2 -> {
                patch.putObject("spec").put("ttlSecondsAfterFinished", simulation.random.nextInt(60));
                simulation.cluster.patch(JOBS, key, patch, false);
            }
            default -> {
                boolean hasEnded = !simulation
                        .cluster
                        .find(JOBS, key)
                        .orElseThrow()
                        .at("/status/conditions")
                        .isEmpty();
                if (!hasEnded) {
                    patch.putObject("status")
                            .putArray("conditions")
                            .addObject()
                            .put("type", simulation.random.nextBoolean() ? "Complete" : "Failed")
                            .put("status", "True")
                            .put(
                                    "lastTransitionTime",
                                    simulation.clock.instant().toString());
                    simulation.cluster.patch(JOBS, key, patch, true);
                }
            }
        }
    }

    private static Optional<Instant> expiryOfJob(ObjectNode job) {
        return job.at("/spec/ttlSecondsAfterFinished").isMissingNode()
                        || job.at("/status/conditions").isEmpty()
                ? Optional.empty()
                : Optional.of(Instant.parse(job.at("/status/conditions/0/lastTransitionTime")
                                .asText())
                        .plusSeconds(job.at("/spec/ttlSecondsAfterFinished").asInt()));
    }

    private static void changeSomeToken(Simulation simulation) {
        int number = simulation.random.nextInt(6);
        // The last but one is in a namespace where tokens are none, the last of a type that is none.
        ObjectKey key = new ObjectKey(number == 4 ? "default" : "kube-system", "token-" + number);
        ObjectNode secret = Json.object();
        ObjectNode data = secret.putObject("data");
        switch (simulation.random.nextInt(6)) {
            case 0 -> data.putNull("expiration");
            case 1 -> data.put("expiration", base64("soon"));
            default -> {
                Instant expiry = simulation.clock.instant().plusSeconds(simulation.random.nextInt(60) - 5);
                data.put("expiration", base64(expiry.toString()));
            }
        }
        if (simulation.cluster.find(SECRETS, key).isEmpty()) {
            secret.put("apiVersion", "v1").put("kind", "Secret");
            secret.put("type", number == 5 ? "Opaque" : "bootstrap.kubernetes.io/token");
            secret.putObject("metadata").put("namespace", key.namespace()).put("name", key.name());
            simulation.cluster.create(SECRETS, secret);
        } else if (simulation.random.nextInt(4) == 0) {
            simulation.cluster.delete(SECRETS, key, DeleteRequest.plain());
        } else {
            simulation.cluster.patch(SECRETS, key, secret, false);
        }
    }

    private static Optional<Instant> expiryOfToken(ObjectNode secret) {
        boolean isToken = secret.path("type").asText().equals("bootstrap.kubernetes.io/token")
                && secret.at("/metadata/namespace").asText().equals("kube-system");
        String encoded = secret.at("/data/expiration").asText("");
        if (!isToken || encoded.isEmpty()) {
            return Optional.empty();
        }
        String text = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
        return Optional.of(text.equals("soon") ? Instant.EPOCH : Instant.parse(text));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
