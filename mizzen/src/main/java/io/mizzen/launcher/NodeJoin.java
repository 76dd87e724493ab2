// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.NodeAddressBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.HttpApiClient;
import io.mizzen.client.KubeClients;
import io.mizzen.client.ObjectKey;
import io.mizzen.launcher.pki.JoinToken;
import io.mizzen.launcher.pki.NodeKeys;
import io.mizzen.launcher.pki.UnverifiedFetch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets a node's certificates by signing requests: the client certificate first with the join token and later with itself, the
 * serving certificate always with the client certificate. Nothing is sent to a server whose CA is not the one that the token
 * names. Runs on one thread; waits end with an interrupt.
 */
final class NodeJoin {
    private static final Logger LOG = LoggerFactory.getLogger(NodeJoin.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration RETRY = Duration.ofSeconds(2);
    private static final Duration ISSUE_TIMEOUT = Duration.ofMinutes(2);
    private static final String CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";
    private static final String SERVING_SIGNER = "kubernetes.io/kubelet-serving";

    private final String server;
    private final String nodeName;
    private final String nodeIp;
    private final Duration certificateLife;
    private final NodeKeys keys;
    private final InstantSource clock;

    /**
     * Who joins what.
     *
     * @param server URL of the API server
     * @param name of the node
     * @param ip its address
     * @param certificateLife to ask for; zero for the server's choice
     */
    record Joining(String server, String name, String ip, Duration certificateLife) {}

    NodeJoin(Joining node, NodeKeys keys, InstantSource clock) {
        this.server = node.server();
        this.nodeName = node.name();
        this.nodeIp = node.ip();
        this.certificateLife = node.certificateLife();
        this.keys = keys;
        this.clock = clock;
    }

    /**
     * Learns the CA and gets a client certificate, unless the node has both.
     *
     * @throws LaunchException when there is no token, or the server is not the one it names, or refuses it
     */
    void join(Optional<JoinToken> token) throws InterruptedException {
        keys.recover();
        if (keys.authorityPem().isPresent() && keys.isUsable(NodeKeys.CLIENT, List.of(), clock.instant())) {
            LOG.info("Node {} has joined before", nodeName);
            return;
        }
        JoinToken given = token.orElseThrow(() ->
                new LaunchException("this node has not joined yet, or its certificate has expired: give --token"));
        if (given.authorityHash().isEmpty()) {
            throw new LaunchException("the token does not say which server to trust: take the whole one,"
                    + " K10<hash>::" + given.id() + ".…, as \"mizzen token create\" prints it");
        }
        keys.keepAuthority(awaitAuthority(given));
        try (KubernetesClient client = KubeClients.fromKubeconfigText(keys.kubeconfig(server, given), "join")) {
            certificate(new HttpApiClient(client), NodeKeys.CLIENT, CLIENT_SIGNER, "client auth", List.of());
        } catch (KubernetesClientException e) {
            throw new LaunchException(
                    e.getCode() == 401
                            ? "the server does not take the token: it has expired or was taken back; make a new one with"
                                    + " \"mizzen token create\""
                            : "the server refuses this node: " + e.getMessage(),
                    e);
        }
        LOG.info("Node {} joined the cluster of {}", nodeName, server);
    }

    private String awaitAuthority(JoinToken token) throws InterruptedException {
        while (true) {
            try {
                String pem = UnverifiedFetch.authority(server);
                if (!token.trusts(pem)) {
                    throw new LaunchException(
                            "the server at " + server + " is not the one that the token names (its CA has"
                                    + " another key): somebody may be in between, or the token is of another cluster");
                }
                return pem;
            } catch (IOException e) {
                LOG.warn("The server {} does not answer, trying again: {}", server, e.getMessage());
                TimeUnit.NANOSECONDS.sleep(RETRY.toNanos());
            }
        }
    }

    /** Gets a new client certificate with the present one. */
    void renewClient(ApiClient api) throws InterruptedException {
        certificate(api, NodeKeys.CLIENT, CLIENT_SIGNER, "client auth", List.of());
    }

    /** Gets a serving certificate for the node's name and address; the Node must say them, so it is registered first. */
    void renewServing(ApiClient api) throws InterruptedException {
        register(api);
        certificate(api, NodeKeys.SERVING, SERVING_SIGNER, "server auth", servingNames());
    }

    /** What the serving certificate is for. */
    List<String> servingNames() {
        return List.of(nodeName, nodeIp);
    }

    private void register(ApiClient api) {
        List<NodeAddress> wanted = List.of(address("InternalIP", nodeIp), address("Hostname", nodeName));
        Optional<Node> present = api.find(Node.class, ObjectKey.cluster(nodeName));
        if (present.isEmpty()) {
            HasMetadata made = api.create(new NodeBuilder()
                    .withNewMetadata()
                    .withName(nodeName)
                    .addToLabels("kubernetes.io/hostname", nodeName)
                    .endMetadata()
                    .withNewStatus()
                    .withAddresses(wanted)
                    .endStatus()
                    .build());
            LOG.debug("Node {} is known", ObjectKey.of(made));
        } else if (present.get().getStatus() == null
                || !present.get().getStatus().getAddresses().containsAll(wanted)) {
            HasMetadata changed = api.updateStatus(new NodeBuilder(present.get())
                    .editOrNewStatus()
                    .withAddresses(wanted)
                    .endStatus()
                    .build());
            LOG.info("Node {} has address {} now", ObjectKey.of(changed), nodeIp);
        }
    }

    private static NodeAddress address(String type, String value) {
        return new NodeAddressBuilder().withType(type).withAddress(value).build();
    }

    private void certificate(ApiClient api, String name, String signer, String usage, List<String> names)
            throws InterruptedException {
        String pem = keys.request(name, names);
        // Named after what is asked: asked again, it is the same request.
        String requestName = "csr-" + nodeName + "-" + NodeKeys.hash(pem);
        CertificateSigningRequest wanted = new CertificateSigningRequestBuilder()
                .withNewMetadata()
                .withName(requestName)
                .endMetadata()
                .withNewSpec()
                .withSignerName(signer)
                .withUsages("digital signature", usage)
                .withExpirationSeconds(certificateLife.isZero() ? null : Math.toIntExact(certificateLife.toSeconds()))
                .withRequest(Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)))
                .endSpec()
                .build();
        try {
            CertificateSigningRequest made = api.create(wanted);
            LOG.debug("Request {} is made", ObjectKey.of(made));
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isAlreadyExists(e)) {
                throw e;
            }
        }
        keys.accept(name, awaitIssued(api, name, requestName));
        LOG.info("Got a certificate from {}, request {}", signer, requestName);
    }

    private String awaitIssued(ApiClient api, String key, String name) throws InterruptedException {
        long end = System.nanoTime() + ISSUE_TIMEOUT.toNanos();
        boolean isWaitTold = false;
        while (System.nanoTime() < end) {
            Optional<CertificateSigningRequest> request = find(api, name);
            if (request.isPresent() && request.get().getStatus() != null) {
                String certificate = request.get().getStatus().getCertificate();
                if (certificate != null && !certificate.isEmpty()) {
                    return new String(Base64.getDecoder().decode(certificate), StandardCharsets.US_ASCII);
                }
                request.get().getStatus().getConditions().stream()
                        .filter(condition -> List.of("Denied", "Failed").contains(condition.getType()))
                        .findFirst()
                        .ifPresent(condition -> {
                            keys.forget(key);
                            throw new LaunchException("the request " + name + " for a certificate was "
                                    + condition.getType().toLowerCase(java.util.Locale.ROOT) + ": "
                                    + condition.getMessage());
                        });
            }
            if (!isWaitTold && end - System.nanoTime() < ISSUE_TIMEOUT.toNanos() - RETRY.toNanos()) {
                isWaitTold = true;
                LOG.info("Waiting for approval of request {}: kubectl certificate approve {}", name, name);
            }
            TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
        }
        throw new LaunchException("no certificate within " + ISSUE_TIMEOUT.toSeconds() + " s: see the request " + name);
    }

    private static Optional<CertificateSigningRequest> find(ApiClient api, String name) {
        try {
            return api.find(CertificateSigningRequest.class, ObjectKey.cluster(name));
        } catch (KubernetesClientException e) {
            if (e.getCode() == 0 || ApiErrors.isNotFound(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
