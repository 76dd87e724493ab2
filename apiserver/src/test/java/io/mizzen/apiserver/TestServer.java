// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;

/** A whole API server over HTTPS on the embedded store, on a port of its own. */
final class TestServer implements AutoCloseable {
    private final TestKeys keys;
    private final ApiServer server;
    private final TestClient admin;

    private TestServer(TestKeys keys, ApiServer server, TestClient admin) {
        this.keys = keys;
        this.server = server;
        this.admin = admin;
    }

    /**
     * A new server, whose keys and objects lie in the folder. It has the account that pods of the default namespace run as, for
     * no controller runs here that would make it.
     */
    static TestServer start(Path folder) throws Exception {
        TestServer server = start(new TestKeys(folder), folder.resolve("data"));
        server.admin.create(TestObjects.DEFAULT + "/serviceaccounts", TestObjects.named("default"));
        return server;
    }

    /** Goes on with the objects that a closed server has left in the folder. */
    static TestServer start(TestKeys keys, Path data) throws Exception {
        ApiServer server = ApiServer.start(keys.options(data), new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
        return new TestServer(keys, server, new TestClient(keys.client("O=system:masters, CN=admin"), server.port()));
    }

    /** A member of system:masters; closed with the server. */
    TestClient admin() {
        return admin;
    }

    /** Whoever the subject of a certificate names; an empty one shows no certificate. The caller closes it. */
    TestClient client(String subject) throws Exception {
        return client(subject, keys);
    }

    /** As above, but with a certificate that another authority has signed. */
    TestClient client(String subject, TestKeys signer) throws Exception {
        return new TestClient(keys.client(subject, signer), server.port());
    }

    /** TLS of whoever a subject names: a client of this server, or one that it trusts as a kubelet on 127.0.0.1. */
    SSLContext tls(String subject) throws Exception {
        return keys.client(subject);
    }

    int port() {
        return server.port();
    }

    @Override
    public void close() {
        admin.close();
        server.close();
    }
}
