// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import java.util.ArrayList;
import java.util.List;

/**
 * Aligns cells that end with a tab into columns, by the elastic tab stops that upstream's output uses: a column is as wide as its
 * widest cell among neighbouring lines that have it; the last cell of a line belongs to no column; a line of one cell ends all
 * columns above it. Used by one thread.
 */
public final class TabWriter {
    private final int minimum;
    private final int padding;
    private final boolean remember;
    private final List<Integer> remembered = new ArrayList<>();
    private final List<List<String>> lines = new ArrayList<>();
    private final List<Integer> widths = new ArrayList<>();
    private final StringBuilder cell = new StringBuilder();
    private final StringBuilder done = new StringBuilder();

    /**
     * @param minimum least width of a column, padding included
     * @param padding blanks between a cell and the next column
     * @param remember whether columns of later flushes are at least as wide as earlier ones
     */
    public TabWriter(int minimum, int padding, boolean remember) {
        this.minimum = minimum;
        this.padding = padding;
        this.remember = remember;
        lines.add(new ArrayList<>());
    }

    /** The writer of tables. */
    public static TabWriter forTables() {
        return new TabWriter(6, 3, true);
    }

    /** The writer of descriptions. */
    public static TabWriter forDescriptions() {
        return new TabWriter(0, 2, false);
    }

    /** Takes text with tabs and line feeds. */
    public TabWriter write(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\t' || c == '\n' || c == '\f') {
                lines.getLast().add(cell.toString());
                cell.setLength(0);
                if (c != '\t') {
                    int cells = lines.getLast().size();
                    lines.add(new ArrayList<>());
                    if (c == '\f' || cells == 1) {
                        flushLines();
                    }
                }
            } else {
                cell.append(c);
            }
        }
        return this;
    }

    /** Everything written so far, aligned; columns end here. */
    public String flush() {
        if (!cell.isEmpty()) {
            lines.getLast().add(cell.toString());
            cell.setLength(0);
        }
        flushLines();
        String text = done.toString();
        done.setLength(0);
        return text;
    }

    /** Forgets the widths of earlier flushes. */
    public void forgetWidths() {
        remembered.clear();
    }

    private void flushLines() {
        format(0, lines.size());
        lines.clear();
        lines.add(new ArrayList<>());
    }

    private void format(int from, int to) {
        int column = widths.size();
        int start = from;
        int at = from;
        while (at < to) {
            if (column >= lines.get(at).size() - 1) {
                at++;
                continue;
            }
            writeLines(start, at);
            start = at;
            int width = minimum;
            while (at < to && column < lines.get(at).size() - 1) {
                String text = lines.get(at).get(column);
                width = Math.max(width, text.codePointCount(0, text.length()) + padding);
                at++;
            }
            width = remembered(column, width);
            widths.add(width);
            format(start, at);
            widths.removeLast();
            start = at;
            at++;
        }
        writeLines(start, to);
    }

    private int remembered(int column, int width) {
        if (!remember) {
            return width;
        }
        while (remembered.size() <= column) {
            remembered.add(0);
        }
        int widest = Math.max(width, remembered.get(column));
        remembered.set(column, widest);
        return widest;
    }

    private void writeLines(int from, int to) {
        for (int i = from; i < to; i++) {
            List<String> line = lines.get(i);
            for (int j = 0; j < line.size(); j++) {
                String text = line.get(j);
                done.append(text);
                if (j < widths.size()) {
                    done.repeat(' ', Math.max(0, widths.get(j) - text.codePointCount(0, text.length())));
                }
            }
            if (i + 1 < lines.size()) {
                done.append('\n');
            }
        }
    }
}
