// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.training;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;

/** Answers the training's calls with fixed objects over TLS with client certificates. One daemon thread a connection. */
final class TrainingServer {
    private static final String POD =
            "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":"
                    + "\"default\",\"uid\":\"u\",\"resourceVersion\":\"1\",\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},\"spec\":"
                    + "{\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"resources\":{}}],\"nodeName\":\"n\"},\"status\":{\"phase\":"
                    + "\"Running\"}}";
    private static final String TABLE = "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{},"
            + "\"columnDefinitions\":[{\"name\":\"Name\",\"priority\":0},{\"name\":\"Age\",\"priority\":0}],\"rows\":[{"
            + "\"cells\":[\"p\",\"1d\"],\"object\":{\"metadata\":{\"name\":\"p\",\"namespace\":\"default\"}}}]}";
    private static final String DISCOVERY =
            "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[{\"metadata\":{\"name\":\"\"},"
                    + "\"versions\":[{\"version\":\"v1\",\"resources\":[{\"resource\":\"pods\",\"singularResource\":\"pod\","
                    + "\"scope\":\"Namespaced\",\"verbs\":[\"get\",\"list\"],\"shortNames\":[\"po\"],\"categories\":[\"all\"],"
                    + "\"responseKind\":{\"kind\":\"Pod\"}},{\"resource\":\"events\",\"singularResource\":\"event\",\"scope\":"
                    + "\"Namespaced\",\"verbs\":[\"list\"],\"responseKind\":{\"kind\":\"Event\"}}]}]}]}";

    private final SSLServerSocket listener;

    private TrainingServer(SSLServerSocket listener) {
        this.listener = listener;
    }

    static TrainingServer start(KeyStore store, char[] password) throws IOException, GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        // Only the signed key: given both, the factory might choose the authority's.
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry("t", store.getKey("t", password), password, store.getCertificateChain("t"));
        keys.init(own, password);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", store.getCertificate("ca"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        SSLServerSocket socket = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        socket.setWantClientAuth(true);
        TrainingServer server = new TrainingServer(socket);
        Thread.ofPlatform().daemon().name("training-server").start(server::accept);
        return server;
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                Thread.ofPlatform().daemon().name("training-connection").start(() -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private static void serve(Socket socket) {
        try (socket) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            OutputStream out = socket.getOutputStream();
            while (true) {
                String request = in.readLine();
                if (request == null) {
                    return;
                }
                int length = 0;
                boolean table = false;
                for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
                    if (line.startsWith("Content-Length: ")) {
                        length = Integer.parseInt(line.substring(16));
                    }
                    table |= line.contains("as=Table");
                }
                in.skip(length);
                byte[] body = answer(request.split(" ")[1], table).getBytes(StandardCharsets.UTF_8);
                String head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + Integer.toHexString(body.length) + "\r\n";
                out.write(head.getBytes(StandardCharsets.US_ASCII));
                out.write(body);
                out.write("\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                out.flush();
            }
        } catch (IOException e) {
            // The client has hung up.
            return;
        }
    }

    private static String answer(String path, boolean table) {
        if (path.equals("/api") || path.equals("/apis")) {
            return path.equals("/api") ? DISCOVERY : "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[]}";
        }
        if (path.contains("/log")) {
            return "a line\n";
        }
        if (path.contains("/events")) {
            return "{\"kind\":\"EventList\",\"items\":[]}";
        }
        if (table) {
            return TABLE;
        }
        boolean one = path.matches(".*/pods/[^?]+.*");
        return one ? POD : "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[" + POD + "]}";
    }
}
