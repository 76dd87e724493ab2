// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.print.Output;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells what was done to each object: one line ({@code pod/x created}), its name, or the object in an output form. One thread.
 */
public final class Report {
    private final Invocation call;
    private final Output output;
    private final List<JsonNode> collected = new ArrayList<>();
    private @Nullable Consumer<JsonNode> printer;

    /** @param sorted whether JSON's keys are to be sorted */
    public Report(Invocation call, boolean sorted) {
        this.call = call;
        output = new Output(call.flags(), call.io().out(), sorted);
        if (!output.form().isEmpty() && !output.isObjectForm()) {
            throw output.unknownForm("");
        }
    }

    /** Whether only lines are wanted. */
    public boolean isHuman() {
        return output.form().isEmpty();
    }

    /** Whether whole objects are wanted. */
    public boolean wantsObjects() {
        return !isHuman() && !output.form().equals("name");
    }

    /**
     * Tells of one object.
     *
     * @param shown {@code kind.group/name}
     * @param done what happened, e.g. {@code created}
     */
    public void done(String shown, String done, JsonNode object) {
        switch (output.form()) {
            case "" -> call.io().line(shown + " " + done + suffix());
            case "name" -> call.io().line(shown);
            default -> print(object);
        }
    }

    private String suffix() {
        return call.flags().knows("dry-run") ? call.dryRun().suffix() : "";
    }

    private void print(JsonNode object) {
        Consumer<JsonNode> made = printer;
        if (made == null) {
            made = output.printer();
            printer = made;
        }
        made.accept(object);
    }

    /** Keeps an object for {@link #flush}; for commands that print several as one list. */
    public void collect(String shown, String done, JsonNode object) {
        if (wantsObjects()) {
            collected.add(object);
        } else {
            done(shown, done, object);
        }
    }

    /** Prints what was collected: one object as it is, several as a list. */
    public void flush() {
        if (collected.size() == 1) {
            print(collected.getFirst());
        } else if (!collected.isEmpty()) {
            ObjectNode list = Json.object();
            list.put("apiVersion", "v1");
            ArrayNode items = list.putArray("items");
            collected.forEach(items::add);
            list.put("kind", "List");
            list.putObject("metadata").put("resourceVersion", "");
            print(list);
        }
        collected.clear();
    }
}
