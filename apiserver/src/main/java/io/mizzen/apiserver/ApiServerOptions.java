// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How to run an API server.
 *
 * @param bindAddress address to listen on
 * @param httpsPort port to listen on, 0 for any free one
 * @param advertiseAddress address at which pods and nodes reach this server
 * @param dataDir folder of the embedded store; used when there are no etcd endpoints
 * @param tls keys and certificates, PEM files
 * @param serviceAccountKey private key that signs service account tokens, PEM
 * @param serviceAccountIssuer issuer of those tokens
 * @param serviceCidr range of cluster addresses
 * @param eventTtl how long Events are kept, in whole seconds; zero for ever
 * @param etcd where etcd is, or null for the embedded store
 */
public record ApiServerOptions(
        String bindAddress,
        int httpsPort,
        String advertiseAddress,
        Path dataDir,
        Tls tls,
        Path serviceAccountKey,
        String serviceAccountIssuer,
        String serviceCidr,
        Duration eventTtl,
        @Nullable Etcd etcd) {

    /**
     * PEM files.
     *
     * @param servingCertificate shown to clients
     * @param servingKey its key
     * @param clientAuthority CA of client certificates
     * @param kubeletClientCertificate shown to kubelets
     * @param kubeletClientKey its key
     * @param kubeletAuthority CA of the kubelets' serving certificates
     */
    public record Tls(
            Path servingCertificate,
            Path servingKey,
            Path clientAuthority,
            Path kubeletClientCertificate,
            Path kubeletClientKey,
            Path kubeletAuthority) {}

    /**
     * An etcd cluster.
     *
     * @param endpoints URLs
     * @param authority CA, null for the system's
     * @param certificate client certificate, null for none
     * @param key its key, null for none
     */
    public record Etcd(
            List<String> endpoints,
            @Nullable Path authority,
            @Nullable Path certificate,
            @Nullable Path key) {}
}
