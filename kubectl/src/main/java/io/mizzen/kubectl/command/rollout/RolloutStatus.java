// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.net.Http;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code kubectl rollout status}: follows a rollout to its end. */
public final class RolloutStatus extends Command {
    @Override
    public String flags() {
        return "revision:i=0 selector,l:s= timeout:d=0s watch,w:b=true" + FILES;
    }

    @Override
    public String synopsis() {
        return "(TYPE NAME | TYPE/NAME) [flags]";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        if (flags.number("revision") < 0) {
            throw CommandFailure.error("revision must be a positive integer: " + flags.number("revision"));
        }
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (call.arguments().isEmpty() && !targets.fromFiles()) {
            throw call.usage("required resource not specified");
        }
        List<Target> found = targets.live(call.arguments());
        if (found.isEmpty() && failures.exitCode() == 0) {
            throw CommandFailure.error("no resources found");
        }
        for (Target target : found) {
            failures.attempt(() -> follow(call, target));
        }
        return failures.exitCode();
    }

    private static void follow(Invocation call, Target target) {
        long revision = call.flags().number("revision");
        long timeout = call.flags().duration("timeout").toMillis();
        long deadline = timeout == 0 ? Long.MAX_VALUE : System.nanoTime() / 1_000_000 + timeout;
        JsonNode object = target.object();
        while (true) {
            RolloutProgress progress = RolloutProgress.of(target, object, revision);
            call.io().out().print(progress.message());
            call.io().out().flush();
            if (progress.done() || !call.flags().is("watch")) {
                return;
            }
            object = next(call, target, Json.text(object, "metadata", "resourceVersion"), deadline);
        }
    }

    private static JsonNode next(Invocation call, Target target, String version, long deadline) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("fieldSelector", "metadata.name=" + target.name());
        parameters.put("resourceVersion", version);
        parameters.put("watch", "true");
        while (true) {
            long left = deadline == Long.MAX_VALUE ? 0 : deadline - System.nanoTime() / 1_000_000;
            if (deadline != Long.MAX_VALUE && left <= 0) {
                throw CommandFailure.error("timed out waiting for the condition");
            }
            Http.Response response =
                    call.connection().stream(Connection.query(target.collection(), parameters), Connection.JSON);
            try {
                response.readTimeoutMillis((int) Math.min(left, Integer.MAX_VALUE));
                Json.Stream events = Json.stream(response.body());
                for (JsonNode event = events.next(); event != null; event = events.next()) {
                    String type = Json.text(event, "type");
                    if (type.equals("DELETED")) {
                        throw CommandFailure.error("object has been deleted");
                    }
                    if (type.equals("ERROR")) {
                        return call.connection().get(target.path());
                    }
                    if (!type.equals("BOOKMARK")) {
                        return event.path("object");
                    }
                }
            } catch (IOException e) {
                // A watch that was cut or timed out is taken up again by the loop, which also looks at the clock.
                continue;
            } finally {
                response.abort();
            }
        }
    }
}
