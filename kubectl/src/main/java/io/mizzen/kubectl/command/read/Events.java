// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.net.Http;
import io.mizzen.kubectl.print.Output;
import io.mizzen.kubectl.print.TabWriter;
import io.mizzen.kubectl.print.Tables;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code kubectl events}: events by time, of a namespace, of all, or of one object. */
public final class Events extends Command {
    @Override
    public String flags() {
        return "all-namespaces,A:b=false chunk-size:i=500 for:s= no-headers:b=false types:l= watch,w:b=false" + PRINT;
    }

    @Override
    public String synopsis() {
        return "[(-o|--output=)json|yaml|…] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        for (String type : flags.list("types")) {
            if (!type.equalsIgnoreCase("Normal") && !type.equalsIgnoreCase("Warning")) {
                throw CommandFailure.error("valid --types are Normal or Warning");
            }
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("fieldSelector", selector(call));
        parameters.put("limit", flags.is("watch") || flags.number("chunk-size") == 0 ? "" : flags.text("chunk-size"));
        String path = flags.is("all-namespaces")
                ? "/api/v1/events"
                : "/api/v1/namespaces/" + Connection.escape(call.namespace()) + "/events";
        JsonNode list = call.connection().get(Connection.query(path, parameters));
        List<JsonNode> events = collect(call, path, parameters, list);
        events.sort(Comparator.comparing(Events::time));
        Output output = new Output(flags, call.io().out(), true);
        if (events.isEmpty() && !flags.is("watch")) {
            call.io()
                    .errorLine(
                            flags.is("all-namespaces")
                                    ? "No events found."
                                    : "No events found in " + call.namespace() + " namespace.");
            return 0;
        }
        TabWriter writer = TabWriter.forTables();
        if (!output.form().isEmpty()) {
            objects(output, list, events);
            return 0;
        }
        if (!flags.is("no-headers")) {
            writer.write(
                    (flags.is("all-namespaces") ? "NAMESPACE\t" : "") + "LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n");
        }
        events.forEach(event -> row(call, event, writer));
        call.io().out().print(writer.flush());
        if (flags.is("watch")) {
            parameters.put("limit", "");
            parameters.put("watch", "true");
            parameters.put("resourceVersion", Json.text(list, "metadata", "resourceVersion"));
            follow(call, Connection.query(path, parameters), writer);
        }
        return 0;
    }

    private static List<JsonNode> collect(
            Invocation call, String path, Map<String, String> parameters, JsonNode first) {
        List<JsonNode> events = new ArrayList<>();
        JsonNode list = first;
        while (true) {
            for (JsonNode event : list.path("items")) {
                if (isWanted(call, event)) {
                    events.add(event);
                }
            }
            String next = Json.text(list, "metadata", "continue");
            if (next.isEmpty()) {
                return events;
            }
            parameters.put("continue", next);
            list = call.connection().get(Connection.query(path, parameters));
        }
    }

    private static boolean isWanted(Invocation call, JsonNode event) {
        List<String> types = call.flags().list("types");
        return types.isEmpty() || types.stream().anyMatch(type -> type.equalsIgnoreCase(Json.text(event, "type")));
    }

    private static String selector(Invocation call) {
        String object = call.flags().text("for");
        if (object.isEmpty()) {
            return "";
        }
        int slash = object.indexOf('/');
        if (slash <= 0 || slash == object.length() - 1) {
            throw CommandFailure.error("--for must be in resource/name form");
        }
        ResourceType type = call.mapper().resource(object.substring(0, slash));
        return "involvedObject.apiVersion=" + type.apiVersion() + ",involvedObject.kind=" + type.kind()
                + ",involvedObject.name=" + object.substring(slash + 1);
    }

    private static void objects(Output output, JsonNode list, List<JsonNode> events) {
        ObjectNode sorted = list.deepCopy();
        ArrayNode items = sorted.putArray("items");
        for (JsonNode event : events) {
            if (event instanceof ObjectNode object && !object.has("kind")) {
                object.put("apiVersion", "v1").put("kind", "Event");
            }
            items.add(event);
        }
        output.printer().accept(sorted);
    }

    private static Instant time(JsonNode event) {
        for (String path : List.of("series/lastObservedTime", "lastTimestamp", "eventTime")) {
            String text = Json.text(event, path.split("/"));
            if (!text.isEmpty()) {
                return Tables.instant(text);
            }
        }
        return Instant.EPOCH;
    }

    private static String interval(JsonNode event) {
        Instant now = Instant.now();
        String eventTime = Json.text(event, "eventTime");
        String first = Tables.age(eventTime.isEmpty() ? Json.text(event, "firstTimestamp") : eventTime, now);
        if (event.path("series").isObject()) {
            return Tables.age(Json.text(event, "series", "lastObservedTime"), now) + " (x"
                    + Json.number(event, "series", "count") + " over " + first + ")";
        }
        long count = Json.number(event, "count");
        return count > 1
                ? Tables.age(Json.text(event, "lastTimestamp"), now) + " (x" + count + " over " + first + ")"
                : first;
    }

    private static void row(Invocation call, JsonNode event, TabWriter writer) {
        String where = call.flags().is("all-namespaces") ? Json.namespace(event) + "\t" : "";
        writer.write(where + interval(event) + "\t" + Json.text(event, "type") + "\t" + Json.text(event, "reason")
                + "\t"
                + Json.text(event, "involvedObject", "kind") + "/" + Json.text(event, "involvedObject", "name") + "\t"
                + Tables.escape(Json.text(event, "message").strip()) + "\n");
    }

    private static void follow(Invocation call, String path, TabWriter writer) {
        call.io().out().flush();
        Http.Response response = call.connection().stream(path, Connection.JSON);
        try {
            response.readTimeoutMillis(0);
            Json.Stream stream = Json.stream(response.body());
            for (JsonNode event = stream.next(); event != null; event = stream.next()) {
                String type = Json.text(event, "type");
                if ((type.equals("ADDED") || type.equals("MODIFIED")) && isWanted(call, event.path("object"))) {
                    row(call, event.path("object"), writer);
                    call.io().out().print(writer.flush());
                    call.io().out().flush();
                }
            }
        } catch (IOException e) {
            // The end of a watch is no failure.
            return;
        } finally {
            response.abort();
        }
    }
}
