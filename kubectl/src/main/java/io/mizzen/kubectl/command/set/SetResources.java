// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.set;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.tree.Json;
import java.util.List;

/** {@code kubectl set resources}. */
public final class SetResources extends SetCommand {
    @Override
    public String flags() {
        return "containers,c:s=* limits:s= requests:s=" + COMMON;
    }

    @Override
    public String synopsis() {
        return "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS]";
    }

    @Override
    List<String> prepare(Invocation call) {
        if (call.flags().text("limits").isEmpty()
                && call.flags().text("requests").isEmpty()) {
            throw CommandFailure.error(
                    "you must specify an update to requests or limits (in the form of --requests/--limits)");
        }
        return call.arguments();
    }

    @Override
    boolean change(Invocation call, Target target, ObjectNode object) {
        if (!podSpec(object).isObject()) {
            return false;
        }
        String pattern = call.flags().text("containers");
        List<ObjectNode> containers = containers(object, pattern, false);
        if (containers.isEmpty()) {
            throw CommandFailure.error("unable to find container named " + pattern);
        }
        for (ObjectNode container : containers) {
            amounts(container, "limits", call.flags().text("limits"));
            amounts(container, "requests", call.flags().text("requests"));
        }
        return true;
    }

    private static void amounts(ObjectNode container, String part, String text) {
        if (text.isEmpty()) {
            return;
        }
        ObjectNode amounts = Json.child(container, "resources", part);
        for (String pair : text.split(",")) {
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                throw CommandFailure.error("invalid argument syntax " + pair + ", expected <resource>=<value>");
            }
            amounts.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
    }

    @Override
    String done() {
        return "resource requirements updated";
    }
}
