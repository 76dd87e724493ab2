// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.YamlWriter;

/** {@code kubectl version}: this program's version and the server's. */
public final class Version extends Command {
    /** The version that this program speaks. */
    public static final String CLIENT = "v1.35.6+mizzen";

    @Override
    public String flags() {
        return "client:b=false output,o:s=";
    }

    @Override
    public String synopsis() {
        return "";
    }

    @Override
    public int run(Invocation call) {
        if (!call.arguments().isEmpty()) {
            throw call.usage("extra arguments: [" + String.join(" ", call.arguments()) + "]");
        }
        String form = call.flags().text("output");
        if (!form.isEmpty() && !form.equals("yaml") && !form.equals("json")) {
            throw CommandFailure.error("--output must be 'yaml' or 'json'");
        }
        ObjectNode all = Json.object();
        ObjectNode client = all.putObject("clientVersion");
        client.put("major", "1").put("minor", "35").put("gitVersion", CLIENT).put("gitCommit", "");
        client.put("gitTreeState", "").put("buildDate", "").put("goVersion", "");
        client.put("compiler", "javac " + Runtime.version().feature());
        client.put("platform", "linux/" + (System.getProperty("os.arch", "").equals("aarch64") ? "arm64" : "amd64"));
        CommandFailure unreachable = null;
        if (!call.flags().is("client")) {
            try {
                all.set("serverVersion", call.connection().get("/version"));
            } catch (CommandFailure e) {
                unreachable = e;
            }
        }
        print(call, form, all);
        if (unreachable != null) {
            throw unreachable;
        }
        return 0;
    }

    private static void print(Invocation call, String form, ObjectNode all) {
        JsonNode server = all.path("serverVersion");
        switch (form) {
            case "json" -> call.io().line(Json.pretty(all, false).replace("    ", "  "));
            case "yaml" -> call.io().line(YamlWriter.write(all));
            default -> {
                call.io().line("Client Version: " + CLIENT);
                if (!server.isMissingNode()) {
                    call.io().line("Server Version: " + Json.text(server, "gitVersion"));
                    warnSkew(call, server);
                }
            }
        }
    }

    /** One minor version apart is supported; more is worth a warning. */
    private static void warnSkew(Invocation call, JsonNode server) {
        String minor = Json.text(server, "minor").replaceAll("\\D.*", "");
        if (!minor.isEmpty() && Math.abs(Integer.parseInt(minor) - 35) > 1) {
            call.io()
                    .errorLine("Warning: version difference between client (1.35) and server ("
                            + Json.text(server, "major") + "." + minor
                            + ") exceeds the supported minor version skew of +/-1");
        }
    }
}
