// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.set;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import java.util.ArrayList;
import java.util.List;

/** {@code kubectl set image}. */
public final class SetImage extends SetCommand {
    private final List<String> pairs = new ArrayList<>();

    @Override
    public String flags() {
        return COMMON;
    }

    @Override
    public String synopsis() {
        return "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N";
    }

    @Override
    List<String> prepare(Invocation call) {
        List<String> resources = split(call.arguments(), pairs);
        if (pairs.isEmpty()) {
            throw CommandFailure.error("at least one image update is required");
        }
        return resources;
    }

    @Override
    boolean change(Invocation call, Target target, ObjectNode object) {
        if (!podSpec(object).isObject()) {
            return false;
        }
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            String name = pair.substring(0, equals);
            List<ObjectNode> containers = containers(object, name, true);
            if (containers.isEmpty()) {
                throw CommandFailure.error("unable to find container named \"" + name + "\"");
            }
            containers.forEach(container -> container.put("image", pair.substring(equals + 1)));
        }
        return true;
    }

    @Override
    String done() {
        return "image updated";
    }
}
