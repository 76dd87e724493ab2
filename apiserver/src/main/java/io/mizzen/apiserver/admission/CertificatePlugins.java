// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.certificate.CertificateRequest;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.authentication.UserInfo;
import io.mizzen.apiserver.authorization.Attributes;
import io.mizzen.apiserver.authorization.Authorizer;
import java.util.Base64;

/**
 * The plugins CertificateApproval, CertificateSigning and CertificateSubjectRestriction: who may decide on a signing request
 * and who may sign one is said a signer (resource {@code signers}), and no client gets a certificate for the masters' group.
 */
final class CertificatePlugins {
    private static final String GROUP = "certificates.k8s.io";
    private static final String PLURAL = "certificatesigningrequests";
    private static final String CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client";

    private CertificatePlugins() {}

    /** Deciding takes the verb {@code approve} on the signer. */
    static final class Approval implements Admission.Plugin {
        private final Authorizer authorizer;

        Approval(Authorizer authorizer) {
            this.authorizer = authorizer;
        }

        @Override
        public void validate(AdmissionRequest request) {
            ObjectNode old = request.old();
            if (old != null && isFor(request, "approval")) {
                require(
                        authorizer,
                        request,
                        "approve",
                        old.path("spec").path("signerName").asText(""));
            }
        }
    }

    /** Writing a certificate, or that there will be none, takes the verb {@code sign} on the signer. */
    static final class Signing implements Admission.Plugin {
        private final Authorizer authorizer;

        Signing(Authorizer authorizer) {
            this.authorizer = authorizer;
        }

        @Override
        public void validate(AdmissionRequest request) {
            ObjectNode old = request.old();
            if (old == null || !isFor(request, "status")) {
                return;
            }
            var before = old.path("status");
            var after = request.object().path("status");
            if (before.path("certificate").equals(after.path("certificate"))
                    && before.path("conditions").equals(after.path("conditions"))) {
                return;
            }
            require(
                    authorizer,
                    request,
                    "sign",
                    old.path("spec").path("signerName").asText(""));
        }
    }

    /** No client certificate for {@code system:masters}. */
    static final class SubjectRestriction implements Admission.Plugin {
        @Override
        public void validate(AdmissionRequest request) {
            var spec = request.object().path("spec");
            if (!request.isCreate()
                    || !request.isFor(GROUP, PLURAL)
                    || !spec.path("signerName").asText("").equals(CLIENT_SIGNER)) {
                return;
            }
            CertificateRequest wanted = CertificateRequest.parse(
                    Base64.getDecoder().decode(spec.path("request").asText("")));
            if (wanted.organizations().contains(UserInfo.MASTERS)) {
                throw StatusException.forbidden(
                        request.resource().groupResource(),
                        request.name(),
                        "use of " + CLIENT_SIGNER + " signer with system:masters group is not allowed");
            }
        }
    }

    private static boolean isFor(AdmissionRequest request, String subresource) {
        return request.context().subresource().equals(subresource)
                && request.resource().stored().group().equals(GROUP)
                && request.resource().stored().plural().equals(PLURAL);
    }

    private static void require(Authorizer authorizer, AdmissionRequest request, String verb, String signer) {
        String domain = signer.substring(0, Math.max(0, signer.indexOf('/')));
        UserInfo user = request.context().user();
        boolean allowed = isAllowed(authorizer, user, verb, signer) || isAllowed(authorizer, user, verb, domain + "/*");
        if (!allowed) {
            throw StatusException.forbidden(
                    request.resource().groupResource(),
                    request.name(),
                    "user not permitted to " + verb + " requests with signerName \"" + signer + "\"");
        }
    }

    private static boolean isAllowed(Authorizer authorizer, UserInfo user, String verb, String signer) {
        return authorizer
                .authorize(new Attributes(user, verb, true, GROUP, "v1", "signers", "", "", signer, ""))
                .allowed();
    }
}
