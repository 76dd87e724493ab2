// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The server refused: carries its {@code Status} object and reads as upstream's command line shows it
 * ({@code Error from server (NotFound): pods "x" not found}; a list of causes for an invalid object).
 */
public final class StatusFailure extends CommandFailure {
    private static final long serialVersionUID = 1L;

    private final transient JsonNode status;

    /** A failure that shows {@code status}. */
    public StatusFailure(JsonNode status) {
        super(1, describe(status));
        this.status = status;
    }

    /** The Status object. */
    public JsonNode status() {
        return status;
    }

    /** Its reason, e.g. {@code NotFound}; empty when it has none. */
    public String reason() {
        return Json.text(status, "reason");
    }

    /** Its HTTP code. */
    public int code() {
        return (int) Json.number(status, "code");
    }

    /** The server's own message. */
    public String serverMessage() {
        return Json.text(status, "message");
    }

    /** The same with what was being done to which source put before the message. */
    public StatusFailure during(String verb, String source) {
        ObjectNode copy = status.deepCopy();
        copy.put("message", "error when " + verb + " \"" + source + "\": " + serverMessage());
        return new StatusFailure(copy);
    }

    private static String describe(JsonNode status) {
        String reason = Json.text(status, "reason");
        String message = Json.text(status, "message");
        if (reason.equals("Invalid")) {
            return invalid(status, message);
        }
        if (reason.isEmpty() || reason.equals("Unknown") && message.isEmpty()) {
            return "Error from server: " + message;
        }
        if (reason.equals("Unauthorized")) {
            return "error: You must be logged in to the server (" + message + ")";
        }
        return "Error from server (" + reason + "): " + message;
    }

    private static String invalid(JsonNode status, String message) {
        JsonNode details = status.path("details");
        if (!details.isObject()) {
            return "The request is invalid" + (message.isEmpty() ? "" : ": " + message);
        }
        String kind = Json.text(details, "kind");
        String name = Json.text(details, "name");
        JsonNode causes = details.path("causes");
        String head = "The request is invalid";
        if (!kind.isEmpty() || !name.isEmpty()) {
            head = "The " + kind + " \"" + name + "\" is invalid";
        } else if (!message.isEmpty() && causes.isEmpty()) {
            head += ": " + message;
        }
        Set<String> lines = new LinkedHashSet<>();
        for (JsonNode cause : causes) {
            lines.add(Json.text(cause, "field") + ": " + Json.text(cause, "message"));
        }
        if (lines.isEmpty()) {
            return head;
        }
        if (lines.size() == 1) {
            return head + ": " + lines.iterator().next();
        }
        StringBuilder text = new StringBuilder(head).append(": ");
        for (String line : lines) {
            text.append("\n* ").append(line);
        }
        return text.toString();
    }
}
