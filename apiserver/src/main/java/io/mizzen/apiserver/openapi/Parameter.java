// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A parameter of a request.
 *
 * @param name as in the URL
 * @param in {@code query} or {@code path}
 * @param type {@code string}, {@code boolean} or {@code integer}
 * @param description for a reader
 */
record Parameter(String name, String in, String type, String description) {
    private static final Map<String, Parameter> KNOWN = known();

    private static Map<String, Parameter> known() {
        Map<String, Parameter> known = new LinkedHashMap<>();
        for (Parameter parameter : List.of(
                path("name", "Name of the object."),
                path("namespace", "Namespace that the object is in."),
                path("path", "Path below the proxied server."),
                query("pretty", "string", "Set to true for output with line breaks."),
                query("allowWatchBookmarks", "boolean", "Ask for events that only tell how far the watch has come."),
                query("continue", "string", "Token of the previous page, to go on where that ended."),
                query("fieldSelector", "string", "Keep only objects whose fields match."),
                query("labelSelector", "string", "Keep only objects whose labels match."),
                query("limit", "integer", "At most this many objects in one answer."),
                query("resourceVersion", "string", "State of the data to read, or to start a watch from."),
                query("resourceVersionMatch", "string", "How exactly resourceVersion has to be met."),
                query("sendInitialEvents", "boolean", "Begin the watch with the objects that exist already."),
                query("timeoutSeconds", "integer", "End the request after this many seconds."),
                query("watch", "boolean", "Answer a stream of changes instead of a list."),
                query("dryRun", "string", "All: do everything except storing the result."),
                query("fieldManager", "string", "Name of the program that owns the fields it sets."),
                query("fieldValidation", "string", "Ignore, Warn or Strict: what unknown and repeated fields lead to."),
                query("force", "boolean", "Take over fields that other managers own; for apply only."),
                query("gracePeriodSeconds", "integer", "Seconds until the object is gone; 0 is at once."),
                query(
                        "ignoreStoreReadErrorWithClusterBreakingPotential",
                        "boolean",
                        "Delete even an object that can no longer be read."),
                query("orphanDependents", "boolean", "Older form of propagationPolicy."),
                query("propagationPolicy", "string", "Orphan, Background or Foreground: what becomes of dependents."),
                query("command", "string", "Program and its arguments."),
                query("container", "string", "Name of the container; may be left out when there is one."),
                query("stdin", "boolean", "Send the client's input to the process."),
                query("stdout", "boolean", "Send the output of the process to the client."),
                query("stderr", "boolean", "Send the errors of the process to the client."),
                query("tty", "boolean", "Give the process a terminal."),
                query("ports", "integer", "Ports to forward."),
                query("follow", "boolean", "Stay and send further lines as they come."),
                query("insecureSkipTLSVerifyBackend", "boolean", "Do not check the certificate of the kubelet."),
                query("limitBytes", "integer", "End after this many bytes."),
                query("previous", "boolean", "Read the log of the container's previous run."),
                query("sinceSeconds", "integer", "Only lines of the last seconds."),
                query("stream", "string", "Which output to read: All, Stdout or Stderr."),
                query("tailLines", "integer", "Only the last lines."),
                query("timestamps", "boolean", "Begin each line with its time."))) {
            known.put(parameter.name(), parameter);
        }
        return known;
    }

    private static Parameter path(String name, String description) {
        return new Parameter(name, "path", "string", description);
    }

    private static Parameter query(String name, String type, String description) {
        return new Parameter(name, "query", type, description);
    }

    /** Parameters by name, in the order given. */
    static List<Parameter> of(String... names) {
        return Arrays.stream(names)
                .map(name -> {
                    Parameter parameter = KNOWN.get(name);
                    if (parameter == null) {
                        throw new IllegalArgumentException("no parameter " + name);
                    }
                    return parameter;
                })
                .toList();
    }

    /** Every parameter there is, by name. */
    static Map<String, Parameter> all() {
        return KNOWN;
    }
}
