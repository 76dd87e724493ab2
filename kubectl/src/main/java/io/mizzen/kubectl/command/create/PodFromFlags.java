// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.tree.Json;
import java.util.List;

/** The pod and the Service that {@code kubectl run} makes. Pure. */
public final class PodFromFlags {
    private PodFromFlags() {}

    /** The pod. {@code words} are its arguments, or its command with {@code --command}. */
    public static ObjectNode pod(Flags flags, String name, List<String> words) {
        ObjectNode object = Generator.object("Pod", "v1", name);
        ObjectNode metadata = Json.child(object, "metadata");
        if (flags.text("labels").isEmpty()) {
            metadata.putObject("labels").put("run", name);
        } else {
            metadata.set("labels", Generator.pairs(List.of(flags.text("labels").split(",")), "unexpected label spec"));
        }
        if (!flags.list("annotations").isEmpty()) {
            metadata.set("annotations", Generator.pairs(flags.list("annotations"), "unexpected annotation spec"));
        }
        ObjectNode spec = object.putObject("spec");
        ObjectNode container = spec.putArray("containers").addObject();
        container.put("name", name).put("image", flags.text("image"));
        if (!words.isEmpty()) {
            ArrayNode list = container.putArray(flags.is("command") ? "command" : "args");
            words.forEach(list::add);
        }
        port(flags, container);
        environment(flags, container);
        container.putObject("resources");
        if (!flags.text("image-pull-policy").isEmpty()) {
            container.put("imagePullPolicy", flags.text("image-pull-policy"));
        }
        if (flags.is("privileged")) {
            container.putObject("securityContext").put("privileged", true);
        }
        if (flags.is("stdin")) {
            container.put("stdin", true);
            if (!flags.is("leave-stdin-open")) {
                container.put("stdinOnce", true);
            }
        }
        if (flags.is("tty")) {
            container.put("tty", true);
        }
        spec.put("restartPolicy", flags.text("restart"));
        spec.put("dnsPolicy", "ClusterFirst");
        object.putObject("status");
        Overrides.lay(flags, object);
        return object;
    }

    private static void port(Flags flags, ObjectNode container) {
        String port = flags.text("port");
        if (!port.isEmpty()) {
            if (!port.matches("\\d+")) {
                throw CommandFailure.error("strconv.Atoi: parsing \"" + port + "\": invalid syntax");
            }
            container.putArray("ports").addObject().put("containerPort", Long.parseLong(port));
        }
    }

    private static void environment(Flags flags, ObjectNode container) {
        if (flags.list("env").isEmpty()) {
            return;
        }
        ArrayNode list = container.putArray("env");
        for (String pair : flags.list("env")) {
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                throw CommandFailure.error("invalid env: " + pair);
            }
            list.addObject().put("name", pair.substring(0, equals)).put("value", pair.substring(equals + 1));
        }
    }

    /** The Service of {@code --expose}. */
    public static ObjectNode service(Flags flags, ObjectNode pod) {
        ObjectNode object = Generator.object("Service", "v1", Json.name(pod));
        ObjectNode spec = object.putObject("spec");
        long number = Long.parseLong(flags.text("port"));
        spec.putArray("ports")
                .addObject()
                .put("protocol", "TCP")
                .put("port", number)
                .put("targetPort", number);
        spec.set("selector", pod.path("metadata").path("labels").deepCopy());
        object.putObject("status").putObject("loadBalancer");
        return object;
    }
}
