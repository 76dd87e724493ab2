// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.print.TabWriter;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code kubectl top node|pod}: what is used, from the metrics API. */
public final class Top extends Command {
    private static final BigDecimal MEBI = new BigDecimal(1024 * 1024);
    private final boolean nodes;

    /** @param nodes whether nodes are shown instead of pods */
    public Top(boolean nodes) {
        this.nodes = nodes;
    }

    @Override
    public String flags() {
        return "field-selector:s= no-headers:b=false selector,l:s= show-swap:b=false sort-by:s= use-protocol-buffers:b=true"
                + (nodes ? " show-capacity:b=false" : " all-namespaces,A:b=false containers:b=false sum:b=false");
    }

    @Override
    public String synopsis() {
        return "[NAME | -l label]";
    }

    private record Usage(BigDecimal cores, BigDecimal bytes) {
        static Usage of(JsonNode usage) {
            return new Usage(amount(usage, "cpu"), amount(usage, "memory"));
        }

        private static BigDecimal amount(JsonNode usage, String name) {
            String text = Json.text(usage, name);
            return text.isEmpty() ? BigDecimal.ZERO : Quantity.parse(text).value();
        }

        Usage plus(Usage other) {
            return new Usage(cores.add(other.cores), bytes.add(other.bytes));
        }

        String shown() {
            return cpu() + "\t" + memory();
        }

        String cpu() {
            return cores.movePointRight(3).setScale(0, RoundingMode.CEILING) + "m";
        }

        String memory() {
            return bytes.divide(MEBI, 0, RoundingMode.DOWN) + "Mi";
        }
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        if (call.arguments().size() > 1) {
            throw call.usage("unexpected arguments: " + call.arguments());
        }
        switch (flags.text("sort-by")) {
            case "", "cpu", "memory" -> {}
            default -> throw CommandFailure.error("--sort-by accepts only cpu or memory");
        }
        JsonNode answer;
        try {
            answer = call.connection().get(path(call));
        } catch (StatusFailure e) {
            if (e.reason().equals("NotFound") && call.arguments().isEmpty()) {
                throw CommandFailure.error("Metrics API not available");
            }
            throw e;
        }
        List<JsonNode> items = new ArrayList<>();
        if (answer.has("items")) {
            answer.path("items").forEach(items::add);
        } else {
            items.add(answer);
        }
        if (items.isEmpty()) {
            call.io()
                    .errorLine(
                            nodes || flags.is("all-namespaces")
                                    ? "No resources found"
                                    : "No resources found in " + call.namespace() + " namespace.");
            return 0;
        }
        TabWriter writer = TabWriter.forTables();
        if (nodes) {
            nodes(call, items, writer);
        } else {
            pods(call, items, writer);
        }
        call.io().out().print(writer.flush());
        return 0;
    }

    private String path(Invocation call) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("labelSelector", call.flags().text("selector"));
        parameters.put("fieldSelector", call.flags().text("field-selector"));
        String name = call.arguments().isEmpty()
                ? ""
                : "/" + Connection.escape(call.arguments().getFirst());
        String base = "/apis/metrics.k8s.io/v1beta1/";
        String where = nodes
                ? "nodes"
                : call.flags().is("all-namespaces")
                        ? "pods"
                        : "namespaces/" + Connection.escape(call.namespace()) + "/pods";
        return Connection.query(base + where + name, parameters);
    }

    private void sort(Invocation call, List<Map.Entry<JsonNode, Usage>> rows) {
        Comparator<Map.Entry<JsonNode, Usage>> order = switch (call.flags().text("sort-by")) {
            case "cpu" -> Comparator.comparing(row -> row.getValue().cores().negate());
            case "memory" -> Comparator.comparing(row -> row.getValue().bytes().negate());
            default -> Comparator.comparing(row -> Json.namespace(row.getKey()) + "/" + Json.name(row.getKey()));
        };
        rows.sort(order);
    }

    private void nodes(Invocation call, List<JsonNode> items, TabWriter writer) {
        Map<String, JsonNode> known = new LinkedHashMap<>();
        for (JsonNode node : call.connection().get("/api/v1/nodes").path("items")) {
            known.put(Json.name(node), node);
        }
        if (!call.flags().is("no-headers")) {
            writer.write("NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\n");
        }
        List<Map.Entry<JsonNode, Usage>> rows = new ArrayList<>();
        items.forEach(item -> rows.add(Map.entry(item, Usage.of(item.path("usage")))));
        sort(call, rows);
        String part = call.flags().is("show-capacity") ? "capacity" : "allocatable";
        for (Map.Entry<JsonNode, Usage> row : rows) {
            String name = Json.name(row.getKey());
            JsonNode node = known.getOrDefault(name, row.getKey());
            known.remove(name);
            Usage whole = Usage.of(node.path("status").path(part));
            writer.write(name + "\t" + row.getValue().cpu() + "\t"
                    + percent(row.getValue().cores(), whole.cores()) + "\t"
                    + row.getValue().memory() + "\t" + percent(row.getValue().bytes(), whole.bytes()) + "\n");
        }
        if (call.arguments().isEmpty()) {
            known.keySet().forEach(name -> writer.write(name + "\t<unknown>\t<unknown>\t<unknown>\t<unknown>\n"));
        }
    }

    private static String percent(BigDecimal used, BigDecimal whole) {
        return whole.signum() == 0 ? "<unknown>" : used.movePointRight(2).divide(whole, 0, RoundingMode.DOWN) + "%";
    }

    private void pods(Invocation call, List<JsonNode> items, TabWriter writer) {
        Flags flags = call.flags();
        boolean all = flags.is("all-namespaces");
        boolean containers = flags.is("containers");
        if (!flags.is("no-headers")) {
            writer.write(
                    (all ? "NAMESPACE\t" : "") + (containers ? "POD\tNAME" : "NAME") + "\tCPU(cores)\tMEMORY(bytes)\n");
        }
        List<Map.Entry<JsonNode, Usage>> rows = new ArrayList<>();
        for (JsonNode item : items) {
            Usage total = new Usage(BigDecimal.ZERO, BigDecimal.ZERO);
            for (JsonNode container : item.path("containers")) {
                total = total.plus(Usage.of(container.path("usage")));
            }
            rows.add(Map.entry(item, total));
        }
        sort(call, rows);
        Usage sum = new Usage(BigDecimal.ZERO, BigDecimal.ZERO);
        for (Map.Entry<JsonNode, Usage> row : rows) {
            sum = sum.plus(row.getValue());
            String head = (all ? Json.namespace(row.getKey()) + "\t" : "") + Json.name(row.getKey()) + "\t";
            if (containers) {
                for (JsonNode container : row.getKey().path("containers")) {
                    writer.write(head + Json.text(container, "name") + "\t"
                            + Usage.of(container.path("usage")).shown() + "\n");
                }
            } else {
                writer.write(head + row.getValue().shown() + "\n");
            }
        }
        if (flags.is("sum")) {
            String empty = (all ? "\t" : "") + (containers ? "\t" : "");
            writer.write(empty + "\t________\t________\n" + empty + "\t" + sum.shown() + "\n");
        }
    }
}
