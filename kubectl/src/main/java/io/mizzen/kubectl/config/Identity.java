// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.net.Trust;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Who the caller is: a token, a password, or what a credential program answers. Used once by one thread. */
final class Identity {
    private static final long PLUGIN_SECONDS = 60;

    private final Map<String, String> headers;
    private Trust trust;

    Identity(Map<String, String> headers, Trust trust) {
        this.headers = headers;
        this.trust = trust;
    }

    Trust trust() {
        return trust;
    }

    void fill(Flags flags, JsonNode user, Map<String, String> environment) {
        String token = flags.text("token");
        if (token.isEmpty()) {
            String file = Json.text(user, "tokenFile");
            token = file.isEmpty()
                    ? Json.text(user, "token")
                    : Settings.file(file).strip();
        }
        String name = flags.changed("username") ? flags.text("username") : Json.text(user, "username");
        String password = flags.changed("password") ? flags.text("password") : Json.text(user, "password");
        if (!token.isEmpty()) {
            headers.put("Authorization", "Bearer " + token);
        } else if (!name.isEmpty()) {
            byte[] pair = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
            headers.put("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair));
        } else if (user.path("exec").isObject()) {
            fromPlugin(user.path("exec"), environment);
        }
    }

    private void fromPlugin(JsonNode exec, Map<String, String> environment) {
        String command = Json.text(exec, "command");
        List<String> words = new ArrayList<>();
        words.add(command);
        exec.path("args").forEach(argument -> words.add(argument.asText()));
        ProcessBuilder builder = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        for (JsonNode variable : exec.path("env")) {
            builder.environment().put(Json.text(variable, "name"), Json.text(variable, "value"));
        }
        ObjectNode info = Json.object();
        info.put("kind", "ExecCredential").put("apiVersion", Json.text(exec, "apiVersion"));
        Json.child(info, "spec").put("interactive", false);
        builder.environment().put("KUBERNETES_EXEC_INFO", Json.compact(info));
        try {
            Path answer = Files.createTempFile(
                    "credential",
                    "",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try {
                // To a file: whoever reads a program's output waits for its end, however long that takes.
                Process process = builder.redirectOutput(answer.toFile()).start();
                process.getOutputStream().close();
                if (!process.waitFor(PLUGIN_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw failure("exec: executable " + command + " did not end in " + PLUGIN_SECONDS + " s");
                }
                if (process.exitValue() != 0) {
                    throw failure("exec: executable " + command + " failed with exit code " + process.exitValue());
                }
                take(Json.parse(Files.readAllBytes(answer)).path("status"));
            } finally {
                Files.delete(answer);
            }
        } catch (IOException e) {
            throw failure("exec: executable " + command + " not found");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure("exec: interrupted");
        }
    }

    private static CommandFailure failure(String reason) {
        return new CommandFailure(1, "Unable to connect to the server: getting credentials: " + reason);
    }

    private void take(JsonNode status) {
        String token = Json.text(status, "token");
        if (!token.isEmpty()) {
            headers.put("Authorization", "Bearer " + token);
        }
        String certificate = Json.text(status, "clientCertificateData");
        if (!certificate.isEmpty()) {
            trust = new Trust(
                    trust.authorities(),
                    certificate,
                    Json.text(status, "clientKeyData"),
                    trust.serverName(),
                    trust.insecure());
        }
    }
}
