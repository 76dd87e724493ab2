// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.server;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.log.ContainerLogReader;
import io.mizzen.kubelet.runtime.RuntimeReader;
import io.mizzen.kubelet.stats.NodeStats;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTPS server of the node (port 10250). Nobody is answered who shows neither a client certificate of the given authority
 * nor a bearer token that the authenticator knows, and nothing that the authorizer does not allow.
 */
public final class KubeletServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KubeletServer.class);
    private static final int MAX_REQUESTS = 1000;
    private static final int FLUSH_BYTES = 32 * 1024;

    private final Vertx vertx;
    private final HttpServer server;
    private final Parts parts;
    private final LogsEndpoint logs;
    private final StreamEndpoint streams;
    private final Semaphore places = new Semaphore(MAX_REQUESTS);
    private final Set<Thread> running = ConcurrentHashMap.newKeySet();

    /**
     * What the server serves from.
     *
     * @param cri the runtime
     * @param reader what it holds
     * @param pod finds a pod by namespace and name
     * @param pods all pods of the node
     * @param stats usage
     * @param authorizer who may ask
     * @param authenticator whose bearer token one is
     * @param registry metrics of the kubelet itself
     * @param clock the time
     */
    public record Parts(
            CriClient cri,
            RuntimeReader reader,
            BiFunction<String, String, Optional<Pod>> pod,
            Supplier<List<Pod>> pods,
            NodeStats stats,
            KubeletAuthorizer authorizer,
            KubeletAuthenticator authenticator,
            MeterRegistry registry,
            InstantSource clock) {}

    /**
     * Where and as whom it listens.
     *
     * @param address to listen on
     * @param port to listen on; 0 for a free one
     * @param certificate PEM file
     * @param key PEM file
     * @param clientAuthority PEM file
     */
    public record Listen(String address, int port, Path certificate, Path key, Path clientAuthority) {}

    private KubeletServer(Vertx vertx, Listen listen, Parts parts) {
        this.vertx = vertx;
        this.parts = parts;
        this.logs = new LogsEndpoint(parts.cri(), parts.reader(), parts.pod(), parts.clock());
        this.streams = new StreamEndpoint(vertx, parts.cri(), parts.reader(), parts.pod());
        this.server = vertx.createHttpServer(new HttpServerOptions()
                .setSsl(true)
                .setUseAlpn(false)
                .setClientAuth(ClientAuth.REQUEST)
                .setKeyCertOptions(new PemKeyCertOptions()
                        .setCertPath(listen.certificate().toString())
                        .setKeyPath(listen.key().toString()))
                .setTrustOptions(new PemTrustOptions()
                        .addCertPath(listen.clientAuthority().toString()))
                .setIdleTimeout(4 * 60 * 60));
        this.server.requestHandler(this::accept);
    }

    /**
     * Starts to listen.
     *
     * @throws IOException if the port is taken or the files cannot be read
     */
    public static KubeletServer start(Listen listen, Parts parts) throws IOException {
        Vertx vertx = Vertx.vertx(
                new VertxOptions().setEventLoopPoolSize(2).setWorkerPoolSize(2).setInternalBlockingPoolSize(2));
        KubeletServer server = new KubeletServer(vertx, listen, parts);
        try {
            await(server.server.listen(listen.port(), listen.address()));
        } catch (IOException e) {
            server.close();
            throw new IOException(
                    "kubelet cannot listen on " + listen.address() + ":" + listen.port() + ": " + e.getMessage(), e);
        }
        LOG.info("Kubelet listens on https://{}:{}", listen.address(), server.port());
        return server;
    }

    /** The port that it listens on. */
    public int port() {
        return server.actualPort();
    }

    private void accept(HttpServerRequest request) {
        if (!places.tryAcquire()) {
            respond(request, 503, "text/plain", "too many requests");
            return;
        }
        Thread.ofVirtual().name("kubelet-http-" + request.path()).start(() -> {
            running.add(Thread.currentThread());
            try {
                serve(request);
            } finally {
                running.remove(Thread.currentThread());
                places.release();
            }
        });
    }

    private void serve(HttpServerRequest request) {
        try {
            Optional<KubeletRoute> route = KubeletRoute.parse(String.valueOf(request.path()));
            KubeletAuthorizer.User user = identify(request);
            if (route.isEmpty()) {
                throw new ServerException(404, "404 page not found\n");
            }
            String verb = switch (request.method().name()) {
                case "POST" -> "create";
                case "PUT" -> "update";
                case "PATCH" -> "patch";
                case "DELETE" -> "delete";
                default -> "get";
            };
            if (!parts.authorizer().allows(user, verb, route.get().subresources())) {
                throw new ServerException(
                        403,
                        "Forbidden (user=" + user.name() + ", verb=" + verb + ", resource=nodes, subresource(s)="
                                + route.get().subresources() + ")\n");
            }
            dispatch(request, route.get());
        } catch (ServerException e) {
            respond(request, e.code(), "text/plain; charset=utf-8", e.text());
        } catch (CriException e) {
            respond(request, 500, "text/plain; charset=utf-8", String.valueOf(e.getMessage()));
        } catch (IOException e) {
            LOG.debug("{} ended: {}", request.path(), e.getMessage());
            if (request.response().headWritten()) {
                cutOff(request.response());
            } else {
                respond(request, 500, "text/plain; charset=utf-8", String.valueOf(e.getMessage()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("Request {} failed", request.path(), e);
            respond(request, 500, "text/plain; charset=utf-8", "internal error\n");
        }
    }

    private void dispatch(HttpServerRequest request, KubeletRoute route)
            throws ServerException, CriException, IOException, InterruptedException {
        switch (route) {
            case KubeletRoute.Health health -> respond(request, 200, "text/plain; charset=utf-8", "ok");
            case KubeletRoute.Pods pods ->
                respond(
                        request,
                        200,
                        "application/json",
                        Serialization.asJson(new PodListBuilder()
                                .withItems(parts.pods().get())
                                .build()));
            case KubeletRoute.Summary summary ->
                respond(
                        request,
                        200,
                        "application/json",
                        parts.stats().summary().toString());
            case KubeletRoute.Metrics metrics ->
                respond(
                        request,
                        200,
                        "text/plain; version=0.0.4; charset=utf-8",
                        switch (metrics.subject()) {
                            case OWN -> ownMetrics();
                            case RESOURCE -> parts.stats().resourceMetrics();
                            case CADVISOR -> parts.stats().containerMetrics();
                            case PROBES -> parts.stats().probeMetrics();
                        });
            case KubeletRoute.Logs wanted -> sendLog(request, logs.find(wanted, request.params()));
            case KubeletRoute.Stream stream -> streams.serve(request, request.params(), stream);
        }
    }

    private String ownMetrics() {
        return parts.registry() instanceof PrometheusMeterRegistry prometheus ? prometheus.scrape() : "";
    }

    private KubeletAuthorizer.User identify(HttpServerRequest request) throws ServerException {
        SSLSession session = request.connection().sslSession();
        try {
            if (session == null || !(session.getPeerCertificates()[0] instanceof X509Certificate certificate)) {
                return byToken(request);
            }
            String name = "";
            Set<String> groups = new TreeSet<>(Set.of("system:authenticated"));
            for (Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                if (rdn.getType().equalsIgnoreCase("CN")) {
                    name = String.valueOf(rdn.getValue());
                } else if (rdn.getType().equalsIgnoreCase("O")) {
                    groups.add(String.valueOf(rdn.getValue()));
                }
            }
            return new KubeletAuthorizer.User(name, groups);
        } catch (SSLPeerUnverifiedException noCertificate) {
            return byToken(request);
        } catch (InvalidNameException e) {
            throw new ServerException(401, "Unauthorized");
        }
    }

    private KubeletAuthorizer.User byToken(HttpServerRequest request) throws ServerException {
        String header = String.valueOf(request.getHeader("Authorization"));
        Optional<KubeletAuthorizer.User> user = header.regionMatches(true, 0, "Bearer ", 0, 7)
                ? parts.authenticator().authenticate(header.substring(7).strip())
                : Optional.empty();
        return user.orElseThrow(() -> new ServerException(401, "Unauthorized"));
    }

    private void sendLog(HttpServerRequest request, LogsEndpoint.Source source) throws IOException, ServerException {
        if (!Files.exists(source.file())) {
            throw new ServerException(404, "the log " + source.file().getFileName() + " does not exist\n");
        }
        HttpServerResponse response = request.response();
        Thread self = Thread.currentThread();
        response.closeHandler(v -> self.interrupt());
        response.exceptionHandler(e -> self.interrupt());
        response.putHeader("Content-Type", "text/plain").setChunked(true);
        await(response.writeHead());
        new ContainerLogReader(source.file(), source.request(), source.isRunning())
                .copyTo(new ContainerLogReader.Sink() {
                    private Buffer waiting = Buffer.buffer();

                    @Override
                    public void write(String stream, byte[] bytes, int length) throws IOException {
                        waiting.appendBytes(bytes, 0, length);
                        if (waiting.length() >= FLUSH_BYTES) {
                            flush();
                        }
                    }

                    @Override
                    public void flush() throws IOException {
                        if (waiting.length() > 0) {
                            Buffer full = waiting;
                            waiting = Buffer.buffer();
                            await(response.write(full));
                        }
                    }
                });
        response.closeHandler(null);
        await(response.end());
    }

    /** Waits for a step of the event loop. */
    private static <T> T await(Future<T> future) throws IOException {
        try {
            return future.toCompletionStage().toCompletableFuture().get(5, TimeUnit.MINUTES);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("the client reads nothing", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the client went away", e);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // A client that went away is told to nobody.
    private static void respond(HttpServerRequest request, int code, String type, String body) {
        HttpServerResponse response = request.response();
        if (response.headWritten() || response.closed()) {
            return;
        }
        response.setStatusCode(code).putHeader("Content-Type", type).end(body);
    }

    /** Half an answer is not ended as if it were whole, nor left open. */
    @SuppressWarnings("FutureReturnValueIgnored") // A client that went away is told to nobody.
    private static void cutOff(HttpServerResponse response) {
        response.reset();
    }

    @Override
    public void close() {
        running.forEach(Thread::interrupt);
        try {
            vertx.close().toCompletionStage().toCompletableFuture().get(8, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("The HTTPS server did not close cleanly: {}", String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
