// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.certificate.ApprovingController;
import io.mizzen.controller.certificate.CleanerController;
import io.mizzen.controller.certificate.SigningController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of signing requests, good and bad, of joining nodes, of nodes for themselves and of others; a person approves and
 * denies some. None is approved by the controller that its rules refuse, none is signed that is not approved or that its signer refuses,
 * none gets a second certificate, and none goes before its age. In the end all are decided that can be, and a day later all are gone.
 * Replay one with {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class CertificateSimulationTest {
    private static final ResourceType REQUESTS = ResourceType.of(CertificateSigningRequest.class);
    private static final ResourceType NODES = ResourceType.of(Node.class);
    private static final String CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
    private static final List<String> SIGNERS =
            List.of(CLIENT, CLIENT, "kubernetes.io/kube-apiserver-client", "example.com/signer");
    /** The first may ask for any node's certificate, the second for its own, the last for none. */
    private static final List<String> USERS = List.of("system:bootstrap:abc", "system:node:one", "system:node:two");

    private final List<String> violations = new ArrayList<>();
    private final Map<String, ObjectNode> before = new HashMap<>();

    static LongStream seeds() {
        return Simulation.seeds(40);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void onlyGoodRequestsAreSignedAndNoneGoesEarly(long seed) {
        Simulation simulation = new Simulation(
                seed,
                List.of(
                        ApprovingController::new,
                        context -> new SigningController(context, Requests.authority(), Requests.key()),
                        CleanerController::new),
                List.of(REQUESTS, NODES, ServiceWorld.SERVICES, ResourceType.of(Endpoints.class)));
        simulation.extra = (path, body) -> review(body);
        simulation.cluster.observe(change -> check(simulation, change));
        simulation.faults = simulation::roughFate;

        simulation.live(200 + simulation.random.nextInt(300), 4, () -> userStep(simulation));

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(
                4_000,
                () -> simulation.cluster.list(REQUESTS).stream().allMatch(request -> isDecided(simulation, request)));
        String replay = "replay with -Dtest=CertificateSimulationTest -Dsimulation.seed=" + seed;
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(REQUESTS, NODES))
                .isTrue();
        assertThat(simulation.writesWithin(Duration.ofHours(26), verb -> verb.equals("create")))
                .isZero();
        assertThat(violations).as(replay).isEmpty();
        assertThat(simulation.cluster.list(REQUESTS)).as(replay).isEmpty();
    }

    private static Optional<JsonNode> review(JsonNode body) {
        String right = body.at("/spec/resourceAttributes/subresource").asText();
        ObjectNode answer = Json.object();
        answer.putObject("status")
                .put("allowed", isAllowed(body.at("/spec/user").asText(), right));
        return Optional.of(answer);
    }

    private static boolean isAllowed(String user, String right) {
        return user.equals(USERS.getFirst()) && right.equals("nodeclient")
                || user.equals(USERS.get(1)) && right.equals("selfnodeclient");
    }

    private void check(Simulation simulation, Change change) {
        if (!change.type().equals(REQUESTS)) {
            return;
        }
        ObjectNode now = change.object();
        Optional<ObjectNode> was = Optional.ofNullable(
                        before.put(now.at("/metadata/name").asText(), now))
                .filter(each -> each.at("/metadata/uid").equals(now.at("/metadata/uid")));
        if (simulation.byUser || was.isEmpty()) {
            return;
        }
        boolean isRight = change.kind() == Change.Kind.DELETED
                ? isOver(now, simulation.clock.instant())
                : isRight(simulation, was.get(), now);
        if (!isRight) {
            violations.add("revision " + change.revision() + ": " + change.kind() + " " + now);
        }
    }

    private static boolean isRight(Simulation simulation, ObjectNode was, ObjectNode now) {
        if (!certificate(now).equals(certificate(was))) {
            return certificate(was).isEmpty() && isToSign(was) && isGood(was);
        }
        if (has(now, "Failed")) {
            return isToSign(was) && !isGood(was);
        }
        boolean isUndecided =
                was.at("/status/conditions").isEmpty() && certificate(was).isEmpty();
        return isUndecided && has(now, "Approved") && mayApprove(simulation, was);
    }

    /** By the right of the one who asks, and for another than the node itself only while the cache shows no such node alive. */
    private static boolean mayApprove(Simulation simulation, ObjectNode request) {
        String user = request.at("/spec/username").asText();
        boolean isSelf = user.equals(node(request)) && isAllowed(user, "selfnodeclient");
        boolean isAlive = simulation
                .informers
                .of(Node.class)
                .find(ObjectKey.cluster(node(request).substring("system:node:".length())))
                .filter(node -> "True"
                        .equals(node.getStatus().getConditions().getFirst().getStatus()))
                .isPresent();
        return request.at("/spec/signerName").asText().equals(CLIENT)
                && isGood(request)
                && (isSelf || isAllowed(user, "nodeclient") && !isAlive);
    }

    private static boolean isDecided(Simulation simulation, ObjectNode request) {
        if (request.at("/status/conditions").isEmpty()) {
            return !mayApprove(simulation, request);
        }
        return !isToSign(request) || !certificate(request).isEmpty();
    }

    private static boolean isToSign(ObjectNode request) {
        return has(request, "Approved")
                && !has(request, "Denied")
                && !has(request, "Failed")
                && request.at("/spec/signerName").asText().startsWith("kubernetes.io/");
    }

    /** What {@link #create} made so that its signer signs it. */
    private static boolean isGood(ObjectNode request) {
        return request.at("/metadata/labels/good").asText().equals("true");
    }

    private static boolean isOver(ObjectNode request, Instant now) {
        JsonNode condition = request.at("/status/conditions/0");
        boolean isFinal = !certificate(request).isEmpty() || has(request, "Denied") || has(request, "Failed");
        String since = isFinal
                ? condition.path("lastUpdateTime").asText()
                : request.at("/metadata/creationTimestamp").asText();
        return Instant.parse(since).plus(Duration.ofHours(isFinal ? 1 : 24)).isBefore(now);
    }

    private static boolean has(ObjectNode request, String type) {
        for (JsonNode condition : request.at("/status/conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return true;
            }
        }
        return false;
    }

    private static String certificate(ObjectNode request) {
        return request.at("/status/certificate").asText("");
    }

    private static String node(ObjectNode request) {
        return request.at("/metadata/labels/node").asText().replace('.', ':');
    }

    private static void userStep(Simulation simulation) {
        ObjectKey key = ObjectKey.cluster("request-" + simulation.random.nextInt(6));
        Optional<ObjectNode> present = simulation.cluster.find(REQUESTS, key);
        switch (simulation.random.nextInt(10)) {
            case 0 -> flipSomeNode(simulation);
            case 1 -> simulation.clock.advance(Duration.ofMinutes(simulation.random.nextInt(600)));
            case 2, 3 -> present.ifPresent(request -> decide(simulation, request));
            case 4 -> {
                if (present.isPresent()) {
                    simulation.cluster.delete(REQUESTS, key, DeleteRequest.plain());
                }
            }
            default -> {
                if (present.isEmpty()) {
                    create(simulation, key);
                }
            }
        }
    }

    private static void create(Simulation simulation, ObjectKey key) {
        String node = simulation.random.nextBoolean() ? "system:node:one" : "system:node:two";
        boolean isGood = simulation.random.nextInt(4) > 0;
        ObjectNode request =
                Json.object().put("apiVersion", REQUESTS.apiVersion()).put("kind", REQUESTS.kind());
        request.putObject("metadata")
                .put("name", key.name())
                .putObject("labels")
                .put("node", node.replace(':', '.'))
                .put("good", Boolean.toString(isGood));
        ObjectNode spec = request.putObject("spec")
                .put("request", Requests.of("O=system:nodes,CN=" + node))
                .put("signerName", SIGNERS.get(simulation.random.nextInt(SIGNERS.size())))
                .put("username", USERS.get(simulation.random.nextInt(USERS.size())));
        spec.putArray("groups").add("system:nodes");
        spec.putArray("usages").add("digital signature").add(isGood ? "client auth" : "server auth");
        simulation.cluster.create(REQUESTS, request);
    }

    /** A person approves or denies what nobody has decided on. */
    private static void decide(Simulation simulation, ObjectNode request) {
        if (!request.at("/status/conditions").isEmpty()) {
            return;
        }
        ObjectNode decided = request.deepCopy();
        decided.withObject("/status")
                .putArray("conditions")
                .addObject()
                .put("type", simulation.random.nextBoolean() ? "Approved" : "Denied")
                .put("status", "True");
        simulation.cluster.updateApproval(REQUESTS, decided);
    }

    private static void flipSomeNode(Simulation simulation) {
        ObjectKey key = ObjectKey.cluster(simulation.random.nextBoolean() ? "one" : "two");
        ObjectNode status = Json.object();
        ArrayNode conditions = status.putObject("status").putArray("conditions");
        conditions.addObject().put("type", "Ready").put("status", simulation.random.nextBoolean() ? "True" : "Unknown");
        if (simulation.cluster.find(NODES, key).isPresent()) {
            simulation.cluster.patch(NODES, key, status, true);
        } else {
            status.put("apiVersion", "v1")
                    .put("kind", "Node")
                    .putObject("metadata")
                    .put("name", key.name());
            simulation.cluster.create(NODES, status);
        }
    }
}
