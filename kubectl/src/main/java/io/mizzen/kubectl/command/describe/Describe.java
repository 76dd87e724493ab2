// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Selectors;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code kubectl describe}: everything about an object that a person wants to know, with its events. */
public final class Describe extends Command {
    @Override
    public String flags() {
        return "all-namespaces,A:b=false chunk-size:i=500 selector,l:s= show-events:b=true" + FILES;
    }

    @Override
    public String synopsis() {
        return "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)";
    }

    @Override
    public int run(Invocation call) {
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (call.arguments().isEmpty() && !targets.fromFiles()) {
            throw CommandFailure.error(
                    "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a"
                            + " complete list of supported resources.");
        }
        List<Target> found = find(call, targets, failures);
        // Of several objects the events are left out unless asked for: they would take a request each.
        boolean events = call.flags().is("show-events")
                && (found.size() == 1 || call.flags().changed("show-events"));
        boolean first = true;
        for (Target target : found) {
            if (!first) {
                call.io().out().print("\n\n");
            }
            first = false;
            failures.attempt(() -> call.io().out().print(text(call, target, events)));
        }
        boolean named = call.arguments().size() > 1
                || !call.arguments().isEmpty() && call.arguments().getFirst().indexOf('/') >= 0;
        if (found.isEmpty() && failures.exitCode() == 0 && !named) {
            boolean all = call.flags().is("all-namespaces");
            call.io()
                    .errorLine(
                            all || targets.fromFiles() || !namespaced(call, targets)
                                    ? "No resources found"
                                    : "No resources found in " + call.namespace() + " namespace.");
        }
        return failures.exitCode();
    }

    private static boolean namespaced(Invocation call, Targets targets) {
        return targets.types(call.arguments().getFirst()).stream().anyMatch(ResourceType::namespaced);
    }

    /** By exact name, else by prefix, as upstream does it for {@code describe TYPE NAME}. */
    private static List<Target> find(Invocation call, Targets targets, Failures failures) {
        List<Target> found = new ArrayList<>();
        if (targets.fromFiles()) {
            return targets.live(List.of());
        }
        List<StatusFailure> missing = new ArrayList<>();
        for (Targets.Wanted wanted : targets.wanted(call.arguments())) {
            failures.attempt(() -> {
                switch (wanted) {
                    case Targets.Named named -> named(call, targets, named, found, missing);
                    case Targets.Listed listed -> list(targets, listed, "", found);
                }
            });
        }
        missing.forEach(failures::add);
        return found;
    }

    private static void named(
            Invocation call, Targets targets, Targets.Named named, List<Target> found, List<StatusFailure> missing) {
        try {
            JsonNode object = call.connection().get(named.type().path(named.namespace(), named.name()));
            found.add(new Target(named.type(), named.namespace(), named.name(), object, ""));
        } catch (StatusFailure e) {
            if (!e.reason().equals("NotFound")) {
                throw e;
            }
            int before = found.size();
            list(targets, new Targets.Listed(named.type(), named.namespace()), named.name(), found);
            if (found.size() == before) {
                missing.add(e);
            }
        }
    }

    private static void list(Targets targets, Targets.Listed listed, String prefix, List<Target> found) {
        for (JsonNode item : targets.list(listed).path("items")) {
            if (Json.name(item).startsWith(prefix)) {
                if (item instanceof ObjectNode object && !object.has("kind")) {
                    object.put("apiVersion", listed.type().apiVersion())
                            .put("kind", listed.type().kind());
                }
                found.add(new Target(listed.type(), Json.namespace(item), Json.name(item), item, ""));
            }
        }
    }

    private static String text(Invocation call, Target target, boolean events) {
        Description out = new Description();
        Related related = new Related(call, target);
        JsonNode object = target.object();
        boolean withEvents = events;
        switch (target.type().qualified()) {
            case "pods" -> Pods.describe(out, object);
            case "nodes" -> {
                JsonNode lease = related.optional("leases.coordination.k8s.io", "kube-node-lease", target.name());
                Nodes.describe(out, object, lease, related.podsOfNode());
            }
            case "services" -> Services.service(out, object, related.slices());
            case "deployments.apps" -> Workloads.deployment(out, object, related.replicaSets());
            case "replicasets.apps", "replicationcontrollers" -> Workloads.replicaSet(out, object, related.ownedPods());
            case "statefulsets.apps" -> Workloads.statefulSet(out, object, related.ownedPods());
            case "daemonsets.apps" -> Workloads.daemonSet(out, object, related.ownedPods());
            case "jobs.batch" -> Workloads.job(out, object);
            case "cronjobs.batch" -> Workloads.cronJob(out, object);
            case "configmaps" -> Services.configMap(out, object);
            case "secrets" -> {
                Services.secret(out, object);
                withEvents = false;
            }
            case "serviceaccounts" -> Services.serviceAccount(out, object, related.tokens());
            case "namespaces" -> {
                Services.namespace(out, object);
                Quotas.describe(out, related.inNamespace("resourcequotas"), related.inNamespace("limitranges"));
                withEvents = false;
            }
            case "ingresses.networking.k8s.io" -> Services.ingress(out, object, related::slicesOf);
            case "persistentvolumeclaims" -> Claims.claim(out, object, related.usersOfClaim());
            case "persistentvolumes" -> Claims.volume(out, object);
            case "storageclasses.storage.k8s.io" -> Claims.storageClass(out, object);
            case "priorityclasses.scheduling.k8s.io" -> Access.priorityClass(out, object);
            case "roles.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io" -> {
                Access.role(out, object);
                withEvents = false;
            }
            case "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io" -> {
                Access.binding(out, object);
                withEvents = false;
            }
            default -> Generic.describe(out, object);
        }
        if (withEvents) {
            EventList.describe(out, related.events());
        }
        return out.aligned();
    }

    /** What belongs to the object and is asked for only when its description needs it. */
    private static final class Related {
        private final Invocation call;
        private final Target target;

        Related(Invocation call, Target target) {
            this.call = call;
            this.target = target;
        }

        private List<JsonNode> list(String resource, String namespace, Map<String, String> selectors) {
            ResourceType type = call.mapper().resource(resource);
            List<JsonNode> items = new ArrayList<>();
            call.connection()
                    .get(Connection.query(type.path(namespace), selectors))
                    .path("items")
                    .forEach(items::add);
            return items;
        }

        JsonNode events() {
            Map<String, String> selectors = new LinkedHashMap<>();
            StringBuilder fields = new StringBuilder("involvedObject.kind=")
                    .append(target.type().kind());
            fields.append(",involvedObject.name=").append(target.name());
            if (!target.namespace().isEmpty()) {
                fields.append(",involvedObject.namespace=").append(target.namespace());
            }
            String uid = Json.text(target.object(), "metadata", "uid");
            if (!uid.isEmpty() && !target.type().kind().equals("Node")) {
                fields.append(",involvedObject.uid=").append(uid);
            }
            selectors.put("fieldSelector", fields.toString());
            var all = Json.array();
            list("events", target.namespace(), selectors).forEach(all::add);
            return all;
        }

        JsonNode optional(String resource, String namespace, String name) {
            try {
                return call.connection().get(call.mapper().resource(resource).path(namespace, name));
            } catch (StatusFailure e) {
                return MissingNode.getInstance();
            }
        }

        List<JsonNode> podsOfNode() {
            Map<String, String> selectors = new LinkedHashMap<>();
            selectors.put(
                    "fieldSelector",
                    "spec.nodeName=" + target.name() + ",status.phase!=Failed,status.phase!=Succeeded");
            return list("pods", "", selectors);
        }

        List<JsonNode> ownedPods() {
            Map<String, String> selectors = new LinkedHashMap<>();
            selectors.put(
                    "labelSelector", Selectors.text(target.object().path("spec").path("selector")));
            String uid = Json.text(target.object(), "metadata", "uid");
            return list("pods", target.namespace(), selectors).stream()
                    .filter(pod -> ownedBy(pod, uid))
                    .toList();
        }

        private static boolean ownedBy(JsonNode object, String uid) {
            for (JsonNode owner : object.path("metadata").path("ownerReferences")) {
                if (owner.path("controller").asBoolean(false)
                        && Json.text(owner, "uid").equals(uid)) {
                    return true;
                }
            }
            return false;
        }

        List<JsonNode> slices() {
            return slicesOf(target.name());
        }

        List<JsonNode> slicesOf(String service) {
            Map<String, String> selectors = new LinkedHashMap<>();
            selectors.put("labelSelector", "kubernetes.io/service-name=" + service);
            return list("endpointslices.discovery.k8s.io", target.namespace(), selectors);
        }

        Workloads.ReplicaSets replicaSets() {
            Map<String, String> selectors = new LinkedHashMap<>();
            selectors.put(
                    "labelSelector", Selectors.text(target.object().path("spec").path("selector")));
            String uid = Json.text(target.object(), "metadata", "uid");
            List<JsonNode> old = new ArrayList<>();
            List<JsonNode> current = new ArrayList<>();
            JsonNode wanted = withoutHash(target.object().path("spec").path("template"));
            for (JsonNode set : list("replicasets.apps", target.namespace(), selectors)) {
                if (!ownedBy(set, uid)) {
                    continue;
                }
                boolean same = withoutHash(set.path("spec").path("template")).equals(wanted);
                if (same && current.isEmpty()) {
                    current.add(set);
                } else {
                    old.add(set);
                }
            }
            return new Workloads.ReplicaSets(old, current);
        }

        private static JsonNode withoutHash(JsonNode template) {
            ObjectNode copy = template.deepCopy();
            if (copy.path("metadata").path("labels") instanceof ObjectNode labels) {
                labels.remove("pod-template-hash");
            }
            return copy;
        }

        List<JsonNode> usersOfClaim() {
            return list("pods", target.namespace(), Map.of()).stream()
                    .filter(pod -> {
                        for (JsonNode volume : pod.path("spec").path("volumes")) {
                            if (Json.text(volume, "persistentVolumeClaim", "claimName")
                                    .equals(target.name())) {
                                return true;
                            }
                        }
                        return false;
                    })
                    .toList();
        }

        List<String> tokens() {
            return list("secrets", target.namespace(), Map.of()).stream()
                    .filter(secret -> Json.text(secret, "type").equals("kubernetes.io/service-account-token")
                            && Json.text(secret, "metadata", "annotations", "kubernetes.io/service-account.name")
                                    .equals(target.name()))
                    .map(Json::name)
                    .toList();
        }

        List<JsonNode> inNamespace(String resource) {
            return list(resource, target.name(), Map.of());
        }
    }
}
