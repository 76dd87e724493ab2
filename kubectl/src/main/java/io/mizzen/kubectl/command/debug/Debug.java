// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.debug;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ImageReference;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.stream.Attachment;
import io.mizzen.kubectl.command.stream.PodChoice;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.patch.Schemas;
import io.mizzen.kubectl.patch.StrategicPatch;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.Yaml;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** {@code kubectl debug}: an ephemeral container in a pod, a changed copy of a pod, or a pod that sees a node. */
public final class Debug extends Command {
    private static final String SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
    private static final int SUFFIX_LENGTH = 5;

    private final RandomGenerator random = RandomGenerator.getDefault();

    @Override
    public String flags() {
        return "arguments-only:b=false attach:b=false container,c:s= copy-to:s= custom:s= env:m= filename,f:l= image:s="
                + " image-pull-policy:s= keep-annotations:b=false keep-init-containers:b=true keep-labels:b=false"
                + " keep-liveness:b=false keep-readiness:b=false keep-startup:b=false profile:s=general quiet,q:b=false"
                + " replace:b=false same-node:b=false set-image:m= share-processes:b=true stdin,i:b=false target:s="
                + " tty,t:b=false";
    }

    @Override
    public String synopsis() {
        return "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        List<String> arguments = call.arguments();
        int dash = flags.argumentsBeforeDash();
        List<String> names = dash < 0 ? arguments : arguments.subList(0, dash);
        List<String> words = dash < 0 ? List.of() : arguments.subList(dash, arguments.size());
        Profile profile = Profile.of(flags.text("profile"));
        DebugRequest request = DebugRequest.of(flags, profile, words, custom(flags.text("custom")));
        check(call, request, names);
        Failures failures = new Failures(call.io());
        for (Target target : targets(call, names, failures)) {
            debug(call, request, target);
        }
        return failures.exitCode();
    }

    private static List<Target> targets(Invocation call, List<String> names, Failures failures) {
        List<Target> targets = new ArrayList<>(new Targets(call, failures).documents());
        for (String name : names) {
            targets.add(PodChoice.resolve(call, List.of(name)));
        }
        return targets;
    }

    private static JsonNode custom(String file) {
        if (file.isEmpty()) {
            return MissingNode.getInstance();
        }
        try {
            JsonNode custom = Yaml.parse(Files.readString(Path.of(file), StandardCharsets.UTF_8));
            if (custom.isObject() || custom.isNull()) {
                return custom;
            }
            String type =
                    custom.isArray() ? "array" : custom.isTextual() ? "string" : custom.isNumber() ? "number" : "bool";
            throw CommandFailure.error(file + " does not contain a valid container spec: error unmarshaling JSON: while"
                    + " decoding JSON: json: cannot unmarshal " + type + " into Go value of type v1.Container");
        } catch (Yaml.Malformed e) {
            throw CommandFailure.error(file
                    + " does not contain a valid container spec: error converting YAML to JSON: " + e.getMessage());
        } catch (IOException e) {
            throw CommandFailure.error("must pass a container spec json file for custom profile: open " + file
                    + ": no such file or directory");
        }
    }

    private static void check(Invocation call, DebugRequest request, List<String> names) {
        Flags flags = call.flags();
        boolean noImage = request.image().isEmpty();
        if (flags.is("attach") && noImage && flags.text("container").isEmpty()) {
            throw CommandFailure.error(
                    "you must specify --container or create a new container using --image in order to attach.");
        }
        if (flags.text("copy-to").isEmpty()) {
            checkWithoutCopy(flags, noImage);
        } else if (noImage && !flags.changed("set-image") && request.words().isEmpty()) {
            throw CommandFailure.error("you must specify --image, --set-image or command arguments.");
        } else if (noImage
                && !request.words().isEmpty()
                && flags.text("container").isEmpty()) {
            throw CommandFailure.error("you must specify an existing container or a new image when specifying args.");
        }
        if (!noImage && ImageReference.parse(request.image()).isEmpty()) {
            throw CommandFailure.error("invalid image name \"" + request.image() + "\": invalid reference format");
        }
        if (names.isEmpty() && flags.list("filename").isEmpty()) {
            throw CommandFailure.error("NAME or filename is required for debug");
        }
        switch (request.pullPolicy()) {
            case "", "Always", "IfNotPresent", "Never" -> {}
            default -> throw CommandFailure.error("invalid image pull policy: " + request.pullPolicy());
        }
        flags.pairs("set-image").forEach((name, image) -> {
            if (ImageReference.parse(image).isEmpty()) {
                throw CommandFailure.error("invalid image name \"" + image + "\" for container \"" + name
                        + "\": invalid reference format");
            }
        });
        checkSession(call, request);
    }

    private static void checkWithoutCopy(Flags flags, boolean noImage) {
        if (flags.is("replace")) {
            throw CommandFailure.error("--replace may only be used with --copy-to.");
        }
        if (flags.is("same-node")) {
            throw CommandFailure.error("--same-node may only be used with --copy-to.");
        }
        if (flags.changed("set-image")) {
            throw CommandFailure.error("--set-image may only be used with --copy-to.");
        }
        if (noImage) {
            throw CommandFailure.error("you must specify --image when not using --copy-to.");
        }
    }

    private static void checkSession(Invocation call, DebugRequest request) {
        Flags flags = call.flags();
        if (!request.target().isEmpty()) {
            if (!flags.text("copy-to").isEmpty()) {
                throw CommandFailure.error("--target is incompatible with --copy-to. Use --share-processes instead.");
            }
            say(
                    call,
                    "Targeting container \"" + request.target()
                            + "\". If you don't see processes from this container it"
                            + " may be because the container runtime doesn't support this feature.");
        }
        if (request.tty() && !request.stdin()) {
            throw CommandFailure.error("-i/--stdin is required for containers with -t/--tty=true");
        }
        for (String fixed : List.of("name", "command", "image", "lifecycle", "volumeDevices")) {
            if (request.custom().hasNonNull(fixed)) {
                throw CommandFailure.error(
                        "name, command, image, lifecycle and volume devices are not modifiable via custom profile");
            }
        }
        if (request.profile() == Profile.LEGACY) {
            call.io()
                    .errorLine("--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to"
                            + " specify other profile, for example \"--profile=general\".");
        }
    }

    private static void say(Invocation call, String line) {
        if (!call.flags().is("quiet")) {
            call.io().line(line);
            call.io().out().flush();
        }
    }

    private record Debugged(JsonNode pod, String container) {}

    private void debug(Invocation call, DebugRequest request, Target target) {
        Flags flags = call.flags();
        Debugged made = switch (target.type().qualified()) {
            case "nodes" -> node(call, request, target.name());
            case "pods" ->
                flags.text("copy-to").isEmpty() ? ephemeral(call, request, target) : copy(call, request, target);
            default ->
                throw CommandFailure.error("\"" + target.type().group() + "/"
                        + target.type().version() + ", Kind=" + target.type().kind() + "\" not supported by debug");
        };
        boolean attach = flags.changed("attach") ? flags.is("attach") : flags.is("stdin");
        if (attach && !made.container().isEmpty()) {
            Attachment.joinStarted(call, made.pod(), made.container());
        }
    }

    private Debugged node(Invocation call, DebugRequest request, String node) {
        String container = call.flags().text("container").isEmpty()
                ? "debugger"
                : call.flags().text("container");
        String name = "node-debugger-" + node + "-" + suffix();
        say(call, "Creating debugging pod " + name + " with container " + container + " on node " + node + ".");
        ObjectNode pod = DebugPods.onNode(node, name, request, container);
        return new Debugged(call.connection().post(pods(call.namespace()), pod), container);
    }

    private Debugged ephemeral(Invocation call, DebugRequest request, Target target) {
        if (!(target.object() instanceof ObjectNode pod)) {
            throw CommandFailure.error("the server did not answer with a pod");
        }
        String name = containerName(call, pod);
        ObjectNode debugged = DebugPods.withEphemeral(pod, request, name);
        warn(call, debugged, name);
        JsonNode patch = StrategicPatch.twoWay(pod, debugged, Schemas.of("v1", "Pod"));
        try {
            JsonNode now = call.connection().patch(target.path() + "/ephemeralcontainers", Connection.STRATEGIC, patch);
            return new Debugged(now, name);
        } catch (StatusFailure e) {
            // The answer to a missing pod names it; one that names nothing is the subresource's own absence.
            if (e.reason().equals("NotFound")
                    && Json.text(e.status(), "details", "name").isEmpty()) {
                throw CommandFailure.error("ephemeral containers are disabled for this cluster (error from server: \""
                        + e.serverMessage() + "\")");
            }
            throw e;
        }
    }

    private Debugged copy(Invocation call, DebugRequest request, Target target) {
        Flags flags = call.flags();
        DebugRequest.Copy wanted = DebugRequest.Copy.of(flags);
        ObjectNode copy = DebugPods.copy(target.object(), wanted);
        String name = flags.text("container");
        boolean onlyImages = request.image().isEmpty() && !wanted.images().isEmpty() && !DebugPods.has(copy, name);
        if (onlyImages) {
            name = "";
        } else {
            name = containerName(call, copy);
            DebugPods.debugInCopy(copy, request, wanted.keep(), name);
            warn(call, copy, name);
        }
        JsonNode made = call.connection().post(pods(target.namespace()), copy);
        if (flags.is("replace")) {
            call.connection().delete(target.path(), Json.object().put("gracePeriodSeconds", 0));
        }
        return new Debugged(made, name);
    }

    private String containerName(Invocation call, JsonNode pod) {
        String name = call.flags().text("container");
        if (!name.isEmpty()) {
            return name;
        }
        do {
            name = "debugger-" + suffix();
        } while (DebugPods.has(pod, name));
        say(call, "Defaulting debug container name to " + name + ".");
        return name;
    }

    private static void warn(Invocation call, JsonNode pod, String container) {
        if (DebugPods.isPowerless(pod, container)) {
            call.io()
                    .errorLine("Warning: Non-root user is configured for the entire target Pod, and some capabilities"
                            + " granted by debug profile may not work. Please consider using \"--custom\" with a custom"
                            + " profile that specifies \"securityContext.runAsUser: 0\".");
        }
    }

    private String suffix() {
        StringBuilder suffix = new StringBuilder();
        for (int i = 0; i < SUFFIX_LENGTH; i++) {
            suffix.append(SUFFIX_LETTERS.charAt(random.nextInt(SUFFIX_LETTERS.length())));
        }
        return suffix.toString();
    }

    private static String pods(String namespace) {
        return "/api/v1/namespaces/" + Connection.escape(namespace) + "/pods";
    }
}
