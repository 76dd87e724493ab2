// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A small HTTP/1.1 client on plain sockets. It is here because starting the JDK's own client costs more than the whole rest of a
 * {@code get}. One idle connection is kept for the next request of the same call. Used by several threads only with one request
 * each at a time per connection: {@link #open} gives each caller its own connection.
 */
public final class Http implements AutoCloseable {
    private static final int CONNECT_MILLIS = 30_000;
    private static final int MAX_HEADER_BYTES = 256 * 1024;

    /** Methods that may be sent again when a kept connection turns out to be closed (RFC 9110, 9.2.2, without those that change). */
    private static final Set<String> REPEATABLE = Set.of("GET", "HEAD", "OPTIONS");

    private final Endpoint endpoint;
    private final Object lock = new Object();
    private final Secured secured;
    private @Nullable Wire idle;

    /** A client for one server; nothing is connected yet. */
    public Http(Endpoint endpoint) {
        this(endpoint, new Secured(endpoint.trust()));
    }

    private Http(Endpoint endpoint, Secured secured) {
        this.endpoint = endpoint;
        this.secured = secured;
    }

    /** A client for the same server with connections of its own; what TLS remembers of the server is shared. */
    public Http another() {
        return new Http(endpoint, secured);
    }

    /** TLS, set up when first needed. Thread-safe. */
    private static final class Secured {
        private final Trust trust;
        private @Nullable Tls tls;

        Secured(Trust trust) {
            this.trust = trust;
        }

        synchronized Tls tls() throws IOException {
            Tls made = tls;
            if (made == null) {
                made = new Tls(trust);
                tls = made;
            }
            return made;
        }
    }

    /** One connection with its buffers. */
    static final class Wire {
        final Socket socket;
        final InputStream in;
        final OutputStream out;
        boolean used;

        Wire(Socket socket) throws IOException {
            this.socket = socket;
            in = new BufferedInputStream(socket.getInputStream(), 16 * 1024);
            out = new BufferedOutputStream(socket.getOutputStream(), 16 * 1024);
        }

        void close() {
            try {
                socket.close();
            } catch (IOException e) {
                // The connection is given up either way.
                return;
            }
        }
    }

    /**
     * Sends a request and returns the answer with its body still to be read. A kept connection that the server has closed
     * meanwhile is replaced once.
     */
    public Response send(String method, String path, Map<String, String> headers, byte @Nullable [] body)
            throws IOException {
        Wire wire = take();
        try {
            return exchange(wire, method, path, headers, body);
        } catch (IOException e) {
            wire.close();
            if (!wire.used) {
                throw e;
            }
            Wire fresh = open();
            try {
                return exchange(fresh, method, path, headers, body);
            } catch (IOException again) {
                fresh.close();
                throw again;
            }
        }
    }

    private Wire take() throws IOException {
        synchronized (lock) {
            Wire wire = idle;
            idle = null;
            if (wire != null) {
                return wire;
            }
        }
        return open();
    }

    private void give(Wire wire) {
        Wire surplus = wire;
        synchronized (lock) {
            if (idle == null) {
                idle = wire;
                surplus = null;
            }
        }
        wire.used = true;
        if (surplus != null) {
            surplus.close();
        }
    }

    Wire open() throws IOException {
        Socket socket = new Socket();
        socket.setTcpNoDelay(true);
        String host = endpoint.host();
        InetAddress address = host.equals("localhost") ? InetAddress.getLoopbackAddress() : InetAddress.getByName(host);
        socket.connect(new InetSocketAddress(address, endpoint.port()), CONNECT_MILLIS);
        socket.setSoTimeout((int) Math.min(Integer.MAX_VALUE, endpoint.timeout().toMillis()));
        if (!endpoint.secure()) {
            return new Wire(socket);
        }
        try {
            return new Wire(secured.tls().wrap(socket, host, endpoint.port()));
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private Response exchange(
            Wire wire, String method, String path, Map<String, String> headers, byte @Nullable [] body)
            throws IOException {
        writeHead(wire, method, path, headers, body == null ? -1 : body.length);
        if (body != null) {
            wire.out.write(body);
        }
        wire.out.flush();
        return readResponse(wire, method, true);
    }

    void writeHead(Wire wire, String method, String path, Map<String, String> headers, int bodyLength)
            throws IOException {
        StringBuilder head = new StringBuilder(512);
        head.append(method).append(' ').append(endpoint.basePath()).append(path).append(" HTTP/1.1\r\nHost: ");
        head.append(endpoint.authority()).append("\r\n");
        endpoint.headers().forEach((name, value) -> header(head, name, value));
        headers.forEach((name, value) -> header(head, name, value));
        if (bodyLength >= 0) {
            header(head, "Content-Length", Integer.toString(bodyLength));
        }
        head.append("\r\n");
        wire.out.write(head.toString().getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Passes on somebody else's request: the endpoint's headers are sent only where {@code headers}, whose names have no case, has
     * none of that name, paths are not put under the endpoint's, and the answer's body comes as the server encoded it. An idle connection is used only for
     * methods that may be sent twice. The caller reads the answer to its end or aborts it.
     *
     * @param body what follows the head; null for nothing
     * @param length how long it is, -1 when only its end will tell
     */
    public Response relay(
            String method, String target, Map<String, String> headers, @Nullable InputStream body, long length)
            throws IOException {
        boolean repeatable = body == null && REPEATABLE.contains(method);
        Wire wire = repeatable ? take() : open();
        try {
            return relay(wire, method, target, headers, body, length);
        } catch (IOException e) {
            wire.close();
            if (!repeatable || !wire.used) {
                throw e;
            }
            Wire fresh = open();
            try {
                return relay(fresh, method, target, headers, null, -1);
            } catch (IOException again) {
                fresh.close();
                throw again;
            }
        }
    }

    private Response relay(
            Wire wire,
            String method,
            String target,
            Map<String, String> headers,
            @Nullable InputStream body,
            long length)
            throws IOException {
        StringBuilder head = new StringBuilder(512);
        head.append(method).append(' ').append(target).append(" HTTP/1.1\r\nHost: ");
        head.append(endpoint.authority()).append("\r\n");
        boolean impersonates = headers.containsKey("Impersonate-User");
        endpoint.headers().forEach((name, value) -> {
            if (!headers.containsKey(name) && !(impersonates && name.startsWith("Impersonate-"))) {
                header(head, name, value);
            }
        });
        headers.forEach((name, value) -> header(head, name, value));
        if (body != null) {
            if (length >= 0) {
                header(head, "Content-Length", Long.toString(length));
            } else {
                header(head, "Transfer-Encoding", "chunked");
            }
        }
        head.append("\r\n");
        wire.out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
        if (body != null) {
            Body.copy(body, wire.out, length < 0);
        }
        wire.out.flush();
        Response response = readResponse(wire, method, false);
        while (response.code() / 100 == 1 && response.code() != 101) {
            response = readResponse(wire, method, false);
        }
        return response;
    }

    private static void header(StringBuilder head, String name, String value) {
        // Several values of one header are joined by line feeds inside this program and become several lines.
        for (String one : value.split("\n", -1)) {
            head.append(name).append(": ").append(one).append("\r\n");
        }
    }

    Response readResponse(Wire wire, String method, boolean inflate) throws IOException {
        String status = line(wire.in);
        if (status.isEmpty()) {
            throw new EOFException("EOF");
        }
        int code = status.length() < 12 ? 0 : Integer.parseInt(status.substring(9, 12));
        String reason = status.length() < 13 ? "" : status.substring(13);
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        while (true) {
            String line = line(wire.in);
            if (line.isEmpty()) {
                break;
            }
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.merge(
                        line.substring(0, colon), line.substring(colon + 1).trim(), (a, b) -> a + "\n" + b);
            }
        }
        if (code == 101) {
            // The connection now belongs to the new protocol: it is neither read here nor given back.
            return new Response(code, reason, headers, InputStream.nullInputStream(), wire);
        }
        boolean bodiless = method.equals("HEAD") || code == 204 || code == 304;
        if (code / 100 == 1) {
            // Another answer follows on the same connection.
            return new Response(code, reason, headers, InputStream.nullInputStream(), wire);
        }
        return new Response(code, reason, headers, body(wire, headers, bodiless, inflate), wire);
    }

    private InputStream body(Wire wire, Map<String, String> headers, boolean bodiless, boolean inflate)
            throws IOException {
        Runnable done =
                "close".equalsIgnoreCase(headers.getOrDefault("Connection", "")) ? wire::close : () -> give(wire);
        InputStream raw;
        if (bodiless) {
            raw = new Body.Fixed(wire.in, 0, done);
        } else if ("chunked".equalsIgnoreCase(headers.getOrDefault("Transfer-Encoding", ""))) {
            raw = new Body.Chunked(wire.in, done);
        } else if (headers.containsKey("Content-Length")) {
            raw = new Body.Fixed(wire.in, Long.parseLong(headers.getOrDefault("Content-Length", "0")), done);
        } else {
            raw = wire.in;
        }
        boolean zipped = inflate && "gzip".equalsIgnoreCase(headers.getOrDefault("Content-Encoding", ""));
        return zipped ? new GZIPInputStream(raw) : raw;
    }

    static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder(80);
        while (true) {
            int c = in.read();
            if (c < 0 || c == '\n') {
                return line.toString();
            }
            if (c != '\r') {
                line.append((char) c);
            }
            if (line.length() > MAX_HEADER_BYTES) {
                throw new IOException("header line too long");
            }
        }
    }

    /** The server that this client talks to. */
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (idle != null) {
                idle.close();
                idle = null;
            }
        }
    }

    /**
     * An answer.
     *
     * @param code HTTP status
     * @param reason the server's words for it
     * @param headers by name, without regard to case; several values of one name are joined by line feeds
     * @param body the content; reading it to its end frees the connection for the next request
     * @param wire the connection, for upgrades and for cutting a stream short
     */
    public record Response(int code, String reason, Map<String, String> headers, InputStream body, Wire wire) {
        /** Reads all that is left. */
        public byte[] bytes() throws IOException {
            return body.readAllBytes();
        }

        /** A header's value, empty when absent. */
        public String header(String name) {
            return headers.getOrDefault(name, "");
        }

        /** What the server says in the new protocol, after an upgrade (101). */
        public InputStream upgradedIn() {
            return wire.in;
        }

        /** Where the new protocol is spoken to the server, after an upgrade (101). */
        public OutputStream upgradedOut() {
            return wire.out;
        }

        /** Cuts the connection; a reader of the body gets an end or an error. */
        public void abort() {
            wire.close();
        }

        /** How long a read of the body may wait; zero waits for ever. */
        public void readTimeoutMillis(int millis) throws IOException {
            wire.socket.setSoTimeout(millis);
        }
    }
}
