// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.mizzen.kubectl.Kubectl;
import io.mizzen.kubectl.cli.Io;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Editors that are scripts, and a server that accepts, finds invalid or refuses what they save. */
class EditTest {
    private static final String DISCOVERY =
            "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[{\"metadata\":{\"name\":\"\"},"
                    + "\"versions\":[{\"version\":\"v1\",\"resources\":[{\"resource\":\"configmaps\",\"singularResource\":"
                    + "\"configmap\",\"scope\":\"Namespaced\",\"verbs\":[\"get\",\"patch\"],\"shortNames\":[\"cm\"],"
                    + "\"responseKind\":{\"kind\":\"ConfigMap\"}}]}]}]}";
    private static final String OBJECT =
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"settings\","
                    + "\"namespace\":\"default\"},\"data\":{\"size\":\"1\"}}";

    @TempDir
    Path home;

    private HttpServer server;
    private final List<String> patches = new CopyOnWriteArrayList<>();

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void whatIsChangedIsPatched() throws Exception {
        Result result = edit("sed -i 's/size: \"1\"/size: \"2\"/' \"$1\"");

        assertThat(result).isEqualTo(new Result(0, "configmap/settings edited\n", ""));
        assertThat(patches).containsExactly("{\"data\":{\"size\":\"2\"}}");
    }

    @Test
    void whatIsNotChangedIsNotSent() throws Exception {
        assertThat(edit(":")).isEqualTo(new Result(0, "", "Edit cancelled, no changes made.\n"));
        assertThat(patches).isEmpty();
    }

    @Test
    void whatIsInvalidIsOpenedAgainWithTheCauses() throws Exception {
        Result result = edit("if grep -q '^# [*] data.size: Invalid value: \"-1\"' \"$1\"; then"
                + " grep -q '^# configmaps \"settings\" was not valid:' \"$1\" && sed -i 's/\"-1\"$/\"3\"/' \"$1\";"
                + " else sed -i 's/size: \"1\"/size: \"-1\"/' \"$1\"; fi");

        assertThat(result)
                .isEqualTo(new Result(0, "configmap/settings edited\n", "error: configmaps \"settings\" is invalid\n"));
        assertThat(patches).containsExactly("{\"data\":{\"size\":\"-1\"}}", "{\"data\":{\"size\":\"3\"}}");
    }

    @Test
    void whatStaysInvalidIsKept() throws Exception {
        Result result = edit("sed -i 's/size: \"1\"/size: \"-1\"/' \"$1\"");

        assertThat(result.code()).isOne();
        assertThat(result.err())
                .startsWith("error: configmaps \"settings\" is invalid\nA copy of your changes has been stored to \"")
                .endsWith("error: Edit cancelled, no valid changes were saved.\n");
        assertThat(kept(result)).contains("size: \"-1\"");
    }

    @Test
    void whatCannotBeReadIsOpenedAgain() throws Exception {
        Result result = edit("grep -q 'The edited file failed validation' \"$1\" || sed -i 's/^data:/data: [/' \"$1\"");

        assertThat(result.err())
                .startsWith("error: configmaps \"settings\" is invalid\n")
                .endsWith("error: Edit cancelled, no valid changes were saved.\n");
        assertThat(kept(result)).contains("data: [");
        assertThat(patches).isEmpty();
    }

    @Test
    void anotherNameKindOrVersionEndsIt() throws Exception {
        for (String change :
                List.of("s/name: settings/name: other/", "s/kind: ConfigMap/kind: Secret/", "s/: v1/: v2/")) {
            Result result = edit("sed -i '" + change + "' \"$1\"");

            assertThat(result.code()).isOne();
            assertThat(result.err())
                    .startsWith("A copy of your changes has been stored to \"")
                    .endsWith("error: At least one of apiVersion, kind and name was changed\n");
            assertThat(kept(result)).isNotEmpty();
        }
        assertThat(patches).isEmpty();
    }

    @Test
    void anotherNamespaceEndsIt() throws Exception {
        Result result = edit("sed -i 's/namespace: default/namespace: other/' \"$1\"");

        assertThat(result.code()).isOne();
        assertThat(result.err())
                .startsWith("A copy of your changes has been stored to \"")
                .endsWith("error: the namespace from the provided object \"other\" does not match the namespace"
                        + " \"default\". You must pass '--namespace=other' to perform this operation.\n");
        assertThat(patches).isEmpty();
        Files.delete(Path.of(result.err().split("\"")[1]));
    }

    @Test
    void whatIsForbiddenIsNotOpenedAgain() throws Exception {
        Result result = edit("sed -i 's/size: \"1\"/size: \"403\"/' \"$1\"");

        assertThat(result.code()).isOne();
        assertThat(result.err())
                .startsWith("error: configmaps \"settings\" could not be patched: not for you\n"
                        + "You can run `kubectl replace -f ")
                .endsWith("` to try this update again.\n");
        assertThat(patches).hasSize(1);
        Files.delete(Path.of(result.err().split("replace -f |`")[2]));
    }

    @Test
    void whatIsGoneMeanwhileIsKept() throws Exception {
        Result result = edit("sed -i 's/size: \"1\"/size: \"404\"/' \"$1\"");

        assertThat(result.code()).isOne();
        assertThat(result.err())
                .startsWith("error: configmaps \"settings\" could not be found on the server\n"
                        + "The edits you made on deleted resources have been saved to \"");
        assertThat(kept(result)).contains("size: \"404\"");
    }

    /** The file that the last but one quoted word of the complaint names; removes it. */
    private static String kept(Result result) throws IOException {
        String path = result.err().replaceFirst("(?s).*\"(/[^\"]+)\".*", "$1");
        String text = Files.readString(Path.of(path));
        Files.delete(Path.of(path));
        return text;
    }

    private record Result(int code, String out, String err) {}

    private Result edit(String script) throws IOException {
        Path editor = home.resolve("editor");
        Files.writeString(editor, script + "\n");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Io io = new Io(
                new ByteArrayInputStream(new byte[0]),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        String[] call = {
            "edit",
            "cm",
            "settings",
            "-s",
            "http://127.0.0.1:" + server.getAddress().getPort()
        };
        Map<String, String> environment = Map.of(
                "HOME", home.toString(), "KUBECONFIG", home.resolve("none").toString(), "KUBE_EDITOR", "sh " + editor);
        int code = Kubectl.run(call, io, environment);
        return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        int code = 200;
        String text = OBJECT;
        if (path.equals("/api")) {
            text = DISCOVERY;
        } else if (path.equals("/apis")) {
            text = "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[]}";
        } else if (exchange.getRequestMethod().equals("PATCH")) {
            patches.add(body);
            code = body.contains("403") ? 403 : body.contains("404") ? 404 : body.contains("-1") ? 422 : 200;
            text = switch (code) {
                case 403 -> status("Forbidden", code, "not for you", "");
                case 404 -> status("NotFound", code, "gone", "");
                case 422 ->
                    status(
                            "Invalid",
                            code,
                            "bad",
                            ",\"details\":{\"name\":\"settings\",\"kind\":\"ConfigMap\",\"causes\":[{\"field\":\"data.size\","
                                    + "\"message\":\"Invalid value: \\\"-1\\\": too small\"}]}");
                default -> OBJECT;
            };
        }
        exchange.sendResponseHeaders(code, 0);
        exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
        exchange.close();
    }

    private static String status(String reason, int code, String message, String rest) {
        return "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"" + reason
                + "\",\"code\":" + code + ",\"message\":\"" + message + "\"" + rest + "}";
    }
}
