// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Selectors;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.command.write.Pause;
import io.mizzen.kubectl.print.Tables;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.tree.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Finds the pod behind {@code pod}, {@code deploy/x}, {@code svc/x}, …, and the container to talk to. Stateless. */
public final class PodChoice {
    private static final long POLL_MILLIS = 200;
    private static final String DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

    private PodChoice() {}

    /** The objects that an argument like {@code x}, {@code pod/x}, {@code deploy/x} names. */
    public static Target resolve(Invocation call, List<String> words) {
        Targets targets = new Targets(call, new Failures(call.io()));
        List<String> arguments =
                words.size() == 1 && words.getFirst().indexOf('/') < 0 ? List.of("pods", words.getFirst()) : words;
        List<Targets.Wanted> wanted = targets.wanted(arguments);
        if (wanted.size() != 1 || !(wanted.getFirst() instanceof Targets.Named named)) {
            throw CommandFailure.error("expected one resource with a name");
        }
        JsonNode object = call.connection().get(named.type().path(named.namespace(), named.name()));
        return new Target(named.type(), named.namespace(), named.name(), object, "");
    }

    /** One pod of the object, the most useful first: ready ones, the youngest of equals. Waits up to {@code patience}. */
    static JsonNode pod(Invocation call, Target target, Duration patience) {
        if (target.type().qualified().equals("pods")) {
            return target.object();
        }
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            List<JsonNode> pods = pods(call, target);
            if (!pods.isEmpty()) {
                return pods.getFirst();
            }
            if (System.nanoTime() >= deadline) {
                throw CommandFailure.error("timed out waiting for the condition");
            }
            Pause.millis(POLL_MILLIS);
        }
    }

    /** All pods that the object selects, the most useful first. */
    static List<JsonNode> pods(Invocation call, Target target) {
        JsonNode selector = target.object().path("spec").path("selector");
        if (target.type().qualified().equals("pods")) {
            return List.of(target.object());
        }
        if (!selector.isObject()) {
            throw CommandFailure.error(
                    "cannot get the logs from " + target.type().kind() + ": no selector");
        }
        ResourceType type = call.mapper().resource("pods");
        Map<String, String> parameters = new TreeMap<>();
        parameters.put("labelSelector", Selectors.text(selector));
        List<JsonNode> pods = new ArrayList<>();
        call.connection()
                .get(Connection.query(type.path(target.namespace()), parameters))
                .path("items")
                .forEach(pods::add);
        pods.sort(Comparator.comparing((JsonNode pod) -> !isReady(pod))
                .thenComparing(pod -> Json.text(pod, "spec", "nodeName").isEmpty())
                .thenComparing(
                        pod -> Tables.instant(Json.text(pod, "metadata", "creationTimestamp")),
                        Comparator.reverseOrder()));
        return pods;
    }

    static boolean isReady(JsonNode pod) {
        for (JsonNode condition : pod.path("status").path("conditions")) {
            if (Json.text(condition, "type").equals("Ready")) {
                return Json.text(condition, "status").equals("True");
            }
        }
        return false;
    }

    /** The container of {@code -c}, of the annotation, or the first, with a word to the user when there were several. */
    static String container(Invocation call, JsonNode pod, String wanted, boolean quiet) {
        String name = Json.name(pod);
        if (!wanted.isEmpty()) {
            if (!exists(pod, wanted)) {
                throw CommandFailure.error("container " + wanted + " not found in pod " + name);
            }
            return wanted;
        }
        String annotated = Json.text(pod.path("metadata").path("annotations"), DEFAULT_CONTAINER);
        if (!annotated.isEmpty() && exists(pod, annotated)) {
            return annotated;
        }
        JsonNode containers = pod.path("spec").path("containers");
        String first = Json.text(containers.path(0), "name");
        if (!quiet && allContainers(pod).size() > 1) {
            call.io().errorLine("Defaulted container \"" + first + "\" out of: " + String.join(", ", described(pod)));
        }
        return first;
    }

    private static List<String> described(JsonNode pod) {
        List<String> names = new ArrayList<>();
        pod.path("spec").path("containers").forEach(one -> names.add(Json.text(one, "name")));
        pod.path("spec").path("initContainers").forEach(one -> names.add(Json.text(one, "name") + " (init)"));
        pod.path("spec").path("ephemeralContainers").forEach(one -> names.add(Json.text(one, "name") + " (ephem)"));
        return names;
    }

    /** The names of all containers: init, main, ephemeral. */
    public static List<String> allContainers(JsonNode pod) {
        List<String> names = new ArrayList<>();
        for (String list : List.of("initContainers", "containers", "ephemeralContainers")) {
            pod.path("spec").path(list).forEach(one -> names.add(Json.text(one, "name")));
        }
        return names;
    }

    private static boolean exists(JsonNode pod, String container) {
        return allContainers(pod).contains(container);
    }

    /** The container's definition; a missing node when there is none. */
    static JsonNode definition(JsonNode pod, String container) {
        for (String list : List.of("containers", "initContainers", "ephemeralContainers")) {
            for (JsonNode one : pod.path("spec").path(list)) {
                if (Json.text(one, "name").equals(container)) {
                    return one;
                }
            }
        }
        return MissingNode.getInstance();
    }
}
