// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.mizzen.kubectl.cli.Io;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls against a small server that plays recorded answers. */
class KubectlServerTest {
    private static final String DISCOVERY =
            "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[{\"metadata\":{\"name\":\"\"},"
                    + "\"versions\":[{\"version\":\"v1\",\"resources\":["
                    + "{\"resource\":\"pods\",\"singularResource\":\"pod\",\"scope\":\"Namespaced\",\"verbs\":[\"get\"],"
                    + "\"shortNames\":[\"po\"],\"categories\":[\"all\"],\"responseKind\":{\"kind\":\"Pod\"}},"
                    + "{\"resource\":\"configmaps\",\"singularResource\":\"configmap\",\"scope\":\"Namespaced\",\"verbs\":[\"get\"],"
                    + "\"shortNames\":[\"cm\"],\"responseKind\":{\"kind\":\"ConfigMap\"}}]}]}]}";
    private static final String TABLE = "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":"
            + "{\"resourceVersion\":\"7\"},\"columnDefinitions\":[{\"name\":\"Name\",\"priority\":0},{\"name\":\"Status\","
            + "\"priority\":0},{\"name\":\"Node\",\"priority\":1}],\"rows\":[{\"cells\":[\"web-1\",\"Running\",\"n1\"],"
            + "\"object\":{\"metadata\":{\"name\":\"web-1\",\"namespace\":\"default\",\"labels\":{\"app\":\"web\"}}}}]}";
    private static final String EVENT = "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Table\",\"rows\":[{\"cells\":"
            + "[\"web-1\",\"Succeeded\",\"n1\"],\"object\":{\"metadata\":{\"name\":\"web-1\"}}}]}}\n";

    @TempDir
    Path home;

    private HttpServer server;
    private final List<String> requests = new CopyOnWriteArrayList<>();

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

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().toString();
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (exchange.getRequestHeaders().containsKey("Authorization")) {
            requests.add("with a token");
        }
        requests.add(exchange.getRequestMethod() + " " + path + (body.isEmpty() ? "" : " " + body));
        boolean table = exchange.getRequestHeaders().getFirst("Accept").contains("as=Table");
        int code = 200;
        String text;
        if (path.equals("/api")) {
            text = DISCOVERY;
        } else if (path.equals("/apis")) {
            text = "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[]}";
        } else if (path.contains("watch=true")) {
            text = EVENT;
        } else if (path.contains("/nope")
                || path.contains("/fresh") && !exchange.getRequestMethod().equals("POST")) {
            code = 404;
            text = "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"code\":404,\"message\":"
                    + "\"pods \\\"nope\\\" not found\"}";
        } else if (exchange.getRequestMethod().equals("POST")) {
            text = body;
        } else {
            text = table ? TABLE : "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[]}";
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Warning", "299 - \"be careful\"");
        exchange.sendResponseHeaders(code, 0);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private record Result(int code, String out, String err) {}

    private Result run(String in, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Io io = new Io(
                new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        String[] all = new String[args.length + 2];
        System.arraycopy(args, 0, all, 0, args.length);
        all[args.length] = "-s";
        all[args.length + 1] = "http://127.0.0.1:" + server.getAddress().getPort();
        int code = Kubectl.run(
                all,
                io,
                Map.of(
                        "HOME",
                        home.toString(),
                        "KUBECONFIG",
                        home.resolve("none").toString()));
        return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void printsTheServersTableAndItsWarningOnce() {
        Result result = run("", "get", "po");

        assertThat(result.out()).isEqualTo("NAME    STATUS\nweb-1   Running\n");
        assertThat(result.err()).isEqualTo("Warning: be careful\n");
        assertThat(result.code()).isZero();
    }

    @Test
    void needsOneRequestOnceDiscoveryIsKept() {
        run("", "get", "pods");
        requests.clear();

        run("", "get", "pods", "-o", "wide");

        assertThat(requests).containsExactly("GET /api/v1/namespaces/default/pods?limit=500");
    }

    @Test
    void showsARefusalAsUpstream() {
        Result result = run("", "get", "pod", "nope");

        assertThat(result.err()).contains("Error from server (NotFound): pods \"nope\" not found\n");
        assertThat(result.code()).isOne();
    }

    @Test
    void aDumpOfTheClusterIsNotTakenForSomethingElse() {
        Result result = run("", "cluster-info", "dump");

        assertThat(result).isEqualTo(new Result(1, "", "error: cluster-info dump is not supported by this kubectl\n"));
        assertThat(run("", "cluster-info").out())
                .startsWith("Kubernetes control plane is running at http://127.0.0.1:")
                .as("what is not there is not advised")
                .doesNotContain("dump");
    }

    @Test
    void asksForDiscoveryAgainBeforeItCallsAResourceUnknown() {
        run("", "get", "pods");
        requests.clear();

        Result result = run("", "get", "gadgets");

        assertThat(result.err()).endsWith("error: the server doesn't have a resource type \"gadgets\"\n");
        assertThat(requests).contains("GET /api", "GET /apis");
    }

    @Test
    void watchesWithWidthsOfTheFirstTable() {
        Result result = run("", "get", "pods", "-w", "--show-labels");

        assertThat(result.out())
                .isEqualTo("NAME    STATUS    LABELS\nweb-1   Running   app=web\nweb-1   Succeeded   <none>\n");
    }

    @Test
    void appliesANewObjectWithItsLastAppliedAnnotation() {
        Result result =
                run("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh}\ndata: {a: b}\n", "apply", "-f", "-");

        assertThat(result.out()).isEqualTo("configmap/fresh created\n");
        assertThat(requests.getLast())
                .startsWith("POST /api/v1/namespaces/default/configmaps?fieldManager=kubectl-client-side-apply")
                .contains(
                        "last-applied-configuration\":\"{\\\"apiVersion\\\":\\\"v1\\\",\\\"data\\\":{\\\"a\\\":\\\"b\\\"}");
    }

    @Test
    void saysNoTokenWhereEverybodyCanListen() {
        Result result = run("", "get", "pods", "--token=secret");

        assertThat(result.code()).isZero();
        assertThat(requests).isNotEmpty().doesNotContain("with a token");
    }

    @Test
    void tellsWhenNothingListens() {
        int port = server.getAddress().getPort();
        server.stop(0);

        Result result = run("", "get", "pods");

        assertThat(result.err())
                .isEqualTo("The connection to the server 127.0.0.1:" + port
                        + " was refused - did you specify the right host or port?\n");
        assertThat(result.code()).isOne();
    }
}
