// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.tree.Json;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** {@code kubectl certificate approve|deny}. */
public final class Certificate extends Command {
    private final boolean approve;

    /** @param approve whether requests are approved instead of denied */
    public Certificate(boolean approve) {
        this.approve = approve;
    }

    @Override
    public String flags() {
        return "force:b=false" + PRINT + FILES;
    }

    @Override
    public String synopsis() {
        return "(-f FILENAME | NAME)";
    }

    @Override
    public int run(Invocation call) {
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (call.arguments().isEmpty() && !targets.fromFiles()) {
            throw call.usage("one or more CSRs must be specified as <name> or -f <filename>");
        }
        List<String> arguments = new ArrayList<>(List.of("certificatesigningrequests.certificates.k8s.io"));
        arguments.addAll(call.arguments());
        Report report = new Report(call, true);
        for (Target target : targets.live(arguments)) {
            failures.attempt(() -> decide(call, target, report));
        }
        return failures.exitCode();
    }

    private void decide(Invocation call, Target target, Report report) {
        String type = approve ? "Approved" : "Denied";
        String word = approve ? "approved" : "denied";
        ObjectNode changed = target.object().deepCopy();
        ObjectNode status = Json.child(changed, "status");
        ArrayNode conditions =
                status.path("conditions") instanceof ArrayNode there ? there : status.putArray("conditions");
        boolean decided = false;
        for (JsonNode condition : conditions) {
            decided |= Json.text(condition, "type").equals(type);
        }
        JsonNode answer = changed;
        if (!decided || call.flags().is("force")) {
            String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
            conditions
                    .addObject()
                    .put("type", type)
                    .put("status", "True")
                    .put("reason", approve ? "KubectlApprove" : "KubectlDeny")
                    .put(
                            "message",
                            "This CSR was " + word + " by kubectl certificate " + (approve ? "approve" : "deny") + ".")
                    .put("lastUpdateTime", now);
            answer = call.connection().put(target.path() + "/approval", changed);
        }
        report.done(target.shown(), word, answer);
    }
}
