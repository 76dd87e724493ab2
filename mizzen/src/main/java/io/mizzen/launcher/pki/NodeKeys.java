// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

import io.mizzen.api.certificate.CertificateRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * The keys and certificates of a node that joined, in a folder of its own: {@code ca.crt}, the client certificate {@code
 * kubelet-client} and the serving certificate {@code kubelet}. Keys never leave the node. Each certificate gets a new key. Key
 * and request are kept until the certificate is there, and asked with again: a request that waits for a person's approval
 * outlives the process that made it. Not thread-safe.
 */
public final class NodeKeys {
    /** Base name of the client certificate. */
    public static final String CLIENT = "kubelet-client";

    /** Base name of the serving certificate. */
    public static final String SERVING = "kubelet";

    /** Part of a certificate's life after which it is renewed. */
    private static final double RENEW_AFTER = 0.8;

    private final Path folder;
    private final String nodeName;

    /** Keys in a folder, which is made with the first file. */
    public NodeKeys(Path folder, String nodeName) {
        this.folder = folder;
        this.nodeName = nodeName;
    }

    /** The cluster's CA; empty before the node has joined. */
    public Optional<String> authorityPem() {
        return Files.exists(authority()) ? Optional.of(PemFiles.readText(authority())) : Optional.empty();
    }

    /** Keeps the cluster's CA, which the caller has verified. */
    public void keepAuthority(String pem) {
        PemFiles.write(authority(), pem);
    }

    /** File of the cluster's CA. */
    public Path authority() {
        return folder.resolve("ca.crt");
    }

    /** Files of a certificate. */
    public KeyFiles files(String name) {
        return KeyFiles.in(folder, name);
    }

    /** Whether a certificate is there, belongs to this node, names all of {@code names} and is valid now. */
    public boolean isUsable(String name, List<String> names, Instant now) {
        Optional<X509Certificate> certificate = certificate(name);
        return certificate.isPresent()
                && now.isBefore(certificate.get().getNotAfter().toInstant())
                && certificate.get().getSubjectX500Principal().getName().contains("CN=system:node:" + nodeName + ",")
                && alternatives(certificate.get()).containsAll(names);
    }

    /** When a certificate is to be renewed: at four fifths of its life; now when there is none. */
    public Instant renewAt(String name, Instant now) {
        return certificate(name)
                .map(certificate -> renewAt(
                        certificate.getNotBefore().toInstant(),
                        certificate.getNotAfter().toInstant()))
                .orElse(now);
    }

    static Instant renewAt(Instant start, Instant end) {
        return start.plusMillis((long) (Duration.between(start, end).toMillis() * RENEW_AFTER));
    }

    /**
     * The request for a certificate, PEM: that which is under way, or one with a new key, kept beside the present one.
     *
     * @param names alternative names and addresses, told apart by their form
     */
    public String request(String name, List<String> names) {
        if (Files.exists(pendingRequest(name)) && Files.exists(pendingKey(name))) {
            String pem = PemFiles.readText(pendingRequest(name));
            CertificateRequest underWay = CertificateRequest.parse(pem.getBytes(StandardCharsets.US_ASCII));
            Set<String> wanted = new HashSet<>(underWay.dnsNames());
            wanted.addAll(underWay.ipAddresses());
            if (wanted.equals(Set.copyOf(names))) {
                return pem;
            }
        }
        String pem = newRequest(name, names);
        PemFiles.write(pendingRequest(name), pem);
        return pem;
    }

    /** A short name for a request: the same for the same one. */
    public static String hash(String pem) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(pem.getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (GeneralSecurityException impossible) {
            throw new PkiException("SHA-256 is not there", impossible);
        }
    }

    /** Lets go of a request that was refused; the next one is made with another key. */
    public void forget(String name) {
        try {
            Files.deleteIfExists(pendingRequest(name));
            Files.deleteIfExists(pendingKey(name));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(
                    "cannot remove the request of " + files(name).key(), e);
        }
    }

    private String newRequest(String name, List<String> names) {
        KeyPair keys = Authority.newKeyPair();
        PemFiles.writeKey(pendingKey(name), keys.getPrivate());
        var subject = new X500NameBuilder(BCStyle.INSTANCE)
                .addRDN(BCStyle.O, "system:nodes")
                .addRDN(BCStyle.CN, "system:node:" + nodeName)
                .build();
        try {
            var builder = new JcaPKCS10CertificationRequestBuilder(subject, keys.getPublic());
            if (!names.isEmpty()) {
                ExtensionsGenerator extensions = new ExtensionsGenerator();
                extensions.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(names.stream()
                                .map(each -> new GeneralName(
                                        Authority.isAddress(each) ? GeneralName.iPAddress : GeneralName.dNSName, each))
                                .toArray(GeneralName[]::new)));
                builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
            }
            return PemFiles.encode(
                    "CERTIFICATE REQUEST",
                    builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
                            .getEncoded());
        } catch (IOException | OperatorCreationException e) {
            throw new PkiException("cannot make a certificate request", e);
        }
    }

    /** Takes the certificate that was issued for the last {@link #request}; the key goes first, as a pair it is checked. */
    public void accept(String name, String certificatePem) {
        KeyFiles files = files(name);
        Path pending = folder.resolve(name + ".crt.new");
        PemFiles.write(pending, certificatePem);
        try {
            Files.move(pendingKey(name), files.key(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            Files.move(pending, files.certificate(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            Files.deleteIfExists(pendingRequest(name));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("cannot keep certificate " + files.certificate(), e);
        }
    }

    /** Finishes what a crash may have cut in two. */
    public void recover() {
        for (String name : List.of(CLIENT, SERVING)) {
            Path pending = folder.resolve(name + ".crt.new");
            if (Files.exists(pending) && !Files.exists(pendingKey(name))) {
                try {
                    Files.move(pending, files(name).certificate(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException("cannot keep certificate " + pending, e);
                }
            }
        }
    }

    /** A kubeconfig with the node's client certificate, as text. */
    public String kubeconfig(String server) {
        KeyFiles files = files(CLIENT);
        PublicKey key = PemFiles.readCertificate(files.certificate()).getPublicKey();
        return Kubeconfig.text(new Kubeconfig.Content(
                "mizzen",
                server,
                PemFiles.readText(authority()),
                "node",
                PemFiles.readText(files.certificate()),
                Authority.clientKeyPem(PemFiles.readKey(files.key()), key)));
    }

    /** A kubeconfig with a bootstrap token, as text. */
    public String kubeconfig(String server, JoinToken token) {
        return Kubeconfig.withToken("mizzen", server, PemFiles.readText(authority()), token.bearer());
    }

    /** Writes {@link #kubeconfig(String)} to a file that only its owner reads. */
    public void writeKubeconfig(Path file, String server) {
        PemFiles.write(file, kubeconfig(server));
    }

    private Path pendingRequest(String name) {
        return folder.resolve(name + ".csr.new");
    }

    private Path pendingKey(String name) {
        return folder.resolve(name + ".key.new");
    }

    private Optional<X509Certificate> certificate(String name) {
        Path file = files(name).certificate();
        return Files.exists(file) && Files.exists(files(name).key())
                ? Optional.of(PemFiles.readCertificate(file))
                : Optional.empty();
    }

    private static Set<String> alternatives(X509Certificate certificate) {
        Set<String> named = new HashSet<>();
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            if (names != null) {
                names.forEach(name -> named.add(String.valueOf(name.get(1))));
            }
        } catch (GeneralSecurityException unreadable) {
            return Set.of();
        }
        return named;
    }
}
