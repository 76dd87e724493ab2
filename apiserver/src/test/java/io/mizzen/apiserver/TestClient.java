// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/** Speaks HTTPS to a server under test, as a user would by hand. */
final class TestClient implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final HttpClient http;
    private final int port;

    /** A status code with the body as a tree. */
    record Answer(int code, JsonNode body, HttpResponse<byte[]> raw) {
        String message() {
            return body.path("message").asText();
        }

        String reason() {
            return body.path("reason").asText();
        }
    }

    TestClient(SSLContext tls, int port) {
        this.http = HttpClient.newBuilder()
                .sslContext(tls)
                .connectTimeout(Duration.ofSeconds(10))
                .build();
        this.port = port;
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(30));
    }

    Answer send(String method, String path, String contentType, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder builder = request(path).method(method, BodyPublishers.ofByteArray(body));
        if (!contentType.isEmpty()) {
            builder.header("Content-Type", contentType);
        }
        for (int i = 0; i < headers.length; i += 2) {
            builder.header(headers[i], headers[i + 1]);
        }
        HttpResponse<byte[]> response = http.send(builder.build(), BodyHandlers.ofByteArray());
        String text = new String(response.body(), StandardCharsets.UTF_8);
        JsonNode tree = text.startsWith("{")
                ? MAPPER.readTree(text)
                : MAPPER.getNodeFactory().textNode(text);
        return new Answer(response.statusCode(), tree, response);
    }

    Answer get(String path, String... headers) throws Exception {
        return send("GET", path, "", new byte[0], headers);
    }

    Answer post(String path, String json) throws Exception {
        return send("POST", path, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    /** Posts what must be accepted. */
    Answer create(String path, String json) throws Exception {
        Answer answer = post(path, json);
        assertThat(answer.code()).as(answer.message()).isEqualTo(201);
        return answer;
    }

    Answer put(String path, JsonNode object) throws Exception {
        return send("PUT", path, "application/json", MAPPER.writeValueAsBytes(object));
    }

    Answer patch(String path, String type, String patch) throws Exception {
        return send("PATCH", path, "application/" + type, patch.getBytes(StandardCharsets.UTF_8));
    }

    Answer delete(String path) throws Exception {
        return send("DELETE", path, "", new byte[0]);
    }

    /** The lines of a watch; close the reader to end it. */
    BufferedReader watch(String path) throws Exception {
        var response = http.send(request(path).GET().build(), BodyHandlers.ofInputStream());
        return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    static ObjectNode next(BufferedReader watch) throws Exception {
        return (ObjectNode) MAPPER.readTree(watch.readLine());
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
