// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;

/**
 * Serves logs as a kubelet does, by the pod's name: of {@code whole} all of it, on a connection that stays open; of {@code half}
 * the beginning, then the connection breaks; of {@code endless} the beginning, and nothing more for as long as somebody reads; of
 * {@code long} three million bytes at once, then the connection is closed.
 */
final class TestKubelet implements AutoCloseable {
    static final int LONG = 3_000_000;

    private final ServerSocket server;

    TestKubelet(SSLContext tls) throws IOException {
        this.server = tls.getServerSocketFactory().createServerSocket(0, 200, InetAddress.getByName("127.0.0.1"));
        Thread.ofVirtual().name("test-kubelet").start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                Thread.ofVirtual().name("test-kubelet-connection").start(() -> serve(client));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private static void serve(Socket client) {
        try (client) {
            client.setSoTimeout(30_000);
            var in = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
            OutputStream out = client.getOutputStream();
            for (String request = in.readLine(); request != null; request = in.readLine()) {
                while (!in.readLine().isEmpty()) {
                    continue;
                }
                if (request.contains("/long/")) {
                    out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + LONG + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
                    out.write(new byte[LONG]);
                    return;
                }
                out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
                if (request.contains("/half/")) {
                    return;
                }
                if (request.contains("/whole/")) {
                    out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException gone) {
            // Whoever asked has gone, which is what some of them are here for.
            return;
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
