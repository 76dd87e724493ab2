// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.certificate;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Deletes signing requests that nobody needs any more; looks each hour. */
public final class CleanerController implements Controller {
    private static final String NAME = "certificatesigningrequest-cleaner-controller";
    private static final Duration PERIOD = Duration.ofHours(1);

    private final ControllerContext context;
    private final Informer<CertificateSigningRequest> requests;
    private final ControllerLoop<String> loop;

    /** Asks for its informer and waits to be started. */
    public CleanerController(ControllerContext context) {
        this.context = context;
        this.requests = context.informers().of(CertificateSigningRequest.class);
        WorkQueue<String> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::clean);
        queue.add("all");
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    /** One that cannot be deleted does not keep the others; it is tried again with all that are left. */
    private Result clean(String key) {
        Instant now = context.clock().instant();
        Optional<KubernetesClientException> failure = Optional.empty();
        for (CertificateSigningRequest request : requests.list()) {
            if (CleanerRules.isOver(request, end(request), now)) {
                try {
                    delete(request);
                } catch (KubernetesClientException e) {
                    failure = Optional.of(failure.orElse(e));
                }
            }
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
        return Result.after(PERIOD);
    }

    /** It may have been decided on a moment ago: then it stays. */
    private void delete(CertificateSigningRequest request) {
        DeleteRequest asSeen = DeleteRequest.ofUid(request.getMetadata().getUid())
                .atVersion(request.getMetadata().getResourceVersion());
        context.api().deleteIfPresent(CertificateSigningRequest.class, ObjectKey.of(request), asSeen);
    }

    private static Optional<Instant> end(CertificateSigningRequest request) {
        if (!RequestRules.isIssued(request)) {
            return Optional.empty();
        }
        try {
            byte[] pem = Base64.getDecoder().decode(request.getStatus().getCertificate());
            X509Certificate certificate = (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
            return Optional.of(certificate.getNotAfter().toInstant());
        } catch (CertificateException | IllegalArgumentException unreadable) {
            return Optional.empty();
        }
    }
}
