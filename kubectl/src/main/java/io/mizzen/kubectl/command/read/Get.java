// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.print.CustomColumns;
import io.mizzen.kubectl.print.Output;
import io.mizzen.kubectl.print.TabWriter;
import io.mizzen.kubectl.print.Tables;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** {@code kubectl get}: objects as tables of the server or in one of the object forms, once or watched. */
public final class Get extends Command {
    private static final String FORMS =
            "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,"
                    + "kyaml,name,template,templatefile,wide,yaml";

    @Override
    public String flags() {
        return "all-namespaces,A:b=false chunk-size:i=500 field-selector:s= ignore-not-found:b=false label-columns,L:l="
                + " no-headers:b=false output-watch-events:b=false raw:s= selector,l:s= server-print:b=true"
                + " show-kind:b=false show-labels:b=false sort-by:s= subresource:s= watch,w:b=false watch-only:b=false"
                + PRINT + FILES;
    }

    @Override
    public String synopsis() {
        return "[(-o|--output=)json|yaml|wide|name|…] (TYPE[.VERSION][.GROUP] [NAME | -l label] |"
                + " TYPE[.VERSION][.GROUP]/NAME ...)";
    }

    /** One answer of the server: an object, a list or a table, of one resource. */
    private record Answer(ResourceType type, JsonNode content, boolean single) {}

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        if (flags.changed("raw")) {
            return raw(call);
        }
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (call.arguments().isEmpty() && !targets.fromFiles()) {
            call.io()
                    .errorLine(
                            "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete"
                                    + " list of supported resources.\n");
            throw call.usage(
                    "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description"
                            + " of that resource (e.g. kubectl explain pods).");
        }
        Output output = new Output(flags, call.io().out(), true);
        String form = output.form();
        boolean table = form.isEmpty() || form.equals("wide");
        boolean columns = form.equals("custom-columns") || form.equals("custom-columns-file");
        if (!table && !columns && !output.isObjectForm()) {
            throw output.unknownForm(FORMS);
        }
        boolean named = call.arguments().size() > 1
                || !call.arguments().isEmpty() && call.arguments().getFirst().indexOf('/') >= 0;
        if (flags.is("watch") || flags.is("watch-only")) {
            return new GetWatch(call, targets, output, failures).run();
        }
        boolean serverTable = table && flags.is("server-print");
        List<Answer> answers = answers(call, targets, serverTable, failures);
        if (table || columns) {
            print(call, answers, output, columns);
            boolean empty = answers.stream().allMatch(answer -> size(answer) == 0);
            if (empty && failures.exitCode() == 0 && !named && !targets.fromFiles() && !flags.is("ignore-not-found")) {
                noResources(call, answers);
            }
        } else {
            objects(call, answers, output, named || targets.fromFiles());
        }
        return failures.exitCode();
    }

    private static int raw(Invocation call) {
        if (!call.arguments().isEmpty()) {
            throw call.usage("arguments may not be passed when --raw is specified");
        }
        byte[] answer = call.connection().raw("GET", call.flags().text("raw"), null);
        call.io().out().write(answer, 0, answer.length);
        return 0;
    }

    private static int size(Answer answer) {
        return answer.single()
                ? 1
                : answer.content().has("rows")
                        ? answer.content().path("rows").size()
                        : answer.content().path("items").size();
    }

    private static void noResources(Invocation call, List<Answer> answers) {
        boolean namespaced = answers.stream().anyMatch(answer -> answer.type().namespaced());
        if (namespaced && !call.flags().is("all-namespaces")) {
            call.io().errorLine("No resources found in " + call.namespace() + " namespace.");
        } else {
            call.io().errorLine("No resources found");
        }
    }

    private List<Answer> answers(Invocation call, Targets targets, boolean serverTable, Failures failures) {
        List<Answer> answers = new ArrayList<>();
        String accept = serverTable ? Connection.TABLE : Connection.JSON;
        if (targets.fromFiles()) {
            for (Target target : targets.documents()) {
                failures.attempt(() -> one(call, target.type(), target.path(), accept, answers));
            }
            return answers;
        }
        for (Targets.Wanted wanted : targets.wanted(call.arguments())) {
            failures.attempt(() -> {
                if (wanted instanceof Targets.Named named) {
                    one(call, named.type(), named.type().path(named.namespace(), named.name()), accept, answers);
                } else if (wanted instanceof Targets.Listed listed) {
                    list(call, listed, accept, answers);
                }
            });
        }
        return answers;
    }

    private static void one(Invocation call, ResourceType type, String path, String accept, List<Answer> answers) {
        Map<String, String> parameters = tableParameters(call, accept);
        String subresource = call.flags().text("subresource");
        String whole = subresource.isEmpty() ? path : path + "/" + subresource;
        try {
            JsonNode content = call.connection().get(Connection.query(whole, parameters), accept);
            answers.add(new Answer(type, content, true));
        } catch (StatusFailure e) {
            if (!e.reason().equals("NotFound") || !call.flags().is("ignore-not-found")) {
                throw e;
            }
        }
    }

    static Map<String, String> tableParameters(Invocation call, String accept) {
        Map<String, String> parameters = new LinkedHashMap<>();
        boolean needsObjects =
                accept.equals(Connection.TABLE) && !call.flags().text("sort-by").isEmpty();
        parameters.put("includeObject", needsObjects ? "Object" : "");
        return parameters;
    }

    private static void list(Invocation call, Targets.Listed listed, String accept, List<Answer> answers) {
        Map<String, String> parameters = tableParameters(call, accept);
        parameters.put("labelSelector", call.flags().text("selector"));
        parameters.put("fieldSelector", call.flags().text("field-selector"));
        long chunk = call.flags().number("chunk-size");
        boolean sorting = !call.flags().text("sort-by").isEmpty();
        parameters.put("limit", chunk > 0 && !sorting ? Long.toString(chunk) : "");
        String path = listed.type().path(listed.namespace());
        JsonNode first = call.connection().get(Connection.query(path, parameters), accept);
        String next = Json.text(first, "metadata", "continue");
        String items = first.has("rows") ? "rows" : "items";
        while (!next.isEmpty() && first.path(items) instanceof ArrayNode all) {
            parameters.put("continue", next);
            JsonNode more = call.connection().get(Connection.query(path, parameters), accept);
            more.path(items).forEach(all::add);
            next = Json.text(more, "metadata", "continue");
        }
        answers.add(new Answer(listed.type(), first, false));
    }

    private void print(Invocation call, List<Answer> answers, Output output, boolean columns) {
        Flags flags = call.flags();
        TabWriter writer = TabWriter.forTables();
        boolean severalKinds = answers.stream()
                        .map(answer -> answer.type().qualified())
                        .distinct()
                        .count()
                > 1;
        if (columns) {
            CustomColumns printer = customColumns(output, flags.is("no-headers"));
            for (JsonNode item : sorted(call, items(answers))) {
                printer.print(item, writer);
            }
            call.io().out().print(writer.flush());
            return;
        }
        String last = "";
        Tables printer = null;
        boolean printedAny = false;
        for (Answer answer : answers) {
            if (size(answer) == 0) {
                continue;
            }
            String kind = answer.type().qualified();
            if (printer == null || !kind.equals(last)) {
                call.io().out().print(writer.flush());
                writer.forgetWidths();
                if (printedAny && !flags.is("no-headers")) {
                    call.io().out().print("\n");
                }
                printer = new Tables(options(call, answer.type(), output, severalKinds || flags.is("show-kind")));
                last = kind;
            }
            printedAny = true;
            printer.print(tableOf(call, answer), writer, "");
        }
        call.io().out().print(writer.flush());
    }

    static CustomColumns customColumns(Output output, boolean noHeaders) {
        if (output.form().equals("custom-columns")) {
            return CustomColumns.parse(output.argument(), noHeaders);
        }
        if (output.argument().isEmpty()) {
            throw CommandFailure.error("custom-columns format specified but no custom columns given");
        }
        try {
            String content = Files.readString(Path.of(output.argument()), StandardCharsets.UTF_8);
            return CustomColumns.parseFile(content, noHeaders);
        } catch (IOException e) {
            throw CommandFailure.error("open " + output.argument() + ": no such file or directory");
        }
    }

    static Tables.Options options(Invocation call, ResourceType type, Output output, boolean withKind) {
        Flags flags = call.flags();
        return new Tables.Options(
                flags.is("no-headers"),
                output.form().equals("wide"),
                flags.is("all-namespaces") && type.namespaced(),
                withKind ? type.shown() + "/" : "",
                flags.is("show-labels"),
                flags.list("label-columns"));
    }

    private static JsonNode tableOf(Invocation call, Answer answer) {
        JsonNode content = answer.content();
        JsonNode table = content.has("columnDefinitions")
                ? content
                : Tables.fromObjects(
                        answer.single() ? List.of(content) : content.path("items"), java.time.Instant.now());
        String sortBy = call.flags().text("sort-by");
        if (!sortBy.isEmpty()) {
            ObjectNode copy = Json.object();
            copy.set("columnDefinitions", table.path("columnDefinitions"));
            List<JsonNode> rows = new ArrayList<>();
            table.path("rows").forEach(rows::add);
            ArrayNode sorted = copy.putArray("rows");
            new Sorting(sortBy).sort(rows, row -> row.path("object")).forEach(sorted::add);
            return copy;
        }
        return table;
    }

    private static List<JsonNode> items(List<Answer> answers) {
        List<JsonNode> items = new ArrayList<>();
        for (Answer answer : answers) {
            if (answer.single()) {
                items.add(answer.content());
            } else {
                for (JsonNode item : answer.content().path("items")) {
                    items.add(complete(item, answer.type()));
                }
            }
        }
        return items;
    }

    private static JsonNode complete(JsonNode item, ResourceType type) {
        if (item.has("kind") || !(item instanceof ObjectNode object)) {
            return item;
        }
        object.put("apiVersion", type.apiVersion()).put("kind", type.kind());
        return object;
    }

    private static List<JsonNode> sorted(Invocation call, List<JsonNode> items) {
        String sortBy = call.flags().text("sort-by");
        return sortBy.isEmpty() ? items : new Sorting(sortBy).sort(items, item -> item);
    }

    private static void objects(Invocation call, List<Answer> answers, Output output, boolean named) {
        List<JsonNode> items = sorted(call, items(answers));
        if (output.form().equals("name")) {
            for (JsonNode item : items) {
                call.io().line(Names.of(call, item));
            }
            return;
        }
        Consumer<JsonNode> printer = output.printer();
        boolean single = answers.size() == 1 && answers.getFirst().single();
        if (single) {
            printer.accept(items.getFirst());
            return;
        }
        if (answers.isEmpty() && (named || call.flags().is("ignore-not-found"))) {
            return;
        }
        ObjectNode list = Json.object();
        list.put("apiVersion", "v1");
        ArrayNode array = list.putArray("items");
        items.forEach(array::add);
        list.put("kind", "List");
        list.putObject("metadata").put("resourceVersion", "");
        printer.accept(list);
    }
}
