// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.Query;
import io.mizzen.apiserver.proxy.Forwarder;
import io.mizzen.apiserver.proxy.Target;
import io.mizzen.apiserver.registry.ObjectStore;
import io.mizzen.apiserver.registry.ResourceRegistry;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** Subresources that lead to a kubelet, a pod or a service: log, exec, attach, portforward, proxy. Thread-safe. */
final class ConnectVerbs {
    private static final Set<String> NAMES = Set.of("log", "exec", "attach", "portforward", "proxy");
    private static final String DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

    private final ObjectStore store;
    private final ResourceRegistry resources;
    private final Forwarder forwarder;

    ConnectVerbs(ObjectStore store, ResourceRegistry resources, Forwarder forwarder) {
        this.store = store;
        this.resources = resources;
        this.forwarder = forwarder;
    }

    static boolean serves(String subresource) {
        return NAMES.contains(subresource);
    }

    ApiResponse connect(ResourceRequest request) throws InterruptedException {
        String subresource = request.info().subresource();
        if (subresource.equals("proxy")) {
            return forwarder.forward(request.http(), proxyTarget(request));
        }
        ObjectNode object = store.get(request.resource(), request.namespace(), request.name());
        if (subresource.equals("log")) {
            return forwarder.forwardLog(request.http(), kubelet(object, logPath(request, object)));
        }
        String path = switch (subresource) {
            case "exec", "attach" -> streamPath(request, object, subresource);
            case "portforward" ->
                "/portForward/" + request.namespace() + "/" + request.name() + query(request.query(), Set.of());
            default -> throw StatusException.noSuchPath();
        };
        return forwarder.forward(request.http(), kubelet(object, path));
    }

    private String logPath(ResourceRequest request, ObjectNode pod) {
        if (!request.info().verb().equals("get")) {
            throw StatusException.of(
                    StatusReason.MethodNotAllowed, "the server does not allow this method on the requested resource");
        }
        String container = request.query().text("container");
        List<String> names = containers(pod);
        if (container.isEmpty()) {
            container = defaultContainer(request, pod);
        } else if (!names.contains(container)) {
            throw StatusException.badRequest("container " + container + " is not valid for pod " + request.name());
        }
        if (ObjectTree.text(pod, "spec", "nodeName").isEmpty()) {
            throw StatusException.badRequest("pod " + request.name() + " does not have a host assigned");
        }
        return "/containerLogs/" + request.namespace() + "/" + request.name() + "/" + container
                + query(request.query(), Set.of("container"));
    }

    private static String defaultContainer(ResourceRequest request, ObjectNode pod) {
        List<String> names = new ArrayList<>();
        pod.path("spec")
                .path("containers")
                .forEach(each -> names.add(each.path("name").asText()));
        if (names.size() == 1) {
            return names.getFirst();
        }
        String annotated = ObjectTree.annotations(pod).getOrDefault(DEFAULT_CONTAINER, "");
        if (names.contains(annotated)) {
            return annotated;
        }
        List<String> initNames = new ArrayList<>();
        pod.path("spec")
                .path("initContainers")
                .forEach(each -> initNames.add(each.path("name").asText()));
        String message = "a container name must be specified for pod " + request.name() + ", choose one of: ["
                + String.join(" ", names) + "]";
        throw StatusException.badRequest(
                initNames.isEmpty()
                        ? message
                        : message + " or one of the init containers: [" + String.join(" ", initNames) + "]");
    }

    private static List<String> containers(JsonNode pod) {
        List<String> names = new ArrayList<>();
        for (String list : List.of("initContainers", "containers", "ephemeralContainers")) {
            pod.path("spec")
                    .path(list)
                    .forEach(container -> names.add(container.path("name").asText()));
        }
        return names;
    }

    private static String streamPath(ResourceRequest request, ObjectNode pod, String action) {
        String phase = ObjectTree.text(pod, "status", "phase");
        if (phase.equals("Succeeded") || phase.equals("Failed")) {
            throw StatusException.badRequest(
                    "cannot exec into a container in a completed pod; current phase is " + phase);
        }
        if (ObjectTree.text(pod, "spec", "nodeName").isEmpty()) {
            throw StatusException.badRequest("pod " + request.name() + " does not have a host assigned");
        }
        String container = request.query().text("container");
        if (container.isEmpty()) {
            container = firstContainer(pod);
        } else if (!containers(pod).contains(container)) {
            throw StatusException.badRequest("container " + container + " is not valid for pod " + request.name());
        }
        StringBuilder path =
                new StringBuilder("/" + action + "/" + request.namespace() + "/" + request.name() + "/" + container);
        // The kubelet knows these flags under other names.
        Query query = request.query();
        List<String> pairs = new ArrayList<>();
        for (String stream : List.of("stdin", "stdout", "stderr")) {
            boolean wanted = stream.equals("stdin") ? query.flag(stream) : !query.has(stream) || query.flag(stream);
            if (wanted && !(stream.equals("stderr") && query.flag("tty"))) {
                pairs.add(
                        switch (stream) {
                            case "stdin" -> "input=1";
                            case "stdout" -> "output=1";
                            default -> "error=1";
                        });
            }
        }
        if (query.flag("tty")) {
            pairs.add("tty=1");
        }
        query.all("command").forEach(word -> pairs.add("command=" + encode(word)));
        return path.append('?').append(String.join("&", pairs)).toString();
    }

    private static String firstContainer(ObjectNode pod) {
        String annotated = ObjectTree.annotations(pod).getOrDefault(DEFAULT_CONTAINER, "");
        if (containers(pod).contains(annotated)) {
            return annotated;
        }
        return pod.path("spec").path("containers").path(0).path("name").asText();
    }

    private static String query(Query query, Set<String> without) {
        List<String> pairs = new ArrayList<>();
        query.values().forEach((name, values) -> {
            if (!without.contains(name)) {
                values.forEach(value -> pairs.add(encode(name) + "=" + encode(value)));
            }
        });
        return pairs.isEmpty() ? "" : "?" + String.join("&", pairs);
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private Target kubelet(ObjectNode pod, String path) {
        String nodeName = ObjectTree.text(pod, "spec", "nodeName");
        if (nodeName.isEmpty()) {
            throw StatusException.badRequest("pod " + ObjectTree.name(pod) + " does not have a host assigned");
        }
        ObjectNode node = store.get(resources.require("", "nodes"), "", nodeName);
        return Target.ofKubelet(node, path);
    }

    private Target proxyTarget(ResourceRequest request) {
        String rest = "/" + request.info().rest() + query(request.query(), Set.of());
        String plural = request.resource().definition().plural();
        if (plural.equals("nodes")) {
            return Target.ofKubelet(store.get(request.resource(), "", request.name()), rest)
                    .requireProxyable();
        }
        String kind = plural.equals("pods") ? "pod" : "service";
        ProxyName name = ProxyName.parse(request.name())
                .orElseThrow(
                        () -> StatusException.badRequest("invalid " + kind + " request \"" + request.name() + "\""));
        ObjectNode object = store.get(request.resource(), request.namespace(), name.name());
        return kind.equals("pod") ? podTarget(object, name, rest) : serviceTarget(request, object, name, rest);
    }

    private static Target podTarget(ObjectNode pod, ProxyName name, String rest) {
        String address = ObjectTree.text(pod, "status", "podIP");
        if (address.isEmpty()) {
            throw StatusException.badRequest("address not allowed");
        }
        int first = pod.path("spec")
                .path("containers")
                .path(0)
                .path("ports")
                .path(0)
                .path("containerPort")
                .asInt(80);
        boolean isNumber = name.port().matches("[0-9]{1,5}");
        if (!name.port().isEmpty() && !isNumber) {
            throw StatusException.badRequest("invalid pod request: port \"" + name.port() + "\" is not a number");
        }
        return new Target(address, isNumber ? Integer.parseInt(name.port()) : first, name.isTls(), false, rest)
                .requireProxyable();
    }

    /** One of the ready addresses behind a port of the Service, whichever is drawn. */
    private Target serviceTarget(ResourceRequest request, ObjectNode service, ProxyName name, String rest) {
        String portName = name.port();
        JsonNode ports = service.path("spec").path("ports");
        if (portName.isEmpty() && ports.size() == 1) {
            portName = ports.path(0).path("name").asText("");
        } else if (portName.matches("[0-9]{1,5}")) {
            portName = nameOfPort(ports, Integer.parseInt(portName), name.name());
        }
        List<Target> targets = new ArrayList<>();
        ObjectNode endpoints = store.get(resources.require("", "endpoints"), request.namespace(), name.name());
        for (JsonNode subset : endpoints.path("subsets")) {
            for (JsonNode port : subset.path("ports")) {
                if (port.path("name").asText("").equals(portName)) {
                    int number = port.path("port").asInt();
                    for (JsonNode address : subset.path("addresses")) {
                        if (isOfItsPod(address, request.namespace())) {
                            targets.add(new Target(address.path("ip").asText(), number, name.isTls(), false, rest)
                                    .requireProxyable());
                        }
                    }
                }
            }
        }
        if (targets.isEmpty()) {
            throw StatusException.of(
                    StatusReason.ServiceUnavailable, "no endpoints available for service \"" + request.name() + "\"");
        }
        return targets.get(ThreadLocalRandom.current().nextInt(targets.size()));
    }

    /** Whether an endpoint is a pod of the Service's namespace under that pod's own address; others are not proxied to. */
    private boolean isOfItsPod(JsonNode address, String namespace) {
        JsonNode reference = address.path("targetRef");
        if (!reference.path("kind").asText().equals("Pod")
                || !reference.path("namespace").asText().equals(namespace)) {
            return false;
        }
        try {
            ObjectNode pod = store.get(
                    resources.require("", "pods"),
                    namespace,
                    reference.path("name").asText());
            for (JsonNode podIp : pod.path("status").path("podIPs")) {
                if (podIp.path("ip").equals(address.path("ip"))) {
                    return true;
                }
            }
        } catch (StatusException gone) {
            if (gone.reason() != StatusReason.NotFound) {
                throw gone;
            }
        }
        return false;
    }

    private static String nameOfPort(JsonNode ports, int number, String service) {
        for (JsonNode port : ports) {
            if (port.path("port").asInt() == number) {
                return port.path("name").asText("");
            }
        }
        throw StatusException.of(
                StatusReason.ServiceUnavailable,
                "no service port " + number + " found for service \"" + service + "\"");
    }
}
