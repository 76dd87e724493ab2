// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.Map;

/** {@code kubectl apply --server-side}: the server merges, by who owns which field. Stateless. */
final class ServerSideApply {
    private static final int CONFLICT_RETRIES = 5;
    private static final String DEFAULT_MANAGER = "kubectl";

    private ServerSideApply() {}

    /**
     * Applies one document.
     *
     * @throws CommandFailure when the server refuses, with what to do about a conflict
     */
    static void apply(Invocation call, Target target, Report report) {
        Flags flags = call.flags();
        if (target.name().isEmpty()) {
            String generated = Json.text(target.object(), "metadata", "generateName");
            throw CommandFailure.error(
                    generated.isEmpty()
                            ? "error when retrieving current configuration of: resource name may not be empty"
                            : "from " + generated + ": cannot use generate name with apply");
        }
        Map<String, String> parameters = call.changeParameters();
        String manager = flags.text("field-manager").equals(Apply.DEFAULT_MANAGER)
                ? DEFAULT_MANAGER
                : flags.text("field-manager");
        parameters.put("fieldManager", manager);
        parameters.put("force", flags.is("force-conflicts") ? "true" : "false");
        String subresource = flags.text("subresource");
        String path = subresource.isEmpty() ? target.path() : target.path() + "/" + subresource;
        try {
            JsonNode applied =
                    call.connection().patch(Connection.query(path, parameters), Connection.APPLY, target.object());
            if (subresource.isEmpty() && migrate(call, target, manager, applied)) {
                applied =
                        call.connection().patch(Connection.query(path, parameters), Connection.APPLY, target.object());
            }
            report.collect(target.shown(), "serverside-applied", applied);
        } catch (StatusFailure e) {
            throw conflict(e);
        }
    }

    /**
     * Gives what the client applied formerly to {@code manager}; a failure is a warning, for the object is applied and the next time
     * tries again. True when fields have moved, so that those the manifest lacks go with the next apply.
     */
    private static boolean migrate(Invocation call, Target target, String manager, JsonNode applied) {
        try {
            JsonNode current = applied;
            if (manager.equals(DEFAULT_MANAGER) && ApplyMigration.needsAnnotationOwner(current)) {
                Map<String, String> parameters = call.changeParameters();
                parameters.put("fieldManager", ApplyMigration.ANNOTATION_MANAGER);
                current = call.connection()
                        .patch(
                                Connection.query(target.path(), parameters),
                                Connection.APPLY,
                                ApplyMigration.annotationOnly(current));
            }
            for (int attempt = 0; ; attempt++) {
                ArrayNode patch = ApplyMigration.patch(current, manager);
                if (patch.isEmpty()) {
                    return false;
                }
                try {
                    call.connection()
                            .patch(
                                    Connection.query(target.path(), call.changeParameters()),
                                    Connection.JSON_PATCH,
                                    patch);
                    return true;
                } catch (StatusFailure e) {
                    if (!e.reason().equals("Conflict") || attempt == CONFLICT_RETRIES) {
                        throw e;
                    }
                    current = call.connection().get(target.path());
                }
            }
        } catch (CommandFailure e) {
            call.io()
                    .errorLine(
                            "Warning: the fields applied by the client stay with their former manager until the next apply: "
                                    + e.text());
            return false;
        }
    }

    private static CommandFailure conflict(StatusFailure e) {
        if (!e.reason().equals("Conflict") || !e.serverMessage().startsWith("Apply failed with")) {
            return e;
        }
        return CommandFailure.error(e.serverMessage()
                + "\nOther managers own the fields listed above. To go on, choose one:\n"
                + "* run apply again with `--force-conflicts` to take these fields over;\n"
                + "* leave these fields out of the manifest, so that their managers keep them;\n"
                + "* give them the value that the server has, and own them together.\n"
                + "See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts");
    }
}
