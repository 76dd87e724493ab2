// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;

/** {@code kubectl expose}: a Service for the pods of a workload, a pod or another Service. */
public final class Expose extends Command {
    @Override
    public String flags() {
        return "cluster-ip:s= external-ip:s= field-manager:s=kubectl-expose labels,l:s= load-balancer-ip:s= name:s= port:s="
                + " protocol:s= save-config:b=false selector:s= session-affinity:s= target-port:s= type:s="
                + Overrides.FLAGS + PRINT + FILES + DRY_RUN;
    }

    @Override
    public String synopsis() {
        return "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name]"
                + " [--name=name] [--external-ip=external-ip-of-service] [--type=type]";
    }

    @Override
    public int run(Invocation call) {
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (call.arguments().isEmpty() && !targets.fromFiles()) {
            throw CommandFailure.error("You must provide one or more resources by argument or filename.\n"
                    + "Example resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n"
                    + "   '<resource> <name>'\n   '<resource>'");
        }
        DryRun dryRun = call.dryRun();
        Report report = new Report(call, false);
        for (Target target : targets.live(call.arguments())) {
            failures.attempt(() -> {
                ObjectNode service = service(call.flags(), target);
                Overrides.lay(call.flags(), service);
                if (call.settings().namespaceGiven()
                        && !call.flags().text("overrides").contains("namespace")) {
                    Json.child(service, "metadata").put("namespace", call.namespace());
                }
                create(call, service, target.namespace(), dryRun, report);
            });
        }
        return failures.exitCode();
    }

    private static void create(Invocation call, ObjectNode service, String namespace, DryRun dryRun, Report report) {
        JsonNode made = service;
        if (dryRun != DryRun.CLIENT) {
            String path = io.mizzen.kubectl.rest.Connection.query(
                    Generator.path(service, "services", namespace), call.changeParameters());
            made = call.connection().post(path, service);
        }
        report.done(Generator.shown(service), "exposed", made);
    }

    private static ObjectNode service(Flags flags, Target target) {
        ObjectNode object = Json.object();
        object.put("kind", "Service").put("apiVersion", "v1");
        String name = flags.text("name").isEmpty() ? target.name() : flags.text("name");
        ObjectNode metadata = object.putObject("metadata");
        metadata.put("name", name.length() > 63 ? name.substring(0, 63) : name);
        ObjectNode labels = flags.text("labels").isEmpty()
                ? (ObjectNode) copy(target.object().path("metadata").path("labels"))
                : Generator.pairs(List.of(flags.text("labels").split(",")), "unexpected label spec");
        if (!labels.isEmpty()) {
            metadata.set("labels", labels);
        }
        ObjectNode spec = object.putObject("spec");
        spec.set("ports", ports(flags, target));
        spec.set("selector", selector(flags, target));
        optional(spec, "clusterIP", flags.text("cluster-ip"));
        optional(spec, "type", flags.text("type"));
        if (!flags.text("external-ip").isEmpty()) {
            spec.putArray("externalIPs").add(flags.text("external-ip"));
        }
        optional(spec, "sessionAffinity", flags.text("session-affinity"));
        optional(spec, "loadBalancerIP", flags.text("load-balancer-ip"));
        object.putObject("status").putObject("loadBalancer");
        return object;
    }

    private static JsonNode copy(JsonNode node) {
        return node.isObject() ? node.deepCopy() : Json.object();
    }

    private static void optional(ObjectNode spec, String field, String value) {
        if (!value.isEmpty()) {
            spec.put(field, value);
        }
    }

    private static JsonNode selector(Flags flags, Target target) {
        if (!flags.text("selector").isEmpty()) {
            return Generator.pairs(List.of(flags.text("selector").split(",")), "unexpected selector spec");
        }
        JsonNode object = target.object();
        JsonNode found = switch (target.type().qualified()) {
            case "pods" -> {
                JsonNode labels = object.path("metadata").path("labels");
                if (labels.isEmpty()) {
                    throw CommandFailure.error("couldn't retrieve selectors via --selector flag or introspection: the"
                            + " pod has no labels and cannot be exposed");
                }
                yield labels;
            }
            case "services", "replicationcontrollers" -> object.path("spec").path("selector");
            case "deployments.apps", "replicasets.apps" -> {
                if (!object.path("spec")
                        .path("selector")
                        .path("matchExpressions")
                        .isEmpty()) {
                    throw CommandFailure.error("couldn't retrieve selectors via --selector flag or introspection:"
                            + " couldn't convert expressions - \""
                            + object.path("spec").path("selector")
                            + "\" to map-based selector format");
                }
                yield object.path("spec").path("selector").path("matchLabels");
            }
            default ->
                throw CommandFailure.error("cannot expose a " + target.type().kind());
        };
        return copy(found);
    }

    private static ArrayNode ports(Flags flags, Target target) {
        List<JsonNode> known = new ArrayList<>();
        boolean service = target.type().qualified().equals("services");
        if (service) {
            target.object().path("spec").path("ports").forEach(known::add);
        } else {
            JsonNode spec = target.type().qualified().equals("pods")
                    ? target.object().path("spec")
                    : target.object().path("spec").path("template").path("spec");
            spec.path("containers").forEach(one -> one.path("ports").forEach(known::add));
        }
        String field = service ? "port" : "containerPort";
        List<String> numbers = flags.text("port").isEmpty()
                ? known.stream().map(one -> Json.text(one, field)).toList()
                : List.of(flags.text("port").split(","));
        if (numbers.isEmpty() && !flags.text("cluster-ip").equals("None")) {
            throw CommandFailure.error("couldn't find port via --port flag or introspection\n"
                    + "See 'kubectl expose -h' for help and examples");
        }
        ArrayNode ports = Json.array();
        for (int i = 0; i < numbers.size(); i++) {
            String number = numbers.get(i);
            ObjectNode port = ports.addObject();
            if (numbers.size() > 1) {
                port.put("name", "port-" + (i + 1));
            }
            String protocol = flags.text("protocol");
            for (JsonNode one : known) {
                if (protocol.isEmpty() && Json.text(one, field).equals(number)) {
                    protocol = Json.text(one, "protocol");
                }
            }
            port.put("protocol", protocol.isEmpty() ? "TCP" : protocol);
            try {
                port.put("port", Long.parseLong(number));
            } catch (NumberFormatException e) {
                throw CommandFailure.error("strconv.Atoi: parsing \"" + number + "\": invalid syntax");
            }
            String inside = flags.text("target-port").isEmpty() ? number : flags.text("target-port");
            if (inside.matches("\\d+")) {
                port.put("targetPort", Long.parseLong(inside));
            } else {
                port.put("targetPort", inside);
            }
        }
        return ports;
    }
}
