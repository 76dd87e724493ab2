// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.List;

/** {@code kubectl create -f}: makes the objects of manifests. */
public final class Create extends Command {
    @Override
    public String flags() {
        return "edit:b=false field-manager:s=kubectl-create raw:s= save-config:b=false selector,l:s="
                + " windows-line-endings:b=false" + PRINT + FILES + DRY_RUN + VALIDATE;
    }

    @Override
    public String synopsis() {
        return "-f FILENAME";
    }

    @Override
    public int run(Invocation call) {
        if (!call.arguments().isEmpty()) {
            throw call.usage("Unexpected args: [" + String.join(" ", call.arguments()) + "]");
        }
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (!targets.fromFiles()) {
            throw CommandFailure.error("must specify one of -f and -k");
        }
        DryRun dryRun = call.dryRun();
        Report report = new Report(call, true);
        List<Target> documents = targets.documents();
        if (documents.isEmpty() && failures.exitCode() == 0) {
            throw CommandFailure.error("no objects passed to create");
        }
        for (Target target : documents) {
            failures.attempt(() -> create(call, target, dryRun, report));
        }
        return failures.exitCode();
    }

    private static void create(Invocation call, Target target, DryRun dryRun, Report report) {
        ObjectNode object =
                call.flags().is("save-config") ? LastApplied.annotate(target.object()) : (ObjectNode) target.object();
        JsonNode made = object;
        if (dryRun != DryRun.CLIENT) {
            try {
                made = call.connection().post(Connection.query(target.collection(), call.changeParameters()), object);
            } catch (StatusFailure e) {
                throw e.during("creating", target.source());
            }
        }
        report.done(target.type().shown() + "/" + nameOf(made, target), "created", made);
    }

    private static String nameOf(JsonNode made, Target target) {
        String name = Json.name(made);
        return name.isEmpty() ? target.name() : name;
    }
}
