// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import java.util.List;

/** {@code kubectl replace}: puts the manifests' objects in the place of those on the server. */
public final class Replace extends Command {
    @Override
    public String flags() {
        return "cascade:s?background=background field-manager:s=kubectl-replace force:b=false grace-period:i=-1 raw:s="
                + " save-config:b=false subresource:s= timeout:d=0s wait:b=false" + PRINT + FILES + DRY_RUN + VALIDATE;
    }

    @Override
    public String synopsis() {
        return "-f FILENAME";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (!targets.fromFiles()) {
            throw CommandFailure.error("must specify one of -f and -k");
        }
        if (flags.changed("grace-period") && !flags.is("force")) {
            throw CommandFailure.error("--grace-period must have --force specified");
        }
        Report report = new Report(call, true);
        List<Target> documents = targets.documents();
        if (documents.isEmpty() && failures.exitCode() == 0) {
            throw CommandFailure.error("no objects passed to replace");
        }
        for (Target target : documents) {
            failures.attempt(() -> {
                if (flags.is("force")) {
                    recreate(call, target, report);
                } else {
                    replace(call, target, report);
                }
            });
        }
        return failures.exitCode();
    }

    private static void replace(Invocation call, Target target, Report report) {
        boolean annotate = call.flags().is("save-config");
        JsonNode object = target.object();
        if (call.dryRun() == DryRun.CLIENT) {
            report.done(target.shown(), "replaced", object);
            return;
        }
        try {
            // An object that client-side apply manages keeps its annotation up to date, as upstream's replace does.
            JsonNode live = annotate ? object : call.connection().get(target.path());
            if (annotate || !LastApplied.of(live).isMissingNode()) {
                object = LastApplied.annotate(object);
            }
        } catch (StatusFailure e) {
            if (!e.reason().equals("NotFound")) {
                throw e;
            }
        }
        String subresource = call.flags().text("subresource");
        String path = subresource.isEmpty() ? target.path() : target.path() + "/" + subresource;
        try {
            JsonNode changed = call.connection().put(Connection.query(path, call.changeParameters()), object);
            report.done(target.shown(), "replaced", changed);
        } catch (StatusFailure e) {
            throw e.during("replacing", target.source());
        }
    }

    private static void recreate(Invocation call, Target target, Report report) {
        Deletion deletion = Deletion.of(call);
        if (call.dryRun() == DryRun.NONE) {
            try {
                String uid = deletion.delete(target);
                call.io()
                        .line(target.type().shown() + " \"" + target.name() + "\" deleted"
                                + (target.namespace().isEmpty() ? "" : " from " + target.namespace() + " namespace"));
                deletion.awaitGone(target, uid);
            } catch (StatusFailure e) {
                if (!e.reason().equals("NotFound")) {
                    throw e;
                }
            }
        }
        JsonNode object = call.flags().is("save-config") ? LastApplied.annotate(target.object()) : target.object();
        if (object instanceof ObjectNode made && made.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove("resourceVersion");
        }
        JsonNode created = call.dryRun() == DryRun.CLIENT
                ? object
                : call.connection().post(Connection.query(target.collection(), call.changeParameters()), object);
        report.done(target.shown(), "replaced", created);
    }
}
