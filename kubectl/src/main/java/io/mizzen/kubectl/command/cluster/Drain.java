// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Selectors;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.command.write.Change;
import io.mizzen.kubectl.command.write.Pause;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** {@code kubectl cordon}, {@code uncordon} and {@code drain}. */
public final class Drain extends Command {
    private static final long RETRY_MILLIS = 5_000;
    private static final long POLL_MILLIS = 500;

    private final String verb;

    /** @param verb {@code cordon}, {@code uncordon} or {@code drain} */
    public Drain(String verb) {
        this.verb = verb;
    }

    @Override
    public String flags() {
        return "selector,l:s="
                + (verb.equals("drain")
                        ? " chunk-size:i=500 delete-emptydir-data:b=false disable-eviction:b=false force:b=false"
                                + " grace-period:i=-1 ignore-daemonsets:b=false pod-selector:s="
                                + " skip-wait-for-delete-timeout:i=0 timeout:d=0s"
                        : "")
                + DRY_RUN;
    }

    @Override
    public String synopsis() {
        return "NODE";
    }

    @Override
    public int run(Invocation call) {
        List<String> names = call.arguments();
        boolean selects = !call.flags().text("selector").isEmpty();
        if (names.isEmpty() && !selects) {
            throw call.usage("USAGE: " + verb + " NODE [flags]");
        }
        if (!names.isEmpty() && selects) {
            throw call.usage("error: cannot specify both a node name and a --selector option");
        }
        Failures failures = new Failures(call.io());
        List<String> arguments = new ArrayList<>();
        if (names.isEmpty() || names.getFirst().indexOf('/') < 0) {
            arguments.add("nodes");
        }
        arguments.addAll(names);
        List<Target> nodes = new Targets(call, failures).live(arguments);
        for (Target node : nodes) {
            failures.attempt(() -> {
                mark(call, node, !verb.equals("uncordon"));
                if (verb.equals("drain")) {
                    drain(call, node);
                }
            });
        }
        return failures.exitCode();
    }

    private static void mark(Invocation call, Target node, boolean unschedulable) {
        boolean now = node.object().path("spec").path("unschedulable").asBoolean(false);
        String word = unschedulable ? "cordoned" : "uncordoned";
        if (now == unschedulable) {
            call.io().line(node.shown() + " already " + word + call.dryRun().suffix());
            return;
        }
        ObjectNode changed = node.object().deepCopy();
        if (unschedulable) {
            Json.child(changed, "spec").put("unschedulable", true);
        } else {
            Json.child(changed, "spec").remove("unschedulable");
        }
        Change.send(call, node, changed);
        call.io().line(node.shown() + " " + word + call.dryRun().suffix());
    }

    private static void drain(Invocation call, Target node) {
        Flags flags = call.flags();
        Map<String, String> parameters = new TreeMap<>();
        parameters.put("fieldSelector", "spec.nodeName=" + node.name());
        JsonNode list = call.connection().get(Connection.query("/api/v1/pods", parameters));
        Map<String, List<String>> fatal = new LinkedHashMap<>();
        Map<String, List<String>> warnings = new LinkedHashMap<>();
        List<JsonNode> pods = new ArrayList<>();
        for (JsonNode pod : list.path("items")) {
            if (Selectors.matches(flags.text("pod-selector"), pod) && isWanted(call, pod, fatal, warnings)) {
                pods.add(pod);
            }
        }
        if (!fatal.isEmpty()) {
            call.io()
                    .errorLine("error: unable to drain node \"" + node.name() + "\" due to error: " + told(fatal, true)
                            + ", continuing command...");
            call.io().errorLine("There are pending nodes to be drained:\n " + node.name());
            throw CommandFailure.error(told(fatal, true));
        }
        if (!warnings.isEmpty()) {
            call.io().errorLine("Warning: " + told(warnings, false));
        }
        if (call.dryRun() == DryRun.NONE || call.dryRun() == DryRun.SERVER) {
            long timeout = flags.duration("timeout").toNanos();
            long deadline = timeout == 0 ? Long.MAX_VALUE : System.nanoTime() + timeout;
            for (JsonNode pod : pods) {
                evict(call, pod, deadline);
            }
            if (call.dryRun() == DryRun.NONE) {
                awaitGone(call, pods, deadline);
            }
        } else {
            pods.forEach(
                    pod -> call.io().line("evicting pod " + Json.namespace(pod) + "/" + Json.name(pod) + " (dry run)"));
        }
        call.io().line(node.shown() + " drained" + call.dryRun().suffix());
    }

    private static boolean isWanted(
            Invocation call, JsonNode pod, Map<String, List<String>> fatal, Map<String, List<String>> warnings) {
        Flags flags = call.flags();
        String shown = Json.namespace(pod) + "/" + Json.name(pod);
        String phase = Json.text(pod, "status", "phase");
        boolean ended = phase.equals("Succeeded") || phase.equals("Failed");
        if (pod.path("metadata").path("annotations").has("kubernetes.io/config.mirror")) {
            return false;
        }
        String controller = "";
        for (JsonNode owner : pod.path("metadata").path("ownerReferences")) {
            if (owner.path("controller").asBoolean(false)) {
                controller = Json.text(owner, "kind");
            }
        }
        if (controller.equals("DaemonSet") && !ended) {
            if (flags.is("ignore-daemonsets")) {
                note(warnings, "ignoring DaemonSet-managed Pods", shown);
            } else {
                note(fatal, "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", shown);
            }
            return false;
        }
        boolean wanted = true;
        if (!ended && hasEmptyDir(pod)) {
            if (flags.is("delete-emptydir-data")) {
                note(warnings, "deleting Pods with local storage", shown);
            } else {
                note(fatal, "cannot delete Pods with local storage (use --delete-emptydir-data to override)", shown);
                wanted = false;
            }
        }
        if (!ended && controller.isEmpty()) {
            if (flags.is("force")) {
                note(warnings, "deleting Pods that declare no controller", shown);
            } else {
                note(fatal, "cannot delete Pods that declare no controller (use --force to override)", shown);
                wanted = false;
            }
        }
        return wanted;
    }

    private static boolean hasEmptyDir(JsonNode pod) {
        for (JsonNode volume : pod.path("spec").path("volumes")) {
            if (volume.has("emptyDir")) {
                return true;
            }
        }
        return false;
    }

    private static void note(Map<String, List<String>> notes, String reason, String pod) {
        notes.computeIfAbsent(reason, _ -> new ArrayList<>()).add(pod);
    }

    private static String told(Map<String, List<String>> notes, boolean bracketed) {
        List<String> lines = new ArrayList<>();
        notes.forEach((reason, pods) -> lines.add(reason + ": " + String.join(", ", pods)));
        return bracketed && lines.size() > 1 ? "[" + String.join(", ", lines) + "]" : String.join("; ", lines);
    }

    private static void evict(Invocation call, JsonNode pod, long deadline) {
        Flags flags = call.flags();
        String path = "/api/v1/namespaces/" + Connection.escape(Json.namespace(pod)) + "/pods/"
                + Connection.escape(Json.name(pod));
        String shown = Json.namespace(pod) + "/" + Json.name(pod);
        ObjectNode options = Json.object();
        if (flags.number("grace-period") >= 0) {
            options.put("gracePeriodSeconds", flags.number("grace-period"));
        }
        if (call.dryRun() == DryRun.SERVER) {
            options.putArray("dryRun").add("All");
        }
        boolean delete = flags.is("disable-eviction");
        while (true) {
            call.io()
                    .line((delete ? "deleting" : "evicting") + " pod " + shown
                            + call.dryRun().suffix());
            try {
                if (delete) {
                    options.put("kind", "DeleteOptions").put("apiVersion", "v1");
                    call.connection().delete(path, options);
                } else {
                    ObjectNode eviction = Json.object();
                    eviction.put("kind", "Eviction").put("apiVersion", "policy/v1");
                    eviction.putObject("metadata").put("name", Json.name(pod)).put("namespace", Json.namespace(pod));
                    eviction.set("deleteOptions", options);
                    call.connection().post(path + "/eviction", eviction);
                }
                return;
            } catch (StatusFailure e) {
                if (e.reason().equals("NotFound")) {
                    return;
                }
                if (!e.reason().equals("TooManyRequests") || System.nanoTime() > deadline) {
                    throw e;
                }
                call.io()
                        .errorLine("error when evicting pods/\"" + Json.name(pod) + "\" -n \"" + Json.namespace(pod)
                                + "\" (will retry after 5s): " + e.serverMessage());
                Pause.millis(RETRY_MILLIS);
            }
        }
    }

    private static void awaitGone(Invocation call, List<JsonNode> pods, long deadline) {
        for (JsonNode pod : pods) {
            String path = "/api/v1/namespaces/" + Connection.escape(Json.namespace(pod)) + "/pods/"
                    + Connection.escape(Json.name(pod));
            while (true) {
                try {
                    JsonNode there = call.connection().get(path);
                    if (!Json.text(there, "metadata", "uid").equals(Json.text(pod, "metadata", "uid"))) {
                        break;
                    }
                } catch (StatusFailure e) {
                    if (e.reason().equals("NotFound")) {
                        break;
                    }
                    throw e;
                }
                if (System.nanoTime() > deadline) {
                    throw CommandFailure.error("error when waiting for pod \"" + Json.name(pod) + "\" in namespace \""
                            + Json.namespace(pod) + "\" to terminate: global timeout reached: "
                            + call.flags().text("timeout"));
                }
                Pause.millis(POLL_MILLIS);
            }
        }
    }
}
