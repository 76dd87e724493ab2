// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.discovery.Discovery;
import io.mizzen.apiserver.endpoint.RequestPipeline.Page;
import io.mizzen.apiserver.http.ApiRequest;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.ApiResponse.Complete;
import io.mizzen.apiserver.http.HttpFrontend;
import io.mizzen.apiserver.openapi.OpenApi;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.registry.ResourceRegistry;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/** Everything that is no resource: health, metrics, version, discovery, OpenAPI. Thread-safe. */
public final class Pages {
    /** The Kubernetes release whose API is served. */
    public static final String KUBERNETES_VERSION = "v1.35.6";

    private final RequestPipeline pipeline;
    private final Health health;
    private final MeterRegistry metrics;
    private final String address;
    private final byte[] authority;
    private volatile Told told;

    /** What clients are told of the resources; replaced as a whole when custom resources change. */
    private record Told(Discovery discovery, OpenApi openApi) {
        static Told of(ResourceRegistry resources) {
            return new Told(
                    Discovery.of(resources.definitions()),
                    OpenApi.of(resources.definitions(), KUBERNETES_VERSION + "+mizzen"));
        }
    }

    public Pages(
            RequestPipeline pipeline,
            ResourceRegistry resources,
            Health health,
            MeterRegistry metrics,
            String advertiseAddress,
            byte[] authority) {
        this.authority = authority.clone();
        this.pipeline = pipeline;
        this.health = health;
        this.metrics = metrics;
        this.address = advertiseAddress;
        this.told = Told.of(resources);
        resources.onChange(() -> told = Told.of(resources));
    }

    /** The pages by vertx-web route path. */
    public Map<String, HttpFrontend.Handler> handlers() {
        Map<String, HttpFrontend.Handler> handlers = new LinkedHashMap<>();
        Page healthPage = (request, user) -> health.answer(request);
        for (String page : new String[] {"/healthz", "/livez", "/readyz"}) {
            put(handlers, page, healthPage);
            put(handlers, page + "/*", healthPage);
        }
        put(handlers, "/version", (request, user) -> Complete.of(200, "application/json", version()));
        // For nodes that join: they trust what they read here only when its hash is the one their token names.
        handlers.put("/cacerts", request -> Complete.of(200, "application/x-pem-file", authority));
        put(handlers, "/metrics", (request, user) -> metrics());
        put(handlers, "/", (request, user) -> Complete.of(200, "application/json", paths(handlers)));
        for (String route : new String[] {"/api", "/api/*", "/apis", "/apis/*"}) {
            put(handlers, route, (request, user) -> discover(request));
        }
        for (String route : new String[] {"/openapi/v2", "/openapi/v3", "/openapi/v3/*"}) {
            put(handlers, route, (request, user) -> describe(request));
        }
        put(handlers, "/*", (request, user) -> {
            throw StatusException.noSuchPath();
        });
        return handlers;
    }

    private void put(Map<String, HttpFrontend.Handler> handlers, String route, Page page) {
        handlers.put(route, request -> pipeline.handlePage(request, page));
    }

    private ApiResponse discover(ApiRequest request) {
        Discovery.Answer answer = told.discovery().answer(request.path(), request.headerList("Accept"), address);
        if (answer == null) {
            throw StatusException.noSuchPath();
        }
        return cacheable(request, answer.body(), answer.contentType(), answer.etag());
    }

    private ApiResponse describe(ApiRequest request) {
        OpenApi.Answer answer = told.openApi().answer(request.path(), request.headerList("Accept"));
        if (answer == null) {
            throw StatusException.noSuchPath();
        }
        return cacheable(request, answer.body(), answer.contentType(), answer.etag());
    }

    private static ApiResponse cacheable(ApiRequest request, byte[] body, String contentType, String etag) {
        if (etag.isEmpty()) {
            return Complete.of(200, contentType, body);
        }
        boolean known = request.headerList("If-None-Match").contains(etag);
        Complete response = known ? Complete.of(304, contentType, new byte[0]) : Complete.of(200, contentType, body);
        return response.with("ETag", etag).with("Vary", "Accept");
    }

    private ApiResponse metrics() {
        if (metrics instanceof PrometheusMeterRegistry prometheus) {
            return Complete.text(200, prometheus.scrape());
        }
        throw StatusException.noSuchPath();
    }

    private static byte[] paths(Map<String, HttpFrontend.Handler> handlers) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        var array = node.putArray("paths");
        TreeSet<String> sorted = new TreeSet<>(handlers.keySet());
        sorted.removeIf(path -> path.endsWith("*") || path.equals("/"));
        sorted.forEach(array::add);
        return ObjectCodec.toBytes(node);
    }

    private static byte[] version() {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("major", "1").put("minor", "35");
        node.put("emulationMajor", "1").put("emulationMinor", "35");
        node.put("minCompatibilityMajor", "1").put("minCompatibilityMinor", "34");
        node.put("gitVersion", KUBERNETES_VERSION + "+mizzen");
        node.put("gitCommit", "").put("gitTreeState", "").put("buildDate", "1970-01-01T00:00:00Z");
        node.put("goVersion", "");
        node.put("compiler", "java" + Runtime.version().feature());
        node.put("platform", "linux/amd64");
        return ObjectCodec.toBytes(node);
    }
}
