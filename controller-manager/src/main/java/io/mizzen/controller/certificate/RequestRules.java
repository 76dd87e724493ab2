// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.certificate;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.mizzen.api.address.IpAddress;
import io.mizzen.api.certificate.CertificateRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What each of Kubernetes' signers signs, and which requests are a node's own (API page "Certificate Signing"). Pure. */
final class RequestRules {
    static final String CLIENT = "kubernetes.io/kube-apiserver-client";
    static final String KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
    static final String KUBELET_SERVING = "kubernetes.io/kubelet-serving";

    private static final String NODE_PREFIX = "system:node:";
    private static final List<String> NODE_GROUPS = List.of("system:nodes");
    private static final String SIGNATURE = "digital signature";
    private static final String ENCIPHERMENT = "key encipherment";
    private static final String CLIENT_AUTH = "client auth";
    private static final String SERVER_AUTH = "server auth";

    /** By which right a request may be approved without asking a person. */
    enum Approval {
        /** The requester may ask for client certificates of any node. */
        NODE_CLIENT("nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview."),
        /** The requester may renew its own. */
        SELF_NODE_CLIENT("selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview.");

        private final String subresource;
        private final String message;

        Approval(String subresource, String message) {
            this.subresource = subresource;
            this.message = message;
        }

        String subresource() {
            return subresource;
        }

        String message() {
            return message;
        }
    }

    private RequestRules() {}

    static boolean hasCondition(CertificateSigningRequest request, String type) {
        return conditions(request).stream().anyMatch(condition -> type.equals(condition.getType()));
    }

    static List<CertificateSigningRequestCondition> conditions(CertificateSigningRequest request) {
        return request.getStatus() == null || request.getStatus().getConditions() == null
                ? List.of()
                : request.getStatus().getConditions();
    }

    static boolean isIssued(CertificateSigningRequest request) {
        return request.getStatus() != null
                && request.getStatus().getCertificate() != null
                && !request.getStatus().getCertificate().isEmpty();
    }

    /** The rights that would suffice for a node's client certificate, the nearer first; empty for other requests. */
    static List<Approval> approvals(CertificateSigningRequest request, CertificateRequest wanted) {
        if (!KUBELET_CLIENT.equals(request.getSpec().getSignerName())
                || problem(request, wanted).isPresent()) {
            return List.of();
        }
        return wanted.commonName().equals(request.getSpec().getUsername())
                ? List.of(Approval.SELF_NODE_CLIENT, Approval.NODE_CLIENT)
                : List.of(Approval.NODE_CLIENT);
    }

    /**
     * Whether this is a serving certificate that a node wants for itself, by its name and its registered addresses only. A node
     * writes its addresses itself, so none may be one that others answer at.
     *
     * @param node the node of the request's subject
     * @param foreign addresses of other nodes, of the API server and of Services
     */
    static boolean isOwnServing(
            CertificateSigningRequest request, CertificateRequest wanted, Optional<Node> node, Set<String> foreign) {
        if (!KUBELET_SERVING.equals(request.getSpec().getSignerName())
                || problem(request, wanted).isPresent()
                || node.isEmpty()) {
            return false;
        }
        String name = node.get().getMetadata().getName();
        List<String> groups = request.getSpec().getGroups() == null
                ? List.of()
                : request.getSpec().getGroups();
        return wanted.commonName().equals(NODE_PREFIX + name)
                && wanted.commonName().equals(request.getSpec().getUsername())
                && groups.containsAll(NODE_GROUPS)
                && !isReserved(name)
                && Set.of(name).containsAll(wanted.dnsNames())
                && addresses(node.get()).containsAll(wanted.ipAddresses())
                && wanted.ipAddresses().stream().noneMatch(foreign::contains)
                && wanted.ipAddresses().stream()
                        .allMatch(ip -> IpAddress.parse(ip)
                                .filter(IpAddress::isGlobalUnicast)
                                .isPresent());
    }

    /** The IP addresses that a node says are its own, in their usual form. */
    static Set<String> addresses(Node node) {
        if (node.getStatus() == null || node.getStatus().getAddresses() == null) {
            return Set.of();
        }
        return node.getStatus().getAddresses().stream()
                .filter(address -> Set.of("InternalIP", "ExternalIP").contains(address.getType()))
                .map(NodeAddress::getAddress)
                .filter(Objects::nonNull)
                .flatMap(address -> IpAddress.parse(address).map(IpAddress::text).stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Names by which the API server or a Service is known. */
    private static boolean isReserved(String name) {
        return name.equals("localhost")
                || name.equals("kubernetes")
                || name.startsWith("kubernetes.default")
                || List.of(name.split("\\.")).contains("svc");
    }

    /** Whether a node lives: its name is then not given to somebody who shows only a bootstrap token. */
    static boolean isAlive(Node node) {
        return node.getStatus() != null
                && node.getStatus().getConditions() != null
                && node.getStatus().getConditions().stream()
                        .anyMatch(condition ->
                                "Ready".equals(condition.getType()) && "True".equals(condition.getStatus()));
    }

    /** The node that a subject names; empty for other subjects. */
    static Optional<String> nodeOf(CertificateRequest wanted) {
        return wanted.commonName().startsWith(NODE_PREFIX)
                ? Optional.of(wanted.commonName().substring(NODE_PREFIX.length()))
                : Optional.empty();
    }

    /** Whether one of our signers is asked. */
    static boolean isOurs(CertificateSigningRequest request) {
        return Set.of(CLIENT, KUBELET_CLIENT, KUBELET_SERVING)
                .contains(request.getSpec().getSignerName());
    }

    /** Why the signer will not sign, or empty. */
    static Optional<String> problem(CertificateSigningRequest request, CertificateRequest wanted) {
        Set<String> usages = new HashSet<>(request.getSpec().getUsages());
        return Optional.ofNullable(
                switch (request.getSpec().getSignerName()) {
                    case CLIENT ->
                        usages.contains(CLIENT_AUTH)
                                        && Set.of(SIGNATURE, ENCIPHERMENT, CLIENT_AUTH)
                                                .containsAll(usages)
                                ? null
                                : "usages did not match [" + SIGNATURE + " " + ENCIPHERMENT + " " + CLIENT_AUTH + "]";
                    case KUBELET_CLIENT -> kubeletClientProblem(usages, wanted);
                    case KUBELET_SERVING -> kubeletServingProblem(usages, wanted);
                    default -> "signer " + request.getSpec().getSignerName() + " is not known";
                });
    }

    private static @org.jspecify.annotations.Nullable String kubeletClientProblem(
            Set<String> usages, CertificateRequest wanted) {
        if (!wanted.organizations().equals(NODE_GROUPS)) {
            return "subject organization is not system:nodes";
        }
        if (!wanted.dnsNames().isEmpty()) {
            return "DNS subjectAltNames are not allowed";
        }
        if (!wanted.emails().isEmpty()) {
            return "Email subjectAltNames are not allowed";
        }
        if (!wanted.ipAddresses().isEmpty()) {
            return "IP subjectAltNames are not allowed";
        }
        if (!wanted.uris().isEmpty()) {
            return "URI subjectAltNames are not allowed";
        }
        if (!wanted.commonName().startsWith(NODE_PREFIX)) {
            return "subject common name does not begin with system:node: ";
        }
        return isUsage(usages, CLIENT_AUTH)
                ? null
                : "usages did not match [" + SIGNATURE + " " + ENCIPHERMENT + " " + CLIENT_AUTH + "]";
    }

    private static @org.jspecify.annotations.Nullable String kubeletServingProblem(
            Set<String> usages, CertificateRequest wanted) {
        if (!wanted.organizations().equals(NODE_GROUPS)) {
            return "subject organization is not system:nodes";
        }
        if (wanted.dnsNames().isEmpty() && wanted.ipAddresses().isEmpty()) {
            return "DNS or IP subjectAltName is required";
        }
        if (!wanted.emails().isEmpty()) {
            return "Email subjectAltNames are not allowed";
        }
        if (!wanted.uris().isEmpty()) {
            return "URI subjectAltNames are not allowed";
        }
        if (!wanted.commonName().startsWith(NODE_PREFIX)) {
            return "subject common name does not begin with system:node: ";
        }
        return isUsage(usages, SERVER_AUTH)
                ? null
                : "usages did not match [" + SIGNATURE + " " + ENCIPHERMENT + " " + SERVER_AUTH + "]";
    }

    private static boolean isUsage(Set<String> usages, String purpose) {
        return usages.equals(Set.of(SIGNATURE, purpose)) || usages.equals(Set.of(SIGNATURE, ENCIPHERMENT, purpose));
    }
}
