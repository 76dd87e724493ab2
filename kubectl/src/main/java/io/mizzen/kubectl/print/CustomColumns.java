// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;

/** {@code -o custom-columns=NAME:.path,…}: the user's own table. Keeps whether the header has been printed; one thread. */
public final class CustomColumns {
    private final List<String> headers = new ArrayList<>();
    private final List<JsonPath> paths = new ArrayList<>();
    private boolean headerPrinted;

    private CustomColumns(boolean noHeaders) {
        headerPrinted = noHeaders;
    }

    /** From {@code HEADER:path,…}. */
    public static CustomColumns parse(String spec, boolean noHeaders) {
        if (spec.isEmpty()) {
            throw CommandFailure.error("custom-columns format specified but no custom columns given");
        }
        CustomColumns columns = new CustomColumns(noHeaders);
        for (String part : Quoted.split(spec, ',')) {
            int colon = part.indexOf(':');
            if (colon < 0 || colon == part.length() - 1) {
                throw CommandFailure.error(
                        "unexpected custom-columns spec: " + part + ", expected <header>:<json-path-expr>");
            }
            columns.headers.add(part.substring(0, colon));
            columns.paths.add(JsonPath.relaxed(part.substring(colon + 1)));
        }
        return columns;
    }

    /** From a template of two lines, headers above paths. */
    public static CustomColumns parseFile(String content, boolean noHeaders) {
        String[] lines = content.split("\n", -1);
        String[] names = lines[0].strip().split("\\s+");
        String[] specs = lines.length < 2 ? new String[0] : lines[1].strip().split("\\s+");
        if (names.length != specs.length) {
            throw CommandFailure.error("number of headers (" + names.length + ") and field specifications ("
                    + specs.length + ") don't match");
        }
        CustomColumns columns = new CustomColumns(noHeaders);
        for (int i = 0; i < names.length; i++) {
            columns.headers.add(names[i]);
            columns.paths.add(JsonPath.relaxed(specs[i]));
        }
        return columns;
    }

    /** Writes one object's row, before the first the header. */
    public void print(JsonNode object, TabWriter out) {
        if (!headerPrinted) {
            headerPrinted = true;
            out.write(String.join("\t", headers) + "\n");
        }
        List<String> cells = new ArrayList<>();
        for (JsonPath path : paths) {
            List<JsonNode> values = path.find(object);
            StringBuilder cell = new StringBuilder();
            for (JsonNode value : values) {
                cell.append(cell.isEmpty() ? "" : ",");
                cell.append(value.isNull() ? "<none>" : value.isValueNode() ? Json.show(value) : GoFormat.show(value));
            }
            cells.add(values.isEmpty() ? "<none>" : Tables.escape(cell.toString()));
        }
        out.write(String.join("\t", cells) + "\n");
    }
}
