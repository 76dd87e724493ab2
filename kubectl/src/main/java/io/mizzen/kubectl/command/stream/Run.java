// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ImageReference;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.create.PodFromFlags;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.write.Deletion;
import io.mizzen.kubectl.command.write.Pause;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.List;

/** {@code kubectl run}: one pod from flags, attached to when asked, removed afterwards with {@code --rm}. */
public final class Run extends Command {
    private static final long POLL_MILLIS = 200;

    @Override
    public String flags() {
        return "annotations:a= attach:b=false cascade:s?background=background command:b=false"
                + " detach-keys:s=ctrl-p,ctrl-q env:a= expose:b=false field-manager:s=kubectl-run filename,f:l= force:b=false"
                + " grace-period:i=-1 image:s= image-pull-policy:s= kustomize,k:s= labels,l:s= leave-stdin-open:b=false"
                + " override-type:s=merge overrides:s= pod-running-timeout:d=1m0s port:s= privileged:b=false quiet,q:b=false"
                + " recursive,R:b=false restart:s=Always rm:b=false save-config:b=false stdin,i:b=false timeout:d=0s"
                + " tty,t:b=false wait:b=false" + PRINT + DRY_RUN;
    }

    @Override
    public String synopsis() {
        return "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json]"
                + " [--command] -- [COMMAND] [args...]";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        boolean attach = check(call);
        DryRun dryRun = call.dryRun();
        Report report = new Report(call, false);
        String name = call.arguments().getFirst();
        List<String> words = call.arguments().subList(1, call.arguments().size());
        ObjectNode pod = PodFromFlags.pod(flags, name, words);
        JsonNode made = dryRun == DryRun.CLIENT ? pod : create(call, "pods", pod);
        String namespace = call.namespace();
        String service = "";
        if (flags.is("expose")) {
            ObjectNode object = PodFromFlags.service(flags, pod);
            if (dryRun != DryRun.CLIENT) {
                create(call, "services", object);
            }
            report.done("service/" + name, "created", object);
            service = name;
        }
        if (!attach) {
            report.done("pod/" + name, "created", made);
            return 0;
        }
        try {
            return follow(call, name, namespace);
        } finally {
            if (flags.is("rm")) {
                remove(call, name, namespace, service);
            }
        }
    }

    private static boolean check(Invocation call) {
        Flags flags = call.flags();
        if (!flags.changed("image")) {
            throw CommandFailure.error("required flag(s) \"image\" not set");
        }
        int dash = flags.argumentsBeforeDash();
        if (call.arguments().isEmpty() || dash == 0) {
            throw call.usage("NAME is required for run");
        }
        if (ImageReference.parse(flags.text("image")).isEmpty()) {
            throw CommandFailure.error("Invalid image name \"" + flags.text("image") + "\": invalid reference format");
        }
        if (flags.is("tty") && !flags.is("stdin")) {
            throw call.usage("-i/--stdin is required for containers with -t/--tty=true");
        }
        if (flags.is("expose") && flags.text("port").isEmpty()) {
            throw call.usage("--port must be set when exposing a service");
        }
        boolean attach = flags.changed("attach") ? flags.is("attach") : flags.is("stdin") || flags.is("tty");
        if (flags.is("rm") && !attach) {
            throw CommandFailure.error("--rm should only be used for attached containers");
        }
        if (attach && call.dryRun() != DryRun.NONE) {
            throw call.usage(
                    "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)");
        }
        switch (flags.text("image-pull-policy")) {
            case "", "Always", "IfNotPresent", "Never" -> {}
            default -> throw call.usage("invalid image pull policy: " + flags.text("image-pull-policy"));
        }
        switch (flags.text("restart")) {
            case "Always", "OnFailure", "Never" -> {}
            default -> throw call.usage("invalid restart policy: " + flags.text("restart"));
        }
        return attach;
    }

    private static JsonNode create(Invocation call, String plural, ObjectNode object) {
        if (call.settings().namespaceGiven()) {
            Json.child(object, "metadata").put("namespace", call.namespace());
        }
        String path = "/api/v1/namespaces/" + Connection.escape(call.namespace()) + "/" + plural;
        return call.connection().post(Connection.query(path, call.changeParameters()), object);
    }

    private static JsonNode await(Invocation call, String path) {
        long deadline =
                System.nanoTime() + call.flags().duration("pod-running-timeout").toNanos();
        while (true) {
            JsonNode pod = call.connection().get(path);
            String phase = Json.text(pod, "status", "phase");
            if (phase.equals("Running") && PodChoice.isReady(pod)
                    || phase.equals("Running") && hasStarted(pod)
                    || phase.equals("Succeeded")
                    || phase.equals("Failed")) {
                return pod;
            }
            if (System.nanoTime() > deadline) {
                throw CommandFailure.error("timed out waiting for the condition");
            }
            Pause.millis(POLL_MILLIS);
        }
    }

    private static boolean hasStarted(JsonNode pod) {
        for (JsonNode status : pod.path("status").path("containerStatuses")) {
            if (!status.path("state").has("running")) {
                return false;
            }
        }
        return !pod.path("status").path("containerStatuses").isEmpty();
    }

    private static int follow(Invocation call, String name, String namespace) {
        Flags flags = call.flags();
        String path = "/api/v1/namespaces/" + Connection.escape(namespace) + "/pods/" + Connection.escape(name);
        JsonNode pod = await(call, path);
        String container = Json.text(pod.path("spec").path("containers").path(0), "name");
        if (Json.text(pod, "status", "phase").equals("Running")) {
            Attachment.joinOrLog(call, pod, container, true);
        } else {
            // It ended before anyone could attach: what it said is in its log.
            Attachment.log(call, pod, container, true);
        }
        return flags.text("restart").equals("Always") ? 0 : exitCode(call, path);
    }

    private static int exitCode(Invocation call, String path) {
        long deadline =
                System.nanoTime() + call.flags().duration("pod-running-timeout").toNanos();
        while (System.nanoTime() < deadline) {
            JsonNode pod = call.connection().get(path);
            switch (Json.text(pod, "status", "phase")) {
                case "Succeeded" -> {
                    return 0;
                }
                case "Failed" -> {
                    JsonNode ended = pod.path("status")
                            .path("containerStatuses")
                            .path(0)
                            .path("state")
                            .path("terminated");
                    int code = (int) Json.number(ended, "exitCode");
                    if (code == 0) {
                        throw CommandFailure.error("pod " + Json.name(pod) + " failed");
                    }
                    call.io()
                            .errorLine("pod " + Json.namespace(pod) + "/" + Json.name(pod) + " terminated ("
                                    + Json.text(ended, "reason") + ")");
                    return code;
                }
                default -> Pause.millis(POLL_MILLIS);
            }
        }
        throw CommandFailure.error("timed out waiting for the condition");
    }

    private static void remove(Invocation call, String name, String namespace, String service) {
        String where =
                call.settings().namespaceGiven() || !namespace.isEmpty() ? " from " + namespace + " namespace" : "";
        delete(call, "pods", name, namespace);
        call.io().line("pod \"" + name + "\" deleted" + where);
        if (!service.isEmpty()) {
            delete(call, "services", service, namespace);
            call.io().line("service \"" + service + "\" deleted" + where);
        }
    }

    private static void delete(Invocation call, String plural, String name, String namespace) {
        Target target = new Target(call.mapper().resource(plural), namespace, name, MissingNode.getInstance(), "");
        try {
            String uid = Deletion.of(call).delete(target);
            if (uid.isEmpty()) {
                return;
            }
        } catch (StatusFailure e) {
            if (!e.reason().equals("NotFound")) {
                throw e;
            }
        }
    }
}
