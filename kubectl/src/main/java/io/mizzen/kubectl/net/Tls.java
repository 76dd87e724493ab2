// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Turns a {@link Trust} into TLS sockets. Thread-safe after construction. */
final class Tls {
    private final SSLContext context;
    private final Trust trust;

    Tls(Trust trust) throws IOException {
        this.trust = trust;
        try {
            context = SSLContext.getInstance("TLS");
            context.init(keys(trust), trusted(trust), null);
        } catch (GeneralSecurityException e) {
            throw new IOException("tls: " + e.getMessage(), e);
        }
    }

    /** Shakes hands over a connected socket. */
    SSLSocket wrap(Socket socket, String host, int port) throws IOException {
        String name = trust.serverName().isEmpty() ? host : trust.serverName();
        SSLSocket secured = (SSLSocket) context.getSocketFactory().createSocket(socket, name, port, true);
        SSLParameters parameters = secured.getSSLParameters();
        if (!trust.insecure()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        if (!trust.serverName().isEmpty()) {
            parameters.setServerNames(List.of(new SNIHostName(trust.serverName())));
        }
        parameters.setApplicationProtocols(new String[] {"http/1.1"});
        secured.setSSLParameters(parameters);
        secured.startHandshake();
        return secured;
    }

    private static KeyManager @Nullable [] keys(Trust trust) throws GeneralSecurityException {
        if (trust.certificate().isEmpty() || trust.key().isEmpty()) {
            return null;
        }
        X509Certificate[] chain = Pem.certificates(trust.certificate()).toArray(new X509Certificate[0]);
        if (chain.length == 0) {
            throw new GeneralSecurityException("failed to find any PEM data in certificate input");
        }
        return new KeyManager[] {new OneKey(chain, Pem.key(trust.key()))};
    }

    private static TrustManager @Nullable [] trusted(Trust trust) throws GeneralSecurityException, IOException {
        if (trust.insecure()) {
            return new TrustManager[] {new Anyone()};
        }
        if (trust.authorities().isEmpty()) {
            return null;
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        int index = 0;
        for (X509Certificate certificate : Pem.certificates(trust.authorities())) {
            store.setCertificateEntry("ca" + index++, certificate);
        }
        if (index == 0) {
            throw new GeneralSecurityException("unable to load root certificates: unable to parse bytes as PEM block");
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return factory.getTrustManagers();
    }

    /** Offers the one client certificate whatever the server asks for. */
    private static final class OneKey extends X509ExtendedKeyManager {
        private static final String ALIAS = "client";
        private final X509Certificate[] chain;
        private final PrivateKey key;

        OneKey(X509Certificate[] chain, PrivateKey key) {
            this.chain = chain;
            this.key = key;
        }

        private @Nullable String alias(String keyType) {
            String algorithm = key.getAlgorithm();
            boolean fits = keyType.equals(algorithm)
                    || keyType.startsWith(algorithm)
                    || algorithm.equals("EdDSA") && keyType.startsWith("Ed");
            return fits ? ALIAS : null;
        }

        @Override
        public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
            return alias(keyType) == null ? null : new String[] {ALIAS};
        }

        @Override
        public @Nullable String chooseClientAlias(
                String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
            for (String keyType : keyTypes) {
                if (alias(keyType) != null) {
                    return ALIAS;
                }
            }
            return null;
        }

        @Override
        public @Nullable String chooseEngineClientAlias(
                String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return chooseClientAlias(keyTypes, issuers, null);
        }

        @Override
        public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return chain.clone();
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return key;
        }
    }

    /** For {@code --insecure-skip-tls-verify}, where the user asked for no check at all. */
    private static final class Anyone extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
