// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One HTTP request and its answer, over the connection of a {@code KubernetesClient}. Thread-safe. */
final class Transport {

    static final String JSON = "application/json";
    static final String MERGE_PATCH = "application/merge-patch+json";
    static final String METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
    static final String METADATA_LIST =
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

    private static final long TIMEOUT_SECONDS = 60;

    private final HttpClient http;
    private final String base;

    private final @Nullable Supplier<String> token;

    Transport(KubernetesClient client) {
        this(client, null);
    }

    /** With a bearer token, asked for before each request. */
    Transport(KubernetesClient client, @Nullable Supplier<String> token) {
        this.token = token;
        this.http = client.getHttpClient();
        String master = client.getMasterUrl().toString();
        this.base = master.endsWith("/") ? master.substring(0, master.length() - 1) : master;
    }

    /** Sends a request and reads the whole answer; a code of 400 or more is thrown. */
    JsonNode send(String method, String path, String accept, @Nullable String contentType, @Nullable JsonNode body) {
        HttpRequest.Builder request =
                http.newHttpRequestBuilder().uri(base + path).header("Accept", accept);
        request.timeout(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (token != null) {
            request.setHeader("Authorization", "Bearer " + token.get());
        }
        if (body != null) {
            request.method(method, contentType == null ? JSON : contentType, Json.text(body));
        } else if (!method.equals("GET")) {
            request.method(method, JSON, "");
        }
        HttpResponse<byte[]> response = await(http.sendAsync(request.build(), byte[].class), method, path);
        byte[] answer = response.body() == null ? new byte[0] : response.body();
        if (!response.isSuccessful()) {
            throw failure(response.code(), method, path, answer);
        }
        return answer.length == 0 ? Json.object() : Json.parse(answer);
    }

    /** Opens a GET whose answer is read as it comes; the caller closes the stream. */
    InputStream stream(String path, String accept) {
        HttpRequest request = http.newHttpRequestBuilder()
                .uri(base + path)
                .header("Accept", accept)
                .forStreaming()
                .build();
        HttpResponse<InputStream> response = await(http.sendAsync(request, InputStream.class), "GET", path);
        if (response.isSuccessful()) {
            return response.body();
        }
        try (InputStream body = response.body()) {
            throw failure(response.code(), "GET", path, body.readNBytes(64 * 1024));
        } catch (IOException e) {
            throw failure(response.code(), "GET", path, new byte[0]);
        }
    }

    private static <T> HttpResponse<T> await(CompletableFuture<HttpResponse<T>> future, String method, String path) {
        try {
            return future.get(TIMEOUT_SECONDS + 5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            throw new KubernetesClientException(method + " " + path + ": interrupted", e);
        } catch (TimeoutException e) {
            future.cancel(true);
            throw new KubernetesClientException(method + " " + path + ": no answer in time", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String detail = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
            throw new KubernetesClientException(method + " " + path + ": " + detail, cause);
        }
    }

    private static KubernetesClientException failure(int code, String method, String path, byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        Status status = null;
        try {
            JsonNode tree = Json.parse(body);
            if (tree.path("kind").asText().equals("Status")) {
                status = Json.model(tree, Status.class);
            }
        } catch (KubernetesClientException notJson) {
            status = null;
        }
        if (status != null && status.getMessage() != null) {
            return new KubernetesClientException(status.getMessage(), code, status);
        }
        return new KubernetesClientException(method + " " + path + ": " + code + " " + text.strip(), code, status);
    }
}
