// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.serviceaccount.TokenSecretController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of service accounts and of Secrets that are to hold their tokens. No Secret is deleted while its account is there,
 * none gets a token of another account or for another Secret, none that is of another type is touched; in the end each has all it
 * should and those without an account are gone. Replay one with {@code -Dsimulation.seed=<seed>}; run more with
 * {@code -Dsimulation.rounds=<n>}.
 */
class TokenSecretSimulationTest {
    private static final ResourceType SECRETS = ResourceType.of(Secret.class);
    private static final ResourceType ACCOUNTS = ResourceType.of(ServiceAccount.class);
    private static final String CA = "-----BEGIN CERTIFICATE-----";
    private static final String TYPE = "kubernetes.io/service-account-token";
    private static final String NAME = "kubernetes.io/service-account.name";
    private static final String UID = "kubernetes.io/service-account.uid";
    private static final List<String> NAMES = List.of("ann", "bob");
    private static final List<String> KEYS = List.of("k1", "k2", "k3", "k4");

    private final List<String> violations = new ArrayList<>();

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void eachSecretHoldsATokenOfItsAccountOrGoes(long seed) {
        Simulation simulation = new Simulation(
                seed, List.of(context -> new TokenSecretController(context, CA)), List.of(SECRETS, ACCOUNTS));
        simulation.extra =
                (path, body) -> path.endsWith("/token") ? Optional.of(issue(simulation, path, body)) : Optional.empty();
        simulation.cluster.observe(change -> check(simulation, change));
        simulation.faults = simulation::roughFate;

        simulation.live(300 + simulation.random.nextInt(300), 5, () -> userStep(simulation));

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(3_000, () -> isAsWanted(simulation));
        String replay = "replay with -Dtest=TokenSecretSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(SECRETS, ACCOUNTS))
                .isTrue();
        simulation.writesWithin(Duration.ofMinutes(20), verb -> true);
        assertThat(simulation.writesWithin(Duration.ofMinutes(30), verb -> true))
                .as(replay)
                .isZero();
    }

    /** What the API server answers to a TokenRequest: the token tells whose it is and what it is bound to. */
    private static JsonNode issue(Simulation simulation, String path, JsonNode body) {
        String[] parts = path.split("/");
        ObjectNode account = simulation
                .cluster
                .find(ACCOUNTS, new ObjectKey(parts[4], parts[6]))
                .orElseThrow(() -> ApiErrors.of(404, "NotFound", "no account " + path));
        JsonNode reference = body.at("/spec/boundObjectRef");
        String secret = simulation
                .cluster
                .find(SECRETS, new ObjectKey(parts[4], reference.path("name").asText()))
                .map(found -> found.at("/metadata/uid").asText())
                .filter(uid -> uid.equals(reference.path("uid").asText()))
                .orElseThrow(() -> ApiErrors.of(404, "NotFound", "no secret " + reference));
        ObjectNode answer = Json.object();
        answer.putObject("status").put("token", account.at("/metadata/uid").asText() + "/" + secret);
        return answer;
    }

    private void check(Simulation simulation, Change change) {
        ObjectNode object = change.object();
        if (simulation.byUser || !object.path("kind").asText().equals("Secret")) {
            return;
        }
        boolean isOther = !object.path("type").asText().equals(TYPE);
        boolean isDeleted = change.kind() == Change.Kind.DELETED;
        boolean isDeletedTooEarly = isDeleted && account(simulation, object).isPresent();
        boolean isFilledWrongly = !isDeleted && !token(object).equals(expected(object));
        if (isOther || isDeletedTooEarly || isFilledWrongly) {
            violations.add("revision " + change.revision() + ": " + change.kind() + " " + object);
        }
    }

    private static String expected(JsonNode secret) {
        return secret.at("/metadata/annotations").path(UID).asText() + "/"
                + secret.at("/metadata/uid").asText();
    }

    private static String token(JsonNode secret) {
        byte[] token = Base64.getDecoder().decode(secret.at("/data/token").asText(""));
        return new String(token, StandardCharsets.UTF_8);
    }

    /** The account that a Secret means, as it is in the store. */
    private static Optional<ObjectNode> account(Simulation simulation, JsonNode secret) {
        JsonNode annotations = secret.at("/metadata/annotations");
        return simulation
                .cluster
                .find(ACCOUNTS, new ObjectKey("default", annotations.path(NAME).asText()))
                .filter(account -> !annotations.has(UID)
                        || account.at("/metadata/uid")
                                .asText()
                                .equals(annotations.path(UID).asText()));
    }

    private static void userStep(Simulation simulation) {
        simulation.byUser = true;
        String name = NAMES.get(simulation.random.nextInt(NAMES.size()));
        ObjectKey key = new ObjectKey("default", KEYS.get(simulation.random.nextInt(KEYS.size())));
        switch (simulation.random.nextInt(8)) {
            case 0 -> delete(simulation, ACCOUNTS, new ObjectKey("default", name));
            case 1, 2 -> {
                if (simulation
                        .cluster
                        .find(ACCOUNTS, new ObjectKey("default", name))
                        .isEmpty()) {
                    simulation.cluster.create(ACCOUNTS, object("ServiceAccount", name));
                }
            }
            case 3 -> delete(simulation, SECRETS, key);
            case 4 -> {
                if (simulation.cluster.find(SECRETS, key).isPresent()) {
                    simulation.cluster.patch(SECRETS, key, spoilt(simulation, name), false);
                }
            }
            default -> {
                if (simulation.cluster.find(SECRETS, key).isEmpty()) {
                    simulation.cluster.create(SECRETS, secret(simulation, key.name(), name));
                }
            }
        }
        simulation.byUser = false;
    }

    /** Something is taken out, or it is to be another account's. */
    private static ObjectNode spoilt(Simulation simulation, String account) {
        ObjectNode patch = Json.object();
        switch (simulation.random.nextInt(3)) {
            case 0 -> patch.putObject("data").putNull("token");
            case 1 -> patch.putObject("data").putNull("ca.crt");
            default -> {
                patch.putObject("metadata")
                        .putObject("annotations")
                        .put(NAME, account)
                        .putNull(UID);
                patch.putNull("data");
            }
        }
        return patch;
    }

    private static ObjectNode object(String kind, String name) {
        ObjectNode object = Json.object().put("apiVersion", "v1").put("kind", kind);
        object.putObject("metadata").put("namespace", "default").put("name", name);
        return object;
    }

    private static ObjectNode secret(Simulation simulation, String name, String account) {
        ObjectNode secret = object("Secret", name);
        ObjectNode metadata = (ObjectNode) secret.get("metadata");
        metadata.putObject("annotations").put(NAME, simulation.random.nextInt(6) == 0 ? "nobody" : account);
        return secret.put("type", simulation.random.nextInt(5) == 0 ? "Opaque" : TYPE);
    }

    private static void delete(Simulation simulation, ResourceType type, ObjectKey key) {
        if (simulation.cluster.find(type, key).isPresent()) {
            simulation.cluster.delete(type, key, DeleteRequest.plain());
        }
    }

    private static boolean isAsWanted(Simulation simulation) {
        return simulation.cluster.list(SECRETS).stream()
                .filter(secret -> secret.path("type").asText().equals(TYPE))
                .allMatch(secret -> account(simulation, secret).isPresent()
                        && token(secret).equals(expected(secret))
                        && secret.path("data").has("ca.crt")
                        && secret.path("data").has("namespace"));
    }
}
