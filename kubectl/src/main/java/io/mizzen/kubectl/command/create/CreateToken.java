// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;

/** {@code kubectl create token}: asks for a token of a ServiceAccount and prints it. */
public final class CreateToken extends Command {
    @Override
    public String flags() {
        return "audience:a= bound-object-kind:s= bound-object-name:s= bound-object-uid:s= duration:d=0s" + PRINT;
    }

    @Override
    public String synopsis() {
        return "SERVICE_ACCOUNT_NAME";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        if (call.arguments().size() != 1) {
            throw call.usage(
                    "exactly one NAME is required, got " + call.arguments().size());
        }
        ObjectNode request = Json.object();
        request.put("kind", "TokenRequest").put("apiVersion", "authentication.k8s.io/v1");
        request.putObject("metadata");
        ObjectNode spec = request.putObject("spec");
        ArrayNode audiences = spec.putArray("audiences");
        flags.list("audience").forEach(audiences::add);
        long seconds = flags.duration("duration").toSeconds();
        if (seconds < 0) {
            throw CommandFailure.error("--duration must be positive");
        }
        if (seconds > 0) {
            spec.put("expirationSeconds", seconds);
        }
        String kind = flags.text("bound-object-kind");
        if (!kind.isEmpty()) {
            if (flags.text("bound-object-name").isEmpty()) {
                throw CommandFailure.error("--bound-object-name is required if --bound-object-kind is provided");
            }
            ObjectNode bound = spec.putObject("boundObjectRef");
            bound.put("kind", kind).put("apiVersion", "v1").put("name", flags.text("bound-object-name"));
            if (!flags.text("bound-object-uid").isEmpty()) {
                bound.put("uid", flags.text("bound-object-uid"));
            }
        }
        String path = "/api/v1/namespaces/" + Connection.escape(call.namespace()) + "/serviceaccounts/"
                + Connection.escape(call.arguments().getFirst()) + "/token";
        JsonNode answer = call.connection().post(path, request);
        Report report = new Report(call, false);
        if (report.isHuman()) {
            call.io().line(Json.text(answer, "status", "token"));
        } else {
            report.done("tokenrequest.authentication.k8s.io/" + Json.name(answer), "created", answer);
        }
        return 0;
    }
}
