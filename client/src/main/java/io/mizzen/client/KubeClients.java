// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;

/**
 * Makes connections to an API server: client certificates or a token from a kubeconfig, the JDK's HTTP client on
 * HTTP/1.1, watches over plain HTTP, no hidden retry, and threads named after the component.
 */
public final class KubeClients {

    private static final int CONNECT_MILLIS = 10_000;
    private static final int REQUEST_MILLIS = 60_000;
    private static final int WATCH_RECONNECT_MILLIS = 500;

    private KubeClients() {}

    /**
     * Connects as the current context of a kubeconfig says. Nothing is sent yet.
     *
     * @param kubeconfig path of the file
     * @param component name of the component, for threads and the user agent
     * @throws IllegalArgumentException when the file cannot be read or names no cluster
     */
    public static KubernetesClient fromKubeconfig(Path kubeconfig, String component) {
        try {
            return fromKubeconfigText(Files.readString(kubeconfig), component);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read kubeconfig " + kubeconfig + ": " + e.getMessage(), e);
        }
    }

    /** Connects as the current context of a kubeconfig says, given as text. Nothing is sent yet. */
    public static KubernetesClient fromKubeconfigText(String kubeconfig, String component) {
        Config config = Config.fromKubeconfig(kubeconfig);
        if (config == null || config.getMasterUrl() == null) {
            throw new IllegalArgumentException("the kubeconfig names no cluster");
        }
        return connect(config, component);
    }

    /** Connects with a configuration made elsewhere, with this class's timeouts and threads. */
    public static KubernetesClient connect(Config config, String component) {
        Config tuned = new ConfigBuilder(config)
                .withOnlyHttpWatches(true)
                .withHttp2Disable(true)
                .withConnectionTimeout(CONNECT_MILLIS)
                .withRequestTimeout(REQUEST_MILLIS)
                .withRequestRetryBackoffLimit(0)
                .withWatchReconnectInterval(WATCH_RECONNECT_MILLIS)
                .withUserAgent("mizzen-" + component)
                .build();
        Executor executor = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name(component + "-client-", 0).factory());
        KubernetesClientBuilder builder = new KubernetesClientBuilder()
                .withHttpClientFactory(new NamedHttpClientFactory(executor))
                .withTaskExecutor(executor);
        Optional<KeyManager[]> keys = ClientKeys.of(tuned);
        if (keys.isPresent()) {
            TrustManager[] trust = trustOf(tuned);
            tuned = new ConfigBuilder(tuned)
                    .withClientKeyData(null)
                    .withClientKeyFile(null)
                    .withClientCertData(null)
                    .withClientCertFile(null)
                    .build();
            builder.withHttpClientBuilderConsumer(http -> http.sslContext(keys.get(), trust));
        }
        return builder.withConfig(tuned).build();
    }

    private static TrustManager[] trustOf(Config config) {
        try {
            return SSLUtils.trustManagers(config);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException("the kubeconfig's CA cannot be read: " + e.getMessage(), e);
        }
    }

    /** The JDK client on an executor whose threads carry the component's name. */
    private static final class NamedHttpClientFactory extends JdkHttpClientFactory {
        private final Executor executor;

        NamedHttpClientFactory(Executor executor) {
            this.executor = executor;
        }

        @Override
        protected HttpClient.Builder createNewHttpClientBuilder() {
            return HttpClient.newBuilder().executor(executor).version(HttpClient.Version.HTTP_1_1);
        }
    }
}
