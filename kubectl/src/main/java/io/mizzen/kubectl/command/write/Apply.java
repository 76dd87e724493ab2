// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.patch.MergePatch;
import io.mizzen.kubectl.patch.Schemas;
import io.mizzen.kubectl.patch.StrategicPatch;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.List;

/**
 * {@code kubectl apply}: client-side with the last-applied annotation and a three-way patch, or server-side. {@code --prune} is not
 * offered.
 */
public final class Apply extends Command {
    private static final int CONFLICT_RETRIES = 5;
    static final String DEFAULT_MANAGER = "kubectl-client-side-apply";

    @Override
    public String flags() {
        return "all:b=false cascade:s?background=background field-manager:s=" + DEFAULT_MANAGER + " force:b=false"
                + " force-conflicts:b=false grace-period:i=-1 openapi-patch:b=true overwrite:b=true prune:b=false"
                + " prune-allowlist:a= selector,l:s= server-side:b=false subresource:s= timeout:d=0s wait:b=false"
                + PRINT
                + FILES + DRY_RUN + VALIDATE;
    }

    @Override
    public String synopsis() {
        return "(-f FILENAME | -f -)";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        if (!call.arguments().isEmpty()) {
            throw call.usage("Unexpected args: [" + String.join(" ", call.arguments()) + "]");
        }
        DryRun dryRun = call.dryRun();
        boolean serverSide = flags.is("server-side");
        check(flags, serverSide, dryRun);
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (!targets.fromFiles()) {
            throw CommandFailure.error("must specify one of -f and -k");
        }
        Report report = new Report(call, true);
        List<Target> documents = targets.documents();
        if (documents.isEmpty() && failures.exitCode() == 0) {
            throw CommandFailure.error("no objects passed to apply");
        }
        for (Target target : documents) {
            failures.attempt(() -> {
                if (serverSide) {
                    ServerSideApply.apply(call, target, report);
                } else {
                    clientSide(call, target, dryRun, report);
                }
            });
        }
        report.flush();
        return failures.exitCode();
    }

    private static void check(Flags flags, boolean serverSide, DryRun dryRun) {
        if (flags.is("force-conflicts") && !serverSide) {
            throw CommandFailure.error("--force-conflicts only works with --server-side");
        }
        if (dryRun == DryRun.CLIENT && serverSide) {
            throw CommandFailure.error(
                    "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server" + " instead?)");
        }
        if (flags.is("force") && serverSide) {
            throw CommandFailure.error("--force cannot be used with --server-side");
        }
        if (flags.is("prune")) {
            throw CommandFailure.error("--prune is not supported by this kubectl");
        }
    }

    private static void clientSide(Invocation call, Target target, DryRun dryRun, Report report) {
        if (target.name().isEmpty()) {
            String generated = Json.text(target.object(), "metadata", "generateName");
            throw CommandFailure.error(
                    generated.isEmpty()
                            ? "error when retrieving current configuration of:\nResource: \""
                                    + target.type().qualified() + "\"\nresource name may not be empty"
                            : "from " + generated + ": cannot use generate name with apply");
        }
        ObjectNode modified = LastApplied.annotate(target.object());
        JsonNode current;
        try {
            current = call.connection().get(target.path());
        } catch (StatusFailure e) {
            if (!e.reason().equals("NotFound")) {
                throw e.during("retrieving current configuration of", target.source());
            }
            create(call, target, modified, dryRun, report);
            return;
        }
        update(call, target, modified, current, dryRun, report);
    }

    private static void create(Invocation call, Target target, ObjectNode modified, DryRun dryRun, Report report) {
        JsonNode made = modified;
        if (dryRun != DryRun.CLIENT) {
            try {
                made = call.connection().post(Connection.query(target.collection(), call.changeParameters()), modified);
            } catch (StatusFailure e) {
                throw e.during("creating", target.source());
            }
        }
        report.collect(target.shown(), "created", made);
    }

    private static void update(
            Invocation call, Target target, ObjectNode modified, JsonNode first, DryRun dryRun, Report report) {
        JsonNode current = first;
        if (LastApplied.of(current).isMissingNode() && report.isHuman()) {
            call.io()
                    .errorLine("Warning: resource " + target.type().plural() + "/" + target.name() + " is missing the "
                            + LastApplied.KEY
                            + " annotation which is required by kubectl apply. kubectl apply should only be"
                            + " used on resources created declaratively by either kubectl create --save-config or kubectl"
                            + " apply. The missing annotation will be patched automatically.");
        }
        for (int attempt = 0; ; attempt++) {
            Patch patch = patch(target, modified, current);
            if (patch.body().isEmpty()) {
                report.collect(target.shown(), "unchanged", current);
                return;
            }
            if (dryRun == DryRun.CLIENT) {
                report.collect(target.shown(), "configured", current);
                return;
            }
            try {
                JsonNode changed = call.connection()
                        .patch(Connection.query(target.path(), call.changeParameters()), patch.form(), patch.body());
                report.collect(target.shown(), sameVersion(current, changed) ? "unchanged" : "configured", changed);
                return;
            } catch (StatusFailure e) {
                if (e.reason().equals("Conflict") && attempt < CONFLICT_RETRIES) {
                    current = call.connection().get(target.path());
                } else if (call.flags().is("force")
                        && (e.reason().equals("Invalid") || e.reason().equals("Conflict"))) {
                    replace(call, target, modified, report);
                    return;
                } else {
                    throw failedPatch(e, target, patch.body());
                }
            }
        }
    }

    private static boolean sameVersion(JsonNode before, JsonNode after) {
        String version = Json.text(before, "metadata", "resourceVersion");
        return !version.isEmpty() && version.equals(Json.text(after, "metadata", "resourceVersion"));
    }

    private static StatusFailure failedPatch(StatusFailure e, Target target, ObjectNode patch) {
        ObjectNode status = e.status().deepCopy();
        String apiVersion = target.type().apiVersion();
        String where = "Resource: \"" + apiVersion + (apiVersion.indexOf('/') < 0 ? ", " : ", ") + "Resource="
                + target.type().plural() + "\", GroupVersionKind: \"" + apiVersion + ", Kind="
                + target.type().kind()
                + "\"\nName: \"" + target.name() + "\", Namespace: \"" + target.namespace() + "\"";
        status.put(
                "message",
                "error when applying patch:\n" + Json.compact(patch) + "\nto:\n" + where + "\nfor: \"" + target.source()
                        + "\": error when patching \"" + target.source() + "\": " + e.serverMessage());
        return new StatusFailure(status);
    }

    private static void replace(Invocation call, Target target, ObjectNode modified, Report report) {
        Deletion.of(call).delete(target);
        Deletion.of(call).awaitGone(target, "");
        ObjectNode fresh = modified.deepCopy();
        Json.child(fresh, "metadata").remove("resourceVersion");
        JsonNode made = call.connection().post(Connection.query(target.collection(), call.changeParameters()), fresh);
        report.collect(target.shown(), "configured", made);
    }

    /**
     * A patch and its form.
     *
     * @param form its media type
     */
    record Patch(String form, ObjectNode body) {}

    /** The three-way patch that makes {@code current} what {@code modified} says. */
    static Patch patch(Target target, JsonNode modified, JsonNode current) {
        JsonNode last = LastApplied.of(current);
        JsonNode original = last.isMissingNode() ? Json.object() : last;
        Schema schema = Schemas.of(target.type().apiVersion(), target.type().kind());
        return schema == null
                ? new Patch(Connection.MERGE, MergePatch.threeWay(original, modified, current))
                : new Patch(Connection.STRATEGIC, StrategicPatch.threeWay(original, modified, current, schema));
    }
}
