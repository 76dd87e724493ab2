// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.client.Config;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import org.jspecify.annotations.Nullable;

/** Reads client certificates whose key is in PKCS #8 of any algorithm; the library alone takes only RSA ones. */
final class ClientKeys {

    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";
    private static final List<String> ALGORITHMS = List.of("EC", "RSA", "Ed25519");

    private ClientKeys() {}

    /** The key manager of a configuration's client certificate; empty when it has none or it is in another form. */
    static Optional<KeyManager[]> of(Config config) {
        String key = pem(config.getClientKeyData(), config.getClientKeyFile());
        String certificates = pem(config.getClientCertData(), config.getClientCertFile());
        if (key == null || certificates == null || !key.contains(BEGIN)) {
            return Optional.empty();
        }
        try {
            String body = key.substring(key.indexOf(BEGIN) + BEGIN.length(), key.indexOf(END));
            PrivateKey privateKey = privateKey(Base64.getMimeDecoder().decode(body.strip()));
            Certificate[] chain = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(certificates.getBytes(StandardCharsets.US_ASCII)))
                    .toArray(new Certificate[0]);
            char[] password = new char[0];
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, password);
            store.setKeyEntry("client", privateKey, password, chain);
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, password);
            return Optional.of(factory.getKeyManagers());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(
                    "the kubeconfig's client certificate cannot be read: " + e.getMessage(), e);
        }
    }

    private static PrivateKey privateKey(byte[] pkcs8) throws GeneralSecurityException {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException otherAlgorithm) {
                continue;
            }
        }
        throw new InvalidKeySpecException("the key is none of " + ALGORITHMS);
    }

    private static @Nullable String pem(@Nullable String data, @Nullable String file) {
        if (data != null && !data.isEmpty()) {
            return data.startsWith("-----")
                    ? data
                    : new String(Base64.getMimeDecoder().decode(data), StandardCharsets.US_ASCII);
        }
        if (file == null || file.isEmpty()) {
            return null;
        }
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
