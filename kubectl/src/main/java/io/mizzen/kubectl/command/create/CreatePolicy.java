// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.tree.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code kubectl create namespace|priorityclass|poddisruptionbudget|quota|ingress}. */
public final class CreatePolicy {
    private CreatePolicy() {}

    /** {@code create namespace}. */
    public static final class Namespace extends Generator {
        /** Made for one call. */
        public Namespace() {
            super("namespaces", false, "");
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            ObjectNode object = object("Namespace", "v1", name);
            object.putObject("spec");
            object.putObject("status");
            return object;
        }
    }

    /** {@code create priorityclass}. */
    public static final class PriorityClass extends Generator {
        /** Made for one call. */
        public PriorityClass() {
            super(
                    "priorityclasses",
                    false,
                    "description:s= global-default:b=false preemption-policy:s=PreemptLowerPriority value:i=0");
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            Flags flags = call.flags();
            ObjectNode object = object("PriorityClass", "scheduling.k8s.io/v1", name);
            object.put("value", flags.number("value"));
            if (flags.is("global-default")) {
                object.put("globalDefault", true);
            }
            if (!flags.text("description").isEmpty()) {
                object.put("description", flags.text("description"));
            }
            return object.put("preemptionPolicy", flags.text("preemption-policy"));
        }
    }

    /** {@code create poddisruptionbudget}. */
    public static final class DisruptionBudget extends Generator {
        /** Made for one call. */
        public DisruptionBudget() {
            super("poddisruptionbudgets", true, "max-unavailable:s= min-available:s= selector:s=");
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            Flags flags = call.flags();
            String least = flags.text("min-available");
            String most = flags.text("max-unavailable");
            if (flags.text("selector").isEmpty()) {
                throw CommandFailure.error("a selector must be specified");
            }
            if (least.isEmpty() && most.isEmpty()) {
                throw CommandFailure.error("one of min-available or max-unavailable must be specified");
            }
            if (!least.isEmpty() && !most.isEmpty()) {
                throw CommandFailure.error("min-available and max-unavailable cannot be both specified");
            }
            ObjectNode object = object("PodDisruptionBudget", "policy/v1", name);
            ObjectNode spec = object.putObject("spec");
            if (!least.isEmpty()) {
                amount(spec, "minAvailable", least);
            }
            spec.putObject("selector")
                    .set("matchLabels", pairs(List.of(flags.text("selector").split(",")), "invalid selector"));
            if (!most.isEmpty()) {
                amount(spec, "maxUnavailable", most);
            }
            ObjectNode status = object.putObject("status");
            status.put("disruptionsAllowed", 0)
                    .put("currentHealthy", 0)
                    .put("desiredHealthy", 0)
                    .put("expectedPods", 0);
            return object;
        }

        private static void amount(ObjectNode spec, String field, String text) {
            if (text.matches("\\d+")) {
                spec.put(field, Long.parseLong(text));
            } else {
                spec.put(field, text);
            }
        }
    }

    /** {@code create quota}. */
    public static final class Quota extends Generator {
        /** Made for one call. */
        public Quota() {
            super("resourcequotas", true, "hard:s= scopes:s=");
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            ObjectNode object = object("ResourceQuota", "v1", name);
            ObjectNode spec = object.putObject("spec");
            if (!call.flags().text("hard").isEmpty()) {
                spec.set("hard", pairs(List.of(call.flags().text("hard").split(",")), "invalid argument syntax"));
            }
            if (!call.flags().text("scopes").isEmpty()) {
                ArrayNode scopes = spec.putArray("scopes");
                for (String scope : call.flags().text("scopes").split(",")) {
                    scopes.add(scope);
                }
            }
            object.putObject("status");
            return object;
        }
    }

    /** {@code create ingress}. */
    public static final class Ingress extends Generator {
        /** Made for one call. */
        public Ingress() {
            super("ingresses", true, "annotation:a= class:s= default-backend:s= rule:a=");
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            Flags flags = call.flags();
            if (flags.text("default-backend").isEmpty() && flags.list("rule").isEmpty()) {
                throw CommandFailure.error(
                        "not enough information provided: every ingress has to either specify a"
                                + " default-backend (which catches all traffic) or a list of rules (which catch specific paths)");
            }
            ObjectNode object = object("Ingress", "networking.k8s.io/v1", name);
            if (!flags.list("annotation").isEmpty()) {
                ObjectNode annotations =
                        pairs(flags.list("annotation"), "annotation is invalid and should be in format key=value");
                Json.child(object, "metadata").set("annotations", annotations);
            }
            ObjectNode spec = object.putObject("spec");
            if (!flags.text("class").isEmpty()) {
                spec.put("ingressClassName", flags.text("class"));
            }
            if (!flags.text("default-backend").isEmpty()) {
                spec.set("defaultBackend", backend(flags.text("default-backend")));
            }
            ArrayNode tls = Json.array();
            Map<String, ArrayNode> byHost = new LinkedHashMap<>();
            for (String rule : flags.list("rule")) {
                rule(rule, byHost, tls);
            }
            if (!tls.isEmpty()) {
                spec.set("tls", tls);
            }
            if (!byHost.isEmpty()) {
                ArrayNode rules = spec.putArray("rules");
                byHost.forEach((host, paths) -> {
                    ObjectNode rule = rules.addObject();
                    if (!host.isEmpty()) {
                        rule.put("host", host);
                    }
                    rule.putObject("http").set("paths", paths);
                });
            }
            object.putObject("status").putObject("loadBalancer");
            return object;
        }

        private static ObjectNode backend(String text) {
            int colon = text.indexOf(':');
            if (colon <= 0) {
                throw CommandFailure.error("default-backend should be in format servicename:serviceport");
            }
            ObjectNode backend = Json.object();
            ObjectNode service = backend.putObject("service");
            service.put("name", text.substring(0, colon));
            String port = text.substring(colon + 1);
            ObjectNode portNode = service.putObject("port");
            if (port.matches("\\d+")) {
                portNode.put("number", Long.parseLong(port));
            } else {
                portNode.put("name", port);
            }
            return backend;
        }

        private static void rule(String text, Map<String, ArrayNode> byHost, ArrayNode tls) {
            int equals = text.indexOf('=');
            if (equals < 0) {
                throw CommandFailure.error("rule " + text
                        + " is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]");
            }
            String place = text.substring(0, equals);
            int slash = place.indexOf('/');
            String host = slash < 0 ? place : place.substring(0, slash);
            String path = slash < 0 ? "" : place.substring(slash);
            String[] parts = text.substring(equals + 1).split(",", -1);
            boolean prefix = path.endsWith("*");
            ObjectNode entry = byHost.computeIfAbsent(host, _ -> Json.array()).addObject();
            entry.put("path", prefix ? path.substring(0, path.length() - 1) : path.isEmpty() ? "/" : path);
            entry.put("pathType", prefix ? "Prefix" : "Exact");
            entry.set("backend", backend(parts[0]));
            for (int i = 1; i < parts.length; i++) {
                if (parts[i].equals("tls") || parts[i].startsWith("tls=")) {
                    ObjectNode secured = tls.addObject();
                    if (!host.isEmpty()) {
                        secured.putArray("hosts").add(host);
                    }
                    if (parts[i].startsWith("tls=")) {
                        secured.put("secretName", parts[i].substring(4));
                    }
                }
            }
        }
    }
}
