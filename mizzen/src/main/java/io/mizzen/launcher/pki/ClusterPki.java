// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys and certificates of one cluster, in a folder of their own: an authority for servers and clients, one for the
 * front proxy, a certificate for the API server, the kubelet and each client, and the key that signs service account
 * tokens. File names are kubeadm's where it has one.
 *
 * <p>Made where absent; made anew at a start when less than 30 days are left, when the authority changed, or when a name
 * or address is missing that the server now answers to. Keys stay when only the certificate is renewed. Not thread-safe:
 * one start at a time, which the lock on the data folder sees to.
 */
public final class ClusterPki {
    /** A certificate with less left than this is renewed at a start. */
    public static final Duration RENEW_BEFORE = Duration.ofDays(30);

    private static final Logger LOG = LoggerFactory.getLogger(ClusterPki.class);
    private static final String MASTERS = "system:masters";

    private final Path folder;
    private final Request request;
    private final Instant now;
    private final Authority authority;

    /**
     * What the certificates must say.
     *
     * @param nodeName name of this node, in its kubelet's user name
     * @param nodeIp address of this node
     * @param bindAddress address the API server listens on; a wildcard adds nothing
     * @param firstServiceIp address of the Service {@code kubernetes}
     * @param clusterDomain domain of services, normally {@code cluster.local}
     * @param extraNames further names and addresses of the API server
     */
    public record Request(
            String nodeName,
            String nodeIp,
            String bindAddress,
            String firstServiceIp,
            String clusterDomain,
            List<String> extraNames) {
        /** Copies the list. */
        public Request {
            extraNames = List.copyOf(extraNames);
        }

        List<String> apiServerNames() {
            Set<String> names = new LinkedHashSet<>(List.of(
                    "kubernetes",
                    "kubernetes.default",
                    "kubernetes.default.svc",
                    "kubernetes.default.svc." + clusterDomain,
                    "localhost",
                    nodeName,
                    "127.0.0.1"));
            if (!bindAddress.equals("0.0.0.0") && !bindAddress.equals("::")) {
                names.add(bindAddress);
            }
            names.add(nodeIp);
            names.add(firstServiceIp);
            names.addAll(extraNames);
            return List.copyOf(names);
        }
    }

    private ClusterPki(Path folder, Request request, Instant now) {
        this.folder = folder;
        this.request = request;
        this.now = now;
        this.authority = authority("ca", "kubernetes");
    }

    /**
     * Makes or renews everything in {@code folder}.
     *
     * @throws PkiException when a file of it cannot be read
     * @throws java.io.UncheckedIOException when the folder cannot be written
     */
    public static ClusterPki prepare(Path folder, Request request, InstantSource clock) {
        ClusterPki pki = new ClusterPki(folder, request, clock.instant());
        pki.prepareLeaves();
        return pki;
    }

    private void prepareLeaves() {
        leaf(authority, CertificateProfile.server("apiserver", "kube-apiserver", request.apiServerNames()));
        leaf(
                authority,
                CertificateProfile.server(
                        "kubelet",
                        "system:node:" + request.nodeName(),
                        List.of(request.nodeName(), "localhost", "127.0.0.1", request.nodeIp())));
        leaf(authority, CertificateProfile.client("admin", "kubernetes-admin", MASTERS));
        leaf(authority, CertificateProfile.client("scheduler", "system:kube-scheduler"));
        // Its controllers each act under a service account of their own, which this user may ask tokens for.
        leaf(authority, CertificateProfile.client("controller-manager", "system:kube-controller-manager"));
        leaf(authority, CertificateProfile.client("kube-proxy", "system:kube-proxy"));
        leaf(
                authority,
                CertificateProfile.client("kubelet-client", "system:node:" + request.nodeName(), "system:nodes"));
        // No master: it is shown at whatever address a node says its kubelet has. RBAC lets it use kubelets.
        leaf(authority, CertificateProfile.client("apiserver-kubelet-client", "kube-apiserver-kubelet-client"));
        leaf(
                authority("front-proxy-ca", "kubernetes-front-proxy"),
                CertificateProfile.client("front-proxy-client", "front-proxy-client"));
        KeyFiles signing = new KeyFiles(folder.resolve("sa.pub"), folder.resolve("sa.key"));
        if (!Files.exists(signing.key()) || !Files.exists(signing.certificate())) {
            KeyPair keys = Authority.newKeyPair();
            PemFiles.writePublicKey(signing.certificate(), keys.getPublic());
            PemFiles.writeKey(signing.key(), keys.getPrivate());
        }
    }

    /** The authority of servers and clients: certificate and key. */
    public KeyFiles clusterAuthority() {
        return KeyFiles.in(folder, "ca");
    }

    /** The certificate of {@link #clusterAuthority}, as text. */
    public String clusterAuthorityPem() {
        return PemFiles.readText(clusterAuthority().certificate());
    }

    /** The certificate of the authority of the aggregation layer. */
    public Path frontProxyAuthority() {
        return folder.resolve("front-proxy-ca.crt");
    }

    /** The API server's certificate. */
    public KeyFiles apiServer() {
        return KeyFiles.in(folder, "apiserver");
    }

    /** The kubelet's serving certificate. */
    public KeyFiles kubeletServing() {
        return KeyFiles.in(folder, "kubelet");
    }

    /** With which the API server calls kubelets. */
    public KeyFiles apiServerKubeletClient() {
        return KeyFiles.in(folder, "apiserver-kubelet-client");
    }

    /** The private key that signs service account tokens, PKCS#8, ECDSA P-256. */
    public Path serviceAccountKey() {
        return folder.resolve("sa.key");
    }

    /** The public half of {@link #serviceAccountKey}. */
    public Path serviceAccountPublicKey() {
        return folder.resolve("sa.pub");
    }

    /**
     * A kubeconfig with everything inside it, as text.
     *
     * @param client whose it is
     * @param server URL of the API server
     */
    public String kubeconfig(Client client, String server) {
        KeyFiles files = KeyFiles.in(folder, client.fileName);
        X509Certificate certificate = PemFiles.readCertificate(files.certificate());
        return Kubeconfig.text(new Kubeconfig.Content(
                "mizzen",
                server,
                PemFiles.readText(clusterAuthority().certificate()),
                client.fileName,
                PemFiles.readText(files.certificate()),
                Authority.clientKeyPem(PemFiles.readKey(files.key()), certificate.getPublicKey())));
    }

    /** Writes {@link #kubeconfig} to a file that only its owner reads. */
    public void writeKubeconfig(Path file, Client client, String server) {
        PemFiles.write(file, kubeconfig(client, server));
    }

    /** The clients of the API server that this class makes certificates for. */
    public enum Client {
        /** Member of {@code system:masters}. */
        ADMIN("admin"),
        /** {@code system:kube-scheduler}. */
        SCHEDULER("scheduler"),
        /** {@code system:kube-controller-manager}. */
        CONTROLLER_MANAGER("controller-manager"),
        /** {@code system:kube-proxy}. */
        KUBE_PROXY("kube-proxy"),
        /** {@code system:node:<name>} of this node. */
        KUBELET("kubelet-client");

        private final String fileName;

        Client(String fileName) {
            this.fileName = fileName;
        }
    }

    private Authority authority(String fileName, String commonName) {
        KeyFiles files = KeyFiles.in(folder, fileName);
        if (!Files.exists(files.key())) {
            KeyPair keys = Authority.newKeyPair();
            Authority made = Authority.selfSigned(commonName, keys, now);
            // The certificate first: a key without one would be taken for a whole authority at the next start.
            PemFiles.writeCertificate(files.certificate(), made.certificate());
            PemFiles.writeKey(files.key(), keys.getPrivate());
            LOG.info("Made certificate authority {} ({})", commonName, files.certificate());
            return made;
        }
        Authority present = new Authority(PemFiles.readCertificate(files.certificate()), PemFiles.readKey(files.key()));
        if (hasLongEnough(present.certificate())) {
            return present;
        }
        // The same key under the same name: certificates signed before stay valid.
        KeyPair keys = new KeyPair(present.certificate().getPublicKey(), present.key());
        Authority renewed = Authority.selfSigned(commonName, keys, now);
        PemFiles.writeCertificate(files.certificate(), renewed.certificate());
        LOG.info("Renewed certificate authority {} until {}", commonName, end(renewed.certificate()));
        return renewed;
    }

    private void leaf(Authority issuer, CertificateProfile profile) {
        KeyFiles files = KeyFiles.in(folder, profile.fileName());
        boolean present = Files.exists(files.key()) && Files.exists(files.certificate());
        if (!present) {
            KeyPair keys = Authority.newKeyPair();
            PemFiles.writeCertificate(files.certificate(), issuer.issue(profile, keys.getPublic(), now));
            PemFiles.writeKey(files.key(), keys.getPrivate());
            return;
        }
        X509Certificate certificate = PemFiles.readCertificate(files.certificate());
        if (hasLongEnough(certificate) && isSignedBy(certificate, issuer) && covers(certificate, profile)) {
            return;
        }
        // The key stays, so that a crash between two writes never leaves a key beside a foreign certificate.
        X509Certificate renewed = issuer.issue(profile, certificate.getPublicKey(), now);
        PemFiles.writeCertificate(files.certificate(), renewed);
        LOG.info("Renewed certificate {} until {}", files.certificate(), end(renewed));
    }

    private boolean hasLongEnough(X509Certificate certificate) {
        return end(certificate).isAfter(now.plus(RENEW_BEFORE));
    }

    private static Instant end(X509Certificate certificate) {
        return certificate.getNotAfter().toInstant();
    }

    private static boolean isSignedBy(X509Certificate certificate, Authority issuer) {
        try {
            certificate.verify(issuer.certificate().getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static boolean covers(X509Certificate certificate, CertificateProfile profile) {
        try {
            Set<String> named = new HashSet<>();
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            if (names != null) {
                names.forEach(name -> named.add(String.valueOf(name.get(1))));
            }
            return named.containsAll(profile.names())
                    && certificate.getSubjectX500Principal().getName().contains("CN=" + profile.commonName());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
