// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.mizzen.api.catalog.ResourceDefinition.Column;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Cells of custom resources, read by the paths that their definition gives ({@code additionalPrinterColumns}). */
final class CustomRows implements RowMaker {
    private record PathColumn(Column column, @Nullable ColumnPath path) {}

    private final List<PathColumn> columns = new ArrayList<>();

    CustomRows(List<Column> columns) {
        for (Column column : columns) {
            String path = column.jsonPath();
            this.columns.add(new PathColumn(column, path == null ? null : ColumnPath.parseOrNull(path)));
        }
    }

    @Override
    public void fill(Row row) {
        row.name();
        for (PathColumn column : columns) {
            JsonNode found = column.path() == null ? null : column.path().first(row.object());
            row.value(
                    found == null || found.isNull()
                            ? null
                            : cell(column.column().type(), found, row.now()));
        }
    }

    private static @Nullable JsonNode cell(String type, JsonNode value, Instant now) {
        return switch (type) {
            case "string" -> TextNode.valueOf(value.isValueNode() ? value.asText() : value.toString());
            case "integer" -> value.isNumber() ? LongNode.valueOf(value.longValue()) : null;
            case "number" -> value.isNumber() ? value : null;
            case "boolean" -> value.isBoolean() ? value : null;
            case "date" -> {
                Instant time = Row.time(value);
                yield TextNode.valueOf(time == null ? "<invalid>" : HumanDuration.between(time, now));
            }
            default -> null;
        };
    }
}
