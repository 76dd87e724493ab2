// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.net.Http;
import io.mizzen.kubectl.print.CustomColumns;
import io.mizzen.kubectl.print.Output;
import io.mizzen.kubectl.print.TabWriter;
import io.mizzen.kubectl.print.Tables;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** {@code kubectl get --watch}: what is there, then each change as it comes, until the server ends the watch. One thread. */
final class GetWatch {
    private final Invocation call;
    private final Targets targets;
    private final Output output;
    private final Failures failures;
    private final Flags flags;
    private final boolean table;
    private final boolean columns;
    private final TabWriter writer = TabWriter.forTables();

    GetWatch(Invocation call, Targets targets, Output output, Failures failures) {
        this.call = call;
        this.targets = targets;
        this.output = output;
        this.failures = failures;
        flags = call.flags();
        table = output.form().isEmpty() || output.form().equals("wide");
        columns = output.form().startsWith("custom-columns");
    }

    int run() {
        ResourceType type;
        String namespace;
        String name = "";
        if (targets.fromFiles()) {
            List<Target> documents = targets.documents();
            if (documents.size() != 1) {
                throw CommandFailure.error("watch is only supported on individual resources and resource collections - "
                        + documents.size() + " resources were found");
            }
            type = documents.getFirst().type();
            namespace = documents.getFirst().namespace();
            name = documents.getFirst().name();
        } else {
            List<Targets.Wanted> wanted = targets.wanted(call.arguments());
            if (wanted.size() != 1) {
                boolean oneKind = wanted.stream()
                                .map(one -> one.type().qualified())
                                .distinct()
                                .count()
                        == 1;
                throw CommandFailure.error(
                        oneKind
                                ? "watch is only supported on individual resources and resource collections - "
                                        + wanted.size() + " resources were found"
                                : "you may only specify a single resource type");
            }
            type = wanted.getFirst().type();
            namespace = "";
            switch (wanted.getFirst()) {
                case Targets.Named named -> {
                    namespace = named.namespace();
                    name = named.name();
                }
                case Targets.Listed listed -> namespace = listed.namespace();
            }
        }
        watch(type, namespace, name);
        return failures.exitCode();
    }

    private void watch(ResourceType type, String namespace, String name) {
        Consumer<JsonNode> printer = printer(type);
        String accept = table ? Connection.TABLE : Connection.JSON;
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("labelSelector", flags.text("selector"));
        parameters.put("fieldSelector", selector(name));
        JsonNode first = call.connection()
                .get(
                        name.isEmpty()
                                ? Connection.query(type.path(namespace), parameters)
                                : type.path(namespace, name),
                        accept);
        String version = Json.text(first, "metadata", "resourceVersion");
        if (!flags.is("watch-only")) {
            initial(first, name.isEmpty(), printer, type);
        }
        parameters.put("resourceVersion", version);
        parameters.put("watch", "true");
        call.io().out().flush();
        follow(call.connection().stream(Connection.query(type.path(namespace), parameters), accept), printer);
    }

    private String selector(String name) {
        String given = flags.text("field-selector");
        return name.isEmpty()
                ? given
                : given.isEmpty() ? "metadata.name=" + name : "metadata.name=" + name + "," + given;
    }

    private void initial(JsonNode first, boolean list, Consumer<JsonNode> printer, ResourceType type) {
        if (table && first.has("columnDefinitions")) {
            if (!first.path("rows").isEmpty()) {
                event("ADDED", first, printer);
            }
            flush();
            return;
        }
        if (list) {
            for (JsonNode item : first.path("items")) {
                if (item instanceof ObjectNode object && !object.has("kind")) {
                    object.put("apiVersion", type.apiVersion()).put("kind", type.kind());
                }
                event("ADDED", item, printer);
            }
        } else {
            event("ADDED", first, printer);
        }
        flush();
    }

    private void event(String type, JsonNode object, Consumer<JsonNode> printer) {
        ObjectNode event = Json.object();
        event.put("type", type);
        event.set("object", object);
        printer.accept(event);
    }

    private Consumer<JsonNode> printer(ResourceType type) {
        boolean events = flags.is("output-watch-events");
        if (table) {
            Tables tables = new Tables(Get.options(call, type, output, flags.is("show-kind")));
            JsonNode[] definitions = {Json.array()};
            return event -> {
                JsonNode object = event.path("object");
                if (!object.has("rows")) {
                    object = Tables.fromObjects(List.of(object), Instant.now());
                }
                if (!object.path("columnDefinitions").isEmpty()) {
                    definitions[0] = object.path("columnDefinitions");
                }
                ObjectNode whole = Json.object();
                whole.set("columnDefinitions", definitions[0]);
                whole.set("rows", object.path("rows"));
                tables.print(whole, writer, events ? Json.text(event, "type") : "");
            };
        }
        if (columns) {
            CustomColumns own = Get.customColumns(output, flags.is("no-headers"));
            return event -> own.print(event.path("object"), writer);
        }
        if (output.form().equals("name")) {
            return event -> call.io().line(Names.of(call, event.path("object")));
        }
        Consumer<JsonNode> objects = output.printer();
        return event -> objects.accept(events ? event : event.path("object"));
    }

    private void flush() {
        call.io().out().print(writer.flush());
        call.io().out().flush();
    }

    private void follow(Http.Response response, Consumer<JsonNode> printer) {
        try {
            response.readTimeoutMillis(
                    (int) call.settings().endpoint().timeout().toMillis());
            Json.Stream events = Json.stream(response.body());
            for (JsonNode event = events.next(); event != null; event = events.next()) {
                String type = Json.text(event, "type");
                if (type.equals("ERROR")) {
                    throw new StatusFailure(event.path("object"));
                }
                if (!type.equals("BOOKMARK")) {
                    printer.accept(event);
                    flush();
                }
                if (call.io().out().checkError()) {
                    return;
                }
            }
        } catch (IOException e) {
            // The end of a watch is not a failure: upstream ends quietly as well.
            return;
        } finally {
            response.abort();
        }
    }
}
