// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.net.Http;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Deleting an object and waiting until it is gone. One thread. */
public final class Deletion {
    private static final Duration LONGEST = Duration.ofDays(7);

    private final Invocation call;
    private final ObjectNode options;
    private final Duration timeout;

    private Deletion(Invocation call, ObjectNode options, Duration timeout) {
        this.call = call;
        this.options = options;
        this.timeout = timeout;
    }

    /** As the flags {@code --cascade}, {@code --grace-period}, {@code --now}, {@code --force}, {@code --timeout} say. */
    public static Deletion of(Invocation call) {
        Flags flags = call.flags();
        ObjectNode options = Json.object();
        options.put("kind", "DeleteOptions").put("apiVersion", "v1");
        long grace = flags.changed("grace-period") ? flags.number("grace-period") : -1;
        if (flags.is("now")) {
            if (flags.changed("grace-period") && grace >= 0) {
                throw CommandFailure.error("--now and --grace-period cannot be specified together");
            }
            grace = 1;
        } else if (flags.is("force") && grace < 0) {
            grace = 0;
        } else if (grace == 0 && !flags.is("force")) {
            // Without --force a grace of 0 becomes 1, so that the node still gets to see the deletion.
            grace = 1;
        }
        if (grace >= 0) {
            options.put("gracePeriodSeconds", grace);
        }
        options.put("propagationPolicy", cascade(flags.text("cascade")));
        if (!call.dryRun().parameter().isEmpty()) {
            options.putArray("dryRun").add(call.dryRun().parameter());
        }
        Duration timeout = flags.duration("timeout");
        return new Deletion(call, options, timeout.isZero() ? LONGEST : timeout);
    }

    private static String cascade(String value) {
        return switch (value) {
            case "", "background" -> "Background";
            case "foreground" -> "Foreground";
            case "orphan" -> "Orphan";
            default ->
                throw CommandFailure.error(
                        "invalid cascade value (" + value + "). Must be \"background\", \"foreground\", or \"orphan\"");
        };
    }

    /** Sends the deletion; returns the object's uid when the server tells it. */
    public String delete(Target target) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("dryRun", call.dryRun().parameter());
        JsonNode answer = call.connection().delete(Connection.query(target.path(), parameters), options);
        String uid = Json.text(answer, "metadata", "uid");
        return uid.isEmpty() ? Json.text(answer, "details", "uid") : uid;
    }

    /** Waits until no object with that uid (empty: none at all) is left. @throws CommandFailure after the timeout */
    public void awaitGone(Target target, String uid) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            JsonNode there;
            try {
                there = call.connection().get(target.path());
            } catch (StatusFailure e) {
                if (e.reason().equals("NotFound")) {
                    return;
                }
                throw e;
            }
            if (!uid.isEmpty() && !Json.text(there, "metadata", "uid").equals(uid)) {
                return;
            }
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw CommandFailure.error("timed out waiting for the condition on "
                        + target.type().plural() + "/" + target.name());
            }
            watchUntilDeleted(target, Json.text(there, "metadata", "resourceVersion"), left);
        }
    }

    private void watchUntilDeleted(Target target, String version, long leftMillis) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("fieldSelector", "metadata.name=" + target.name());
        parameters.put("resourceVersion", version);
        parameters.put("watch", "true");
        Http.Response response =
                call.connection().stream(Connection.query(target.collection(), parameters), Connection.JSON);
        try {
            response.readTimeoutMillis((int) Math.min(leftMillis, Integer.MAX_VALUE));
            Json.Stream events = Json.stream(response.body());
            for (JsonNode event = events.next(); event != null; event = events.next()) {
                String type = Json.text(event, "type");
                if (type.equals("DELETED") || type.equals("ERROR")) {
                    return;
                }
            }
        } catch (IOException e) {
            // The caller looks again and judges by the clock.
            return;
        } finally {
            response.abort();
        }
    }
}
