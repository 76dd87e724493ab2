// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.kubectl.net.Endpoint;
import io.mizzen.kubectl.net.Trust;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The proxy between raw sockets: what passes, and how it ends. */
class ProxyServerTest {
    private static final int TIMEOUT_MILLIS = 10_000;

    /** What the server behind the proxy does with one connection. */
    private interface Script {
        void play(InputStream in, OutputStream out) throws IOException, InterruptedException;
    }

    @TempDir
    Path folder;

    private final BlockingQueue<String> heads = new LinkedBlockingQueue<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private final AtomicReference<Script> script = new AtomicReference<>((in, out) -> {});
    private final AtomicReference<String> token = new AtomicReference<>("one");
    private final AtomicLong nanos = new AtomicLong();
    private ServerSocket backend;
    private Listener listener;
    private ProxyServer proxy;

    @BeforeEach
    void start() throws IOException {
        backend = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("backend").start(this::acceptAll);
        listener = Listener.port("127.0.0.1", 0);
        proxy = serve(listener);
    }

    private ProxyServer serve(Listener on) {
        ProxyRules rules = new ProxyRules("/", "/static/", "", Optional.empty());
        ProxyServer made = new ProxyServer(
                on,
                new ApiSource(this::endpoint, nanos::get),
                rules,
                Optional.of(new StaticFiles(folder)),
                complaints::add);
        Thread.ofVirtual().name("proxy").start(() -> {
            try {
                made.serve();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return made;
    }

    private Endpoint endpoint() {
        Map<String, String> headers = Map.of("Authorization", "Bearer " + token.get(), "Impersonate-Group", "g");
        return new Endpoint(false, "127.0.0.1", backend.getLocalPort(), "", Trust.NONE, headers, Duration.ZERO);
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        backend.close();
    }

    private void acceptAll() {
        while (!backend.isClosed()) {
            try {
                Socket socket = backend.accept();
                Thread.ofVirtual().name("backend-connection").start(() -> play(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void play(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (String head = head(in); !head.isEmpty(); head = head(in)) {
                heads.add(head);
                script.get().play(in, socket.getOutputStream());
            }
        } catch (IOException e) {
            // The proxy has hung up.
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int c = in.read();
            if (c < 0) {
                return "";
            }
            head.append((char) c);
        }
        return head.toString();
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private Socket connect() throws IOException {
        int port = Integer.parseInt(listener.shown().substring(listener.shown().lastIndexOf(':') + 1));
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return socket;
    }

    private String seen() throws InterruptedException {
        return String.valueOf(heads.poll(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS));
    }

    @Test
    void passesRequestsOnWithTheUsersIdentityAndWithoutWhatConcernsOneConnection() throws Exception {
        script.set(
                (in, out) -> say(out, "HTTP/1.1 201 Made\r\nContent-Length: 2\r\nX-Y: z\r\nKeep-Alive: 5\r\n\r\nok"));

        try (Socket client = connect()) {
            say(
                    client.getOutputStream(),
                    "POST /api/v1/x?a=b HTTP/1.1\r\nHost: localhost\r\nConnection: X-Private\r\nX-Private: 1\r\n"
                            + "X-Forwarded-For: 9.9.9.9\r\nContent-Length: 4\r\n\r\nbody");
            InputStream in = client.getInputStream();

            assertThat(head(in))
                    .startsWith("HTTP/1.1 201 Made\r\n")
                    .contains("X-Y: z")
                    .doesNotContain("Keep-Alive");
            assertThat(new String(in.readNBytes(2), StandardCharsets.UTF_8)).isEqualTo("ok");
            assertThat(seen())
                    .startsWith("POST /api/v1/x?a=b HTTP/1.1\r\nHost: 127.0.0.1:" + backend.getLocalPort() + "\r\n")
                    .contains("Authorization: Bearer one", "X-Forwarded-For: 9.9.9.9, 127.0.0.1", "Content-Length: 4")
                    .doesNotContain("X-Private", "localhost");
        }
    }

    @Test
    void leavesTheClientsOwnIdentityAsItIs() throws Exception {
        script.set((in, out) -> say(out, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));

        try (Socket client = connect()) {
            say(
                    client.getOutputStream(),
                    "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer mine\r\nImpersonate-User: u\r\n\r\n");
            assertThat(head(client.getInputStream())).startsWith("HTTP/1.1 200 ");
            assertThat(seen())
                    .contains("Bearer mine", "Impersonate-User: u")
                    .doesNotContain("Bearer one", "Impersonate-Group");
        }
    }

    @Test
    void streamsAWatchPieceByPieceAndEndsItWhenTheClientHasGone() throws Exception {
        CountDownLatch gone = new CountDownLatch(1);
        script.set((in, out) -> {
            say(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
            if (in.read() < 0) {
                gone.countDown();
            }
        });

        try (Socket client = connect()) {
            say(client.getOutputStream(), "GET /watch HTTP/1.1\r\nHost: h\r\n\r\n");
            InputStream in = client.getInputStream();
            assertThat(head(in)).contains("Transfer-Encoding: chunked");
            assertThat(new String(in.readNBytes(8), StandardCharsets.UTF_8)).isEqualTo("3\r\none\r\n");
        }

        assertThat(gone.await(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
    }

    @Test
    void answersTheNextRequestAfterAStream() throws Exception {
        script.set((in, out) -> say(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"));

        try (Socket client = connect()) {
            for (int i = 0; i < 3; i++) {
                say(client.getOutputStream(), "GET /" + i + " HTTP/1.1\r\nHost: h\r\n\r\n");
                assertThat(head(client.getInputStream())).startsWith("HTTP/1.1 200 OK");
                assertThat(new String(client.getInputStream().readNBytes(12), StandardCharsets.UTF_8))
                        .isEqualTo("2\r\nhi\r\n0\r\n\r\n");
                assertThat(seen()).startsWith("GET /" + i);
            }
        }
    }

    @Test
    void carriesBytesBothWaysAfterAnUpgrade() throws Exception {
        script.set((in, out) -> {
            say(out, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\nfirst");
            int c = in.read();
            say(out, "got " + (char) c);
        });

        try (Socket client = connect()) {
            say(
                    client.getOutputStream(),
                    "POST /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n!");
            assertThat(head(client.getInputStream()))
                    .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
                    .contains("Connection: Upgrade", "Upgrade: SPDY/3.1");
            assertThat(new String(client.getInputStream().readNBytes(10), StandardCharsets.UTF_8))
                    .isEqualTo("firstgot !");
            assertThat(seen()).contains("Connection: Upgrade", "Upgrade: SPDY/3.1");
        }
    }

    @Test
    void tellsWhenTheServerIsAway() throws Exception {
        backend.close();

        try (Socket client = connect()) {
            say(client.getOutputStream(), "GET /api HTTP/1.0\r\n\r\n");
            String all = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String reason = "dial tcp 127.0.0.1:" + backend.getLocalPort() + ": connect: connection refused";

            assertThat(all).startsWith("HTTP/1.1 500 Internal Server Error\r\n").endsWith(reason + "\n");
            assertThat(complaints).containsExactly("Error while proxying request: " + reason);
        }
    }

    @Test
    void doesNotTakeABodyThatNobodyReadForTheNextRequest() throws Exception {
        try (Socket client = connect()) {
            say(
                    client.getOutputStream(),
                    "POST /static/none HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nGET /api HTTP/1.1\r\nHost: h\r\n\r\n");
            String all = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(all).startsWith("HTTP/1.1 404 Not Found").doesNotContain("HTTP/1.1 200", "HTTP/1.1 500");
            assertThat(heads).isEmpty();
        }
    }

    @Test
    void readsTheIdentityAnewAfterAMinute() throws Exception {
        script.set((in, out) -> say(out, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));

        try (Socket client = connect()) {
            for (String expected : List.of("one", "one", "two")) {
                say(client.getOutputStream(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
                assertThat(head(client.getInputStream())).startsWith("HTTP/1.1 200 ");
                assertThat(seen()).contains("Bearer " + expected);
                token.set("two");
                nanos.addAndGet(Duration.ofSeconds(40).toNanos());
            }
        }
    }

    @Test
    void servesFilesOfItsFolderOnly() throws Exception {
        Files.writeString(folder.resolve("a b.txt"), "hello\n");
        Files.createDirectory(folder.resolve("sub"));
        Files.writeString(folder.resolveSibling("secret"), "no");
        try {
            assertThat(get("/static/a%20b.txt"))
                    .contains("200 OK", "text/plain")
                    .endsWith("\r\n\r\nhello\n");
            assertThat(get("/static/")).contains("<a href=\"a%20b.txt\">a b.txt</a>\n<a href=\"sub/\">sub/</a>\n");
            assertThat(get("/static/sub")).contains("301 Moved Permanently", "Location: sub/");
            assertThat(get("/static/%2e%2e/secret")).startsWith("HTTP/1.1 404");
            assertThat(get("/static/..%2fsecret")).startsWith("HTTP/1.1 404");
            assertThat(get("/static/a%00")).startsWith("HTTP/1.1 404");
        } finally {
            Files.delete(folder.resolveSibling("secret"));
        }
    }

    private String get(String path) throws IOException {
        try (Socket client = connect()) {
            say(client.getOutputStream(), "GET " + path + " HTTP/1.0\r\n\r\n");
            return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void servesItsOwnerOnASocketFileThatReplacesAnOlderOne() throws Exception {
        Path file = folder.resolve("socket");
        Listener.socket(file).close();

        try (Listener onFile = Listener.socket(file);
                ProxyServer ignored = serve(onFile);
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
            assertThat(onFile.shown()).isEqualTo(file.toString());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rwx------");
            say(Channels.newOutputStream(client), "GET /static/ HTTP/1.0\r\n\r\n");
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(Channels.newInputStream(client), StandardCharsets.UTF_8));
            assertThat(lines.readLine()).isEqualTo("HTTP/1.1 200 OK");
        }
    }
}
