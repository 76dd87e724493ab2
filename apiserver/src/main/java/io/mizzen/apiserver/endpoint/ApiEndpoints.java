// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.apiserver.ApiServerOptions;
import io.mizzen.apiserver.admission.Admission;
import io.mizzen.apiserver.admission.DefaultAdmission;
import io.mizzen.apiserver.admission.NodeRestriction;
import io.mizzen.apiserver.authentication.Authenticator;
import io.mizzen.apiserver.authentication.BootstrapTokens;
import io.mizzen.apiserver.authentication.CertificateAuthenticator;
import io.mizzen.apiserver.authentication.ServiceAccountTokens;
import io.mizzen.apiserver.authorization.Authorizer;
import io.mizzen.apiserver.authorization.NodeAuthorizer;
import io.mizzen.apiserver.authorization.RbacAuthorizer;
import io.mizzen.apiserver.authorization.RoleEscalation;
import io.mizzen.apiserver.bootstrap.Bootstrap;
import io.mizzen.apiserver.metrics.MetricsScraper;
import io.mizzen.apiserver.proxy.Forwarder;
import io.mizzen.apiserver.registry.ManagerTracking;
import io.mizzen.apiserver.registry.Metadata;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.registry.ObjectDeletion;
import io.mizzen.apiserver.registry.ObjectStore;
import io.mizzen.apiserver.registry.ResourceRegistry;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The verbs and what they work with, put together.
 *
 * @param pipeline the way of a request
 * @param store writes objects, for the server's own
 * @param deletion deletes them
 */
public record ApiEndpoints(RequestPipeline pipeline, ObjectStore store, ObjectDeletion deletion) {

    /** Wires the endpoints of a server. */
    public static ApiEndpoints of(
            ApiServerOptions options,
            Storage storage,
            ObjectCache cache,
            ResourceRegistry resources,
            Forwarder forwarder,
            MetricsScraper scraper,
            MeterRegistry metrics,
            InstantSource clock,
            RandomGenerator random)
            throws IOException, CertificateException {
        Metadata metadata = new Metadata(random, new ManagerTracking());
        RbacAuthorizer rbac = new RbacAuthorizer(cache);
        Authorizer authorizer =
                Authorizer.anyOf(List.of(new NodeAuthorizer(cache, Bootstrap.clusterRole("system:node")), rbac));
        NodeRestriction nodeRestriction = DefaultAdmission.nodeRestriction(storage);
        Admission admission = DefaultAdmission.of(
                cache, storage, metadata, nodeRestriction, authorizer, new RoleEscalation(rbac, authorizer));
        ObjectStore store = new ObjectStore(storage, admission, metadata);
        ObjectDeletion deletion = new ObjectDeletion(storage, admission);
        ServiceAccountTokens tokens = new ServiceAccountTokens(
                Files.readString(options.serviceAccountKey()), options.serviceAccountIssuer(), clock);
        Authenticator authenticator = new Authenticator(
                new CertificateAuthenticator(certificates(options.tls().clientAuthority()), clock),
                tokens,
                new BootstrapTokens(
                        name -> {
                            Entry entry =
                                    storage.get(resources.require("", "secrets").key("kube-system", name));
                            return entry == null ? null : ObjectCodec.parse(entry.value());
                        },
                        clock),
                (resource, namespace, name) -> {
                    ServedResource served = resources.require("", resource);
                    Entry entry = storage.get(served.key(namespace, name));
                    return entry == null ? null : io.mizzen.api.meta.ObjectTree.uid(ObjectCodec.parse(entry.value()));
                });
        ReadVerbs reads = new ReadVerbs(cache, storage);
        WriteVerbs writes = new WriteVerbs(store, deletion, cache, reads, resources, nodeRestriction);
        ResourceHandler handler = new ResourceHandler(
                reads,
                new WatchVerb(cache, reads, random),
                writes,
                new PatchVerb(store),
                new Subresources(store),
                new ConnectVerbs(store, resources, forwarder),
                new Reviews(authorizer, rbac, authenticator),
                new TokenRequests(store, resources, tokens, nodeRestriction),
                new UsageVerbs(scraper, cache, resources),
                new ComponentStatuses(storage));
        RequestPipeline pipeline = new RequestPipeline(new RequestPipeline.Stations(
                authenticator,
                new Impersonation(),
                new InFlight(),
                authorizer,
                resources,
                handler,
                new RequestMetrics(metrics),
                clock));
        return new ApiEndpoints(pipeline, store, deletion);
    }

    private static List<X509Certificate> certificates(Path file) throws IOException, CertificateException {
        try (InputStream in = Files.newInputStream(file)) {
            Collection<? extends java.security.cert.Certificate> all =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            List<X509Certificate> certificates = new ArrayList<>();
            all.forEach(certificate -> certificates.add((X509Certificate) certificate));
            return certificates;
        }
    }
}
