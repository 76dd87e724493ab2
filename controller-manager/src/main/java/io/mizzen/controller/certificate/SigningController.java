// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.certificate;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.mizzen.api.certificate.CertificateRequest;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.condition.Timestamps;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Signs approved requests to Kubernetes' own signers with the cluster's authority, or says why it will not. */
public final class SigningController implements Controller {
    private static final Logger log = LoggerFactory.getLogger(SigningController.class);
    private static final String NAME = "certificatesigningrequest-signing-controller";
    private static final Duration LONGEST = Duration.ofDays(365);

    private final ControllerContext context;
    private final CertificateSigner signer;
    private final Informer<CertificateSigningRequest> requests;
    private final ControllerLoop<String> loop;

    /**
     * @param authorityPem certificate of the cluster's authority
     * @param keyPem its private key
     */
    public SigningController(ControllerContext context, String authorityPem, String keyPem) {
        this.context = context;
        this.signer = new CertificateSigner(authorityPem, keyPem, LONGEST);
        this.requests = context.informers().of(CertificateSigningRequest.class);
        WorkQueue<String> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 2, this::reconcile);
        requests.onChange(
                ChangeHandler.of(request -> queue.add(request.getMetadata().getName())));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(String name) {
        Optional<CertificateSigningRequest> found = requests.find(ObjectKey.cluster(name));
        if (found.isEmpty() || !isToSign(found.get())) {
            return Result.done();
        }
        CertificateSigningRequest request = found.get();
        CertificateRequest wanted = CertificateRequest.parse(
                Base64.getDecoder().decode(request.getSpec().getRequest()));
        Optional<String> problem = RequestRules.problem(request, wanted);
        if (problem.isPresent()) {
            fail(request, problem.get());
            return Result.done();
        }
        Integer seconds = request.getSpec().getExpirationSeconds();
        String certificate = signer.sign(
                wanted,
                new HashSet<>(request.getSpec().getUsages()),
                Duration.ofSeconds(seconds == null ? 0 : seconds),
                context.clock().instant());
        context.api()
                .updateStatus(new CertificateSigningRequestBuilder(request)
                        .editStatus()
                        .withCertificate(
                                Base64.getEncoder().encodeToString(certificate.getBytes(StandardCharsets.US_ASCII)))
                        .endStatus()
                        .build());
        log.info("Signed {} for {}", request.getSpec().getSignerName(), wanted.commonName());
        return Result.done();
    }

    private static boolean isToSign(CertificateSigningRequest request) {
        return RequestRules.isOurs(request)
                && RequestRules.hasCondition(request, "Approved")
                && !RequestRules.hasCondition(request, "Denied")
                && !RequestRules.hasCondition(request, "Failed")
                && !RequestRules.isIssued(request);
    }

    private void fail(CertificateSigningRequest request, String problem) {
        String now = Timestamps.text(context.clock().instant());
        context.api()
                .updateStatus(new CertificateSigningRequestBuilder(request)
                        .editStatus()
                        .addNewCondition()
                        .withType("Failed")
                        .withStatus("True")
                        .withReason("SignerValidationFailure")
                        .withMessage(problem)
                        .withLastUpdateTime(now)
                        .endCondition()
                        .endStatus()
                        .build());
    }
}
