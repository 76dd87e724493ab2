// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.net.Endpoint;
import io.mizzen.kubectl.net.Http;
import io.mizzen.kubectl.net.WebSocket;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Requests to the API server as objects in and out. A refusal becomes a {@link StatusFailure}; a server that can't be reached
 * becomes a {@link CommandFailure} with upstream's text. Warnings of the server go to the errors, each once. Requests may come from
 * several threads.
 */
public final class Connection implements AutoCloseable {
    /** Plain objects. */
    public static final String JSON = "application/json";
    /** Tables made by the server, else plain objects. */
    public static final String TABLE =
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
    /** Server-side apply. */
    public static final String APPLY = "application/apply-patch+yaml";
    /** JSON merge patch, RFC 7386. */
    public static final String MERGE = "application/merge-patch+json";
    /** Strategic merge patch. */
    public static final String STRATEGIC = "application/strategic-merge-patch+json";
    /** JSON patch, RFC 6902. */
    public static final String JSON_PATCH = "application/json-patch+json";

    private final Http http;
    private final PrintStream err;
    private final long verbosity;
    private final Set<String> warned = new HashSet<>();

    /** Nothing is connected yet. */
    public Connection(Endpoint endpoint, PrintStream err, long verbosity) {
        http = new Http(endpoint);
        this.err = err;
        this.verbosity = verbosity;
    }

    /** Escapes one part of a path, or a query's value. */
    public static String escape(String part) {
        StringBuilder out = new StringBuilder(part.length() + 8);
        for (byte b : part.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (plain || c == '-' || c == '_' || c == '.' || c == '~' || c == ':') {
                out.append(c);
            } else {
                out.append('%');
                out.append(Character.toUpperCase(Character.forDigit(c >> 4, 16)));
                out.append(Character.toUpperCase(Character.forDigit(c & 15, 16)));
            }
        }
        return out.toString();
    }

    /** Appends a query's parameters, in the given order, those with empty values left out. */
    public static String query(String path, Map<String, String> parameters) {
        StringBuilder out = new StringBuilder(path);
        char separator = path.indexOf('?') < 0 ? '?' : '&';
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            if (!parameter.getValue().isEmpty()) {
                out.append(separator).append(parameter.getKey()).append('=').append(escape(parameter.getValue()));
                separator = '&';
            }
        }
        return out.toString();
    }

    /** GET of an object or list. */
    public JsonNode get(String path) {
        return get(path, JSON);
    }

    /** GET with a given {@code Accept}. */
    public JsonNode get(String path, String accept) {
        return object(open("GET", path, accept, "", null));
    }

    /** POST of an object. */
    public JsonNode post(String path, JsonNode body) {
        return object(open("POST", path, JSON, JSON, body));
    }

    /** PUT of an object. */
    public JsonNode put(String path, JsonNode body) {
        return object(open("PUT", path, JSON, JSON, body));
    }

    /** PATCH in one of the patch forms. */
    public JsonNode patch(String path, String form, JsonNode body) {
        return object(open("PATCH", path, JSON, form, body));
    }

    /** DELETE with options. */
    public JsonNode delete(String path, ObjectNode options) {
        return object(open("DELETE", path, JSON, JSON, options));
    }

    /** Any request, for {@code --raw}: the answer's bytes. */
    public byte[] raw(String method, String path, byte @Nullable [] body) {
        try {
            Map<String, String> headers = new HashMap<>();
            headers.put("Accept", "application/json, */*");
            if (body != null) {
                headers.put("Content-Type", JSON);
            }
            Http.Response response = check(send(method, path, headers, body));
            return response.bytes();
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    /** GET whose body is read as it comes. The caller reads it to its end or aborts it. */
    public Http.Response stream(String path, String accept) {
        return open("GET", path, accept, "", null);
    }

    private Http.Response open(String method, String path, String accept, String type, @Nullable JsonNode body) {
        Map<String, String> headers = new HashMap<>();
        headers.put("Accept", accept);
        if (!type.isEmpty()) {
            headers.put("Content-Type", type);
        }
        byte[] bytes = body == null ? null : Json.compact(body).getBytes(StandardCharsets.UTF_8);
        try {
            return check(send(method, path, headers, bytes));
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    private Http.Response send(String method, String path, Map<String, String> headers, byte @Nullable [] body)
            throws IOException {
        long start = System.nanoTime();
        if (verbosity >= 8 && body != null) {
            err.print("Request Body: " + new String(body, StandardCharsets.UTF_8) + "\n");
        }
        Http.Response response = http.send(method, path, headers, body);
        if (verbosity >= 6) {
            long millis = (System.nanoTime() - start) / 1_000_000;
            err.print("\"Response\" verb=\"" + method + "\" url=\""
                    + http.endpoint().url() + path + "\" status=\"" + response.code() + "\" milliseconds=" + millis
                    + "\n");
        }
        for (String warning : response.header("Warning").split("\n", -1)) {
            warn(warning);
        }
        return response;
    }

    private void warn(String header) {
        // The form is: code agent "text"
        int open = header.indexOf('"');
        int close = header.lastIndexOf('"');
        if (open > 0 && close > open) {
            String text =
                    header.substring(open + 1, close).replace("\\\"", "\"").replace("\\\\", "\\");
            synchronized (warned) {
                if (warned.add(text)) {
                    err.print("Warning: " + text + "\n");
                }
            }
        }
    }

    /** How many different warnings the server has sent. */
    public int warnings() {
        synchronized (warned) {
            return warned.size();
        }
    }

    private static Http.Response check(Http.Response response) throws IOException {
        if (response.code() / 100 == 2) {
            return response;
        }
        throw new StatusFailure(status(response.code(), response.bytes()));
    }

    /** The Status object of a refused answer, made from the code when the body is none. */
    public static JsonNode status(int code, byte[] body) {
        try {
            JsonNode parsed = Json.parse(body);
            if (Json.text(parsed, "kind").equals("Status")) {
                return parsed;
            }
        } catch (UncheckedIOException e) {
            // Not a Status: the plain text becomes its message below.
        }
        ObjectNode status = Json.object();
        status.put("kind", "Status").put("code", code);
        String text = new String(body, StandardCharsets.UTF_8).strip();
        switch (code) {
            case 401 -> status.put("reason", "Unauthorized").put("message", "Unauthorized");
            case 403 -> status.put("reason", "Forbidden").put("message", text.isEmpty() ? "forbidden" : text);
            case 404 ->
                status.put("reason", "NotFound").put("message", "the server could not find the requested resource");
            case 405 ->
                status.put("reason", "MethodNotAllowed")
                        .put("message", "the server does not allow this method on the requested resource");
            case 415 ->
                status.put("reason", "UnsupportedMediaType")
                        .put(
                                "message",
                                "the body of the request was in an unknown format - accepted media types include: "
                                        + text);
            case 429 ->
                status.put("reason", "TooManyRequests")
                        .put(
                                "message",
                                "the server has received too many requests and has asked us to try again later");
            case 503 ->
                status.put("reason", "ServiceUnavailable")
                        .put("message", "the server is currently unable to handle the request");
            default ->
                status.put("reason", code >= 500 ? "InternalError" : "BadRequest")
                        .put(
                                "message",
                                "an error on the server (\"" + (text.isEmpty() ? "unknown" : text)
                                        + "\") has prevented the request from succeeding");
        }
        return status;
    }

    private static JsonNode object(Http.Response response) {
        try {
            return Json.parse(response.bytes());
        } catch (UncheckedIOException e) {
            throw CommandFailure.error("couldn't decode the server's answer: " + String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw new CommandFailure(1, "Unable to connect to the server: " + e.getMessage());
        }
    }

    /** Upgrades to a WebSocket. */
    public WebSocket webSocket(String path, String protocols) {
        try {
            return WebSocket.connect(http, path, protocols);
        } catch (WebSocket.Refused e) {
            throw new StatusFailure(status(e.code(), e.body()));
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    /** Upstream's text for a server that could not be reached. */
    public CommandFailure unreachable(IOException e) {
        Endpoint endpoint = http.endpoint();
        if (e instanceof ConnectException && String.valueOf(e.getMessage()).contains("refused")) {
            return new CommandFailure(
                    1,
                    "The connection to the server " + endpoint.authority()
                            + " was refused - did you specify the right host or port?");
        }
        String reason = String.valueOf(e.getMessage());
        if (e instanceof SocketTimeoutException) {
            reason = "net/http: request canceled (Client.Timeout exceeded while awaiting headers)";
        } else if (e instanceof UnknownHostException) {
            reason = "dial tcp: lookup " + endpoint.host() + ": no such host";
        } else if (e instanceof NoRouteToHostException) {
            reason = "dial tcp " + endpoint.authority() + ": connect: no route to host";
        } else if (e instanceof javax.net.ssl.SSLException && reason.contains("PKIX")) {
            reason = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
        }
        return new CommandFailure(1, "Unable to connect to the server: " + reason);
    }

    /** The server that is talked to. */
    public Endpoint endpoint() {
        return http.endpoint();
    }

    @Override
    public void close() {
        http.close();
    }
}
