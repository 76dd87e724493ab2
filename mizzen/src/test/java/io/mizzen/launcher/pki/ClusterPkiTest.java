// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.mizzen.client.KubeClients;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterPkiTest {
    private static final Instant START = Instant.parse("2026-11-25T00:00:00Z");

    @TempDir
    Path folder;

    @Test
    void servesEveryNameOfTheApiServer() throws Exception {
        ClusterPki pki = prepare(START, "192.0.2.1");

        X509Certificate certificate = PemFiles.readCertificate(pki.apiServer().certificate());

        assertThat(certificate.getSubjectAlternativeNames().stream().map(name -> String.valueOf(name.get(1))))
                .containsExactlyInAnyOrder(
                        "kubernetes",
                        "kubernetes.default",
                        "kubernetes.default.svc",
                        "kubernetes.default.svc.cluster.local",
                        "localhost",
                        "node-1",
                        "127.0.0.1",
                        "192.0.2.1",
                        "192.0.2.7",
                        "10.43.0.1");
        assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
    }

    @Test
    void namesEachClientAsItsRoleBindingExpects() {
        prepare(START, "127.0.0.1");

        assertThat(subject("admin")).isEqualTo("CN=kubernetes-admin,O=system:masters");
        assertThat(subject("scheduler")).isEqualTo("CN=system:kube-scheduler");
        assertThat(subject("controller-manager")).isEqualTo("CN=system:kube-controller-manager");
        assertThat(subject("kube-proxy")).isEqualTo("CN=system:kube-proxy");
        assertThat(subject("kubelet-client")).isEqualTo("CN=system:node:node-1,O=system:nodes");
        assertThat(subject("apiserver-kubelet-client")).isEqualTo("CN=kube-apiserver-kubelet-client");
    }

    @Test
    void everyKeyBelongsToItsCertificateAndEveryCertificateToTheAuthority() throws Exception {
        prepare(START, "127.0.0.1");
        X509Certificate authority = PemFiles.readCertificate(folder.resolve("ca.crt"));

        for (String name : List.of("apiserver", "kubelet", "admin", "scheduler", "kubelet-client")) {
            X509Certificate certificate = PemFiles.readCertificate(folder.resolve(name + ".crt"));
            certificate.verify(authority.getPublicKey());
            Signature signer = Signature.getInstance("SHA256withECDSA");
            signer.initSign(PemFiles.readKey(folder.resolve(name + ".key")));
            signer.update(new byte[] {1, 2, 3});
            byte[] signature = signer.sign();
            signer.initVerify(certificate.getPublicKey());
            signer.update(new byte[] {1, 2, 3});
            assertThat(signer.verify(signature)).as(name).isTrue();
        }
    }

    @Test
    void onlyTheOwnerReadsAnyFile() throws Exception {
        ClusterPki pki = prepare(START, "127.0.0.1");
        pki.writeKubeconfig(folder.resolve("sub/kubeconfig.yaml"), ClusterPki.Client.ADMIN, "https://127.0.0.1:6443");

        try (Stream<Path> files = Files.walk(folder).filter(Files::isRegularFile)) {
            assertThat(files)
                    .isNotEmpty()
                    .allSatisfy(file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                            .isEqualTo("rw-------"));
        }
    }

    @Test
    void keepsEverythingAtTheNextStart() throws Exception {
        prepare(START, "127.0.0.1");
        String before = allText();

        prepare(START.plus(Duration.ofDays(330)), "127.0.0.1");

        assertThat(allText()).isEqualTo(before);
    }

    @Test
    void renewsACertificateWithLessThanThirtyDaysLeftAndKeepsItsKey() throws Exception {
        prepare(START, "127.0.0.1");
        String key = Files.readString(folder.resolve("admin.key"));
        String authority = Files.readString(folder.resolve("ca.crt"));
        Instant later = START.plus(Duration.ofDays(336));

        prepare(later, "127.0.0.1");

        X509Certificate renewed = PemFiles.readCertificate(folder.resolve("admin.crt"));
        assertThat(renewed.getNotAfter().toInstant()).isEqualTo(later.plus(Duration.ofDays(365)));
        assertThat(Files.readString(folder.resolve("admin.key"))).isEqualTo(key);
        assertThat(Files.readString(folder.resolve("ca.crt"))).isEqualTo(authority);
    }

    @Test
    void certificatesSignedBeforeStayValidWhenTheAuthorityIsRenewed() throws Exception {
        prepare(START, "127.0.0.1");
        X509Certificate old = PemFiles.readCertificate(folder.resolve("admin.crt"));

        prepare(START.plus(Duration.ofDays(3640)), "127.0.0.1");

        X509Certificate authority = PemFiles.readCertificate(folder.resolve("ca.crt"));
        assertThat(authority.getNotAfter().toInstant()).isEqualTo(START.plus(Duration.ofDays(3640 + 3650)));
        assertThatCode(() -> old.verify(authority.getPublicKey())).doesNotThrowAnyException();
    }

    @Test
    void signsTheServerCertificateAnewForANewAddress() throws Exception {
        prepare(START, "127.0.0.1");

        prepare(START, "192.0.2.99");

        assertThat(PemFiles.readCertificate(folder.resolve("apiserver.crt")).getSubjectAlternativeNames())
                .anySatisfy(name -> assertThat(name.get(1)).isEqualTo("192.0.2.99"));
    }

    @Test
    void makesCertificatesAnewWhenTheAuthorityWasReplaced() throws Exception {
        prepare(START, "127.0.0.1");
        Files.delete(folder.resolve("ca.key"));

        prepare(START, "127.0.0.1");

        X509Certificate authority = PemFiles.readCertificate(folder.resolve("ca.crt"));
        X509Certificate admin = PemFiles.readCertificate(folder.resolve("admin.crt"));
        assertThatCode(() -> admin.verify(authority.getPublicKey())).doesNotThrowAnyException();
    }

    @Test
    void namesTheFileThatCannotBeRead() throws Exception {
        prepare(START, "127.0.0.1");
        Files.writeString(folder.resolve("ca.key"), "nonsense");

        assertThatThrownBy(() -> prepare(START, "127.0.0.1"))
                .isInstanceOf(PkiException.class)
                .hasMessageStartingWith("cannot read private key " + folder.resolve("ca.key"));
    }

    @Test
    void kubeconfigIsReadByTheTypedClient() {
        ClusterPki pki = prepare(START, "127.0.0.1");

        String text = pki.kubeconfig(ClusterPki.Client.ADMIN, "https://127.0.0.1:6443");

        assertThat(text).contains("current-context: mizzen");
        try (KubernetesClient client = KubeClients.fromKubeconfigText(text, "test")) {
            assertThat(client.getMasterUrl()).hasToString("https://127.0.0.1:6443/");
            assertThat(client.getConfiguration().getClientKeyAlgo()).isEqualTo("EC");
        }
    }

    private ClusterPki prepare(Instant now, String bindAddress) {
        return ClusterPki.prepare(
                folder,
                new ClusterPki.Request("node-1", "192.0.2.7", bindAddress, "10.43.0.1", "cluster.local", List.of()),
                InstantSource.fixed(now));
    }

    private String subject(String name) {
        return PemFiles.readCertificate(folder.resolve(name + ".crt"))
                .getSubjectX500Principal()
                .getName();
    }

    private String allText() throws Exception {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.list(folder).sorted()) {
            for (Path file : files.toList()) {
                all.append(file).append(Files.readString(file));
            }
        }
        return all.toString();
    }
}
