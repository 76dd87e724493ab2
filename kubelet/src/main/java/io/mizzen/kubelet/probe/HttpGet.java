// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.probe;

import io.fabric8.kubernetes.api.model.HTTPHeader;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * One HTTP GET on one connection, as probes and lifecycle hooks make it: any host header, certificates not verified, at most
 * 10 KiB of the body read. Blocks its thread for at most the timeout of each step.
 */
public final class HttpGet {
    private static final int MAX_BODY = 10 * 1024;
    private static final int MAX_HEADER = 64 * 1024;
    private static final int MAX_REDIRECTS = 10;

    private HttpGet() {}

    /**
     * What to get.
     *
     * @param scheme HTTP or HTTPS
     * @param host to connect to
     * @param port to connect to
     * @param path with query
     * @param headers to send; Host, User-Agent and Accept have defaults
     * @param timeout of the whole
     */
    public record Request(
            String scheme, String host, int port, String path, List<HTTPHeader> headers, Duration timeout) {
        /** As a URL. */
        public String url() {
            return scheme.toLowerCase(Locale.ROOT) + "://" + authority() + (path.startsWith("/") ? path : "/" + path);
        }

        private String authority() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /**
     * What came back.
     *
     * @param status code
     * @param body at most 10 KiB
     * @param leavesHost whether a redirect to another host was not followed
     */
    public record Response(int status, String body, boolean leavesHost) {}

    /** Gets it, following redirects on the same host. */
    public static Response get(Request request) throws IOException {
        Request current = request;
        for (int i = 0; i <= MAX_REDIRECTS; i++) {
            Raw raw = once(current);
            String location = raw.headers().get("location");
            boolean isRedirect = raw.status() >= 300 && raw.status() < 400 && raw.status() != 304 && location != null;
            if (!isRedirect || location == null) {
                return new Response(raw.status(), raw.body(), false);
            }
            URI target = URI.create(current.url()).resolve(location);
            if (target.getHost() == null
                    || !target.getHost().equals(URI.create(request.url()).getHost())) {
                return new Response(raw.status(), raw.body(), true);
            }
            int port =
                    target.getPort() > 0 ? target.getPort() : target.getScheme().equals("https") ? 443 : 80;
            String query = target.getRawQuery() == null ? "" : "?" + target.getRawQuery();
            current = new Request(
                    target.getScheme(),
                    request.host(),
                    port,
                    target.getRawPath() + query,
                    request.headers(),
                    request.timeout());
        }
        throw new IOException("Get \"" + request.url() + "\": stopped after 10 redirects");
    }

    private record Raw(int status, Map<String, String> headers, String body) {}

    private static Raw once(Request request) throws IOException {
        int millis = (int) request.timeout().toMillis();
        try (Socket plain = new Socket()) {
            plain.connect(new InetSocketAddress(request.host(), request.port()), millis);
            plain.setSoTimeout(millis);
            Socket socket = request.scheme().equalsIgnoreCase("HTTPS") ? secured(plain, request) : plain;
            socket.getOutputStream().write(head(request).getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            return read(socket.getInputStream());
        } catch (java.net.SocketTimeoutException e) {
            throw new IOException(
                    "Get \"" + request.url()
                            + "\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                    e);
        } catch (java.net.ConnectException e) {
            throw new IOException(
                    "Get \"" + request.url() + "\": dial tcp " + request.authority() + ": connect: connection refused",
                    e);
        } catch (IOException e) {
            throw new IOException("Get \"" + request.url() + "\": " + e.getMessage(), e);
        }
    }

    private static String head(Request request) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Host", request.authority());
        headers.put("User-Agent", "kube-probe/1.35");
        headers.put("Accept", "*/*");
        for (HTTPHeader header : request.headers()) {
            headers.keySet().removeIf(k -> k.equalsIgnoreCase(header.getName()));
            headers.put(header.getName(), header.getValue());
        }
        headers.values().removeIf(String::isEmpty);
        headers.put("Connection", "close");
        String path = request.path().startsWith("/") ? request.path() : "/" + request.path();
        StringBuilder out = new StringBuilder("GET " + path.replace(" ", "%20") + " HTTP/1.1\r\n");
        headers.forEach((k, v) -> out.append(k).append(": ").append(v).append("\r\n"));
        return out.append("\r\n").toString();
    }

    private static Raw read(InputStream in) throws IOException {
        String statusLine = line(in);
        String[] words = statusLine.split(" ", 3);
        if (words.length < 2 || !words[0].startsWith("HTTP/")) {
            throw new IOException("malformed HTTP response \"" + statusLine + "\"");
        }
        Map<String, String> headers = new HashMap<>();
        int size = 0;
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            size += line.length();
            if (size > MAX_HEADER) {
                throw new IOException("response header is too large");
            }
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.put(
                        line.substring(0, colon).strip().toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        }
        String length = headers.get("content-length");
        int wanted = length == null ? MAX_BODY : (int) Math.min(MAX_BODY, Long.parseLong(length));
        byte[] body = in.readNBytes(wanted);
        return new Raw(Integer.parseInt(words[1]), headers, new String(body, StandardCharsets.UTF_8));
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder out = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("EOF");
            }
            if (out.length() > MAX_HEADER) {
                throw new IOException("response header is too large");
            }
            out.append((char) c);
        }
        return out.toString().stripTrailing();
    }

    private static Socket secured(Socket plain, Request request) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Trusting()}, null);
            SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, request.host(), request.port(), true);
            socket.startHandshake();
            return socket;
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    /** Probes ask whether something answers, not who it is: upstream does not verify either. */
    private static final class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
