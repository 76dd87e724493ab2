// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.cluster;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.print.Output;
import io.mizzen.kubectl.print.TabWriter;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** {@code kubectl api-resources} and {@code kubectl api-versions}. */
public final class ApiResources extends Command {
    private final boolean versionsOnly;

    /** @param versionsOnly whether only group versions are listed */
    public ApiResources(boolean versionsOnly) {
        this.versionsOnly = versionsOnly;
    }

    @Override
    public String flags() {
        return versionsOnly
                ? ""
                : "api-group:s= cached:b=false categories:l= namespaced:b=true no-headers:b=false sort-by:s= verbs:l="
                        + PRINT;
    }

    @Override
    public String synopsis() {
        return "";
    }

    @Override
    public int run(Invocation call) {
        if (!call.arguments().isEmpty()) {
            throw call.usage("unexpected arguments: [" + String.join(" ", call.arguments()) + "]");
        }
        if (versionsOnly) {
            Set<String> versions = new TreeSet<>();
            call.mapper().fetch().forEach(type -> versions.add(type.apiVersion()));
            versions.forEach(call.io()::line);
            return 0;
        }
        Flags flags = call.flags();
        String form = flags.text("output");
        List<ResourceType> types = chosen(call);
        if (form.isEmpty() || form.equals("wide") || form.equals("name")) {
            print(call, types, form);
            return 0;
        }
        Output output = new Output(flags, call.io().out(), false);
        if (!output.isObjectForm()) {
            throw CommandFailure.error("--output " + form
                    + " is not available, must be one of: \"json\", \"kyaml\", \"name\", \"wide\", \"yaml\"");
        }
        output.printer().accept(list(types));
        return 0;
    }

    private static List<ResourceType> chosen(Invocation call) {
        Flags flags = call.flags();
        List<ResourceType> all =
                flags.is("cached") ? call.mapper().all() : call.mapper().fetch();
        List<ResourceType> types = new ArrayList<>();
        Set<String> seenGroups = new HashSet<>();
        Set<String> preferred = new HashSet<>();
        for (ResourceType type : all) {
            if (seenGroups.add(type.group())) {
                preferred.add(type.apiVersion());
            }
        }
        Set<String> seen = new HashSet<>();
        for (ResourceType type : all) {
            boolean first = preferred.contains(type.apiVersion())
                    || all.stream()
                            .noneMatch(other -> other.qualified().equals(type.qualified())
                                    && preferred.contains(other.apiVersion()));
            if (!first || !seen.add(type.qualified()) || type.verbs().isEmpty()) {
                continue;
            }
            boolean fits = (!flags.changed("api-group") || type.group().equals(flags.text("api-group")))
                    && (!flags.changed("namespaced") || type.namespaced() == flags.is("namespaced"))
                    && type.verbs().containsAll(flags.list("verbs"))
                    && type.categories().containsAll(flags.list("categories"));
            if (fits) {
                types.add(type);
            }
        }
        switch (flags.text("sort-by")) {
            case "name" -> types.sort(Comparator.comparing(ResourceType::plural));
            case "kind" -> types.sort(Comparator.comparing(ResourceType::kind));
            case "" -> types.sort(Comparator.comparing(ResourceType::group).thenComparing(ResourceType::plural));
            default -> throw CommandFailure.error("--sort-by accepts only name or kind");
        }
        return types;
    }

    private static void print(Invocation call, List<ResourceType> types, String form) {
        TabWriter writer = TabWriter.forTables();
        boolean wide = form.equals("wide");
        if (!form.equals("name") && !call.flags().is("no-headers")) {
            writer.write("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND" + (wide ? "\tVERBS\tCATEGORIES" : "") + "\n");
        }
        for (ResourceType type : types) {
            if (form.equals("name")) {
                writer.write(type.qualified() + "\n");
                continue;
            }
            String row = type.plural() + "\t" + String.join(",", type.shortNames()) + "\t" + type.apiVersion() + "\t"
                    + type.namespaced() + "\t" + type.kind();
            if (wide) {
                List<String> verbs = new ArrayList<>(type.verbs());
                row += "\t" + String.join(",", verbs) + "\t" + String.join(",", type.categories());
            }
            writer.write(row + "\n");
        }
        call.io().out().print(writer.flush());
    }

    private static ObjectNode list(List<ResourceType> types) {
        ObjectNode list = Json.object();
        list.put("kind", "APIResourceList").put("apiVersion", "v1").put("groupVersion", "");
        ArrayNode resources = list.putArray("resources");
        for (ResourceType type : types) {
            ObjectNode one = resources.addObject();
            one.put("name", type.plural()).put("singularName", type.singular()).put("namespaced", type.namespaced());
            if (!type.group().isEmpty()) {
                one.put("group", type.group());
            }
            one.put("version", type.version()).put("kind", type.kind());
            texts(one, "verbs", type.verbs());
            texts(one, "shortNames", type.shortNames());
            texts(one, "categories", type.categories());
        }
        return list;
    }

    private static void texts(ObjectNode one, String field, List<String> texts) {
        if (!texts.isEmpty()) {
            ArrayNode array = one.putArray(field);
            texts.forEach(array::add);
        }
    }
}
