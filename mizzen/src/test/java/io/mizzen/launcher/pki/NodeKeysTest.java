// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.api.certificate.CertificateRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeKeysTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final List<String> NAMES = List.of("worker", "192.0.2.7");

    @TempDir
    private Path folder;

    private NodeKeys keys;
    private final Authority authority = Authority.selfSigned("kubernetes", Authority.newKeyPair(), NOW);

    @BeforeEach
    void open() {
        keys = new NodeKeys(folder, "worker");
    }

    private String issue(String request) throws Exception {
        CertificateRequest wanted = CertificateRequest.parse(request.getBytes(StandardCharsets.US_ASCII));
        CertificateProfile profile = new CertificateProfile(
                "x",
                wanted.commonName(),
                wanted.organizations(),
                java.util.stream.Stream.concat(wanted.dnsNames().stream(), wanted.ipAddresses().stream())
                        .toList(),
                Set.of(CertificateProfile.Usage.SERVER));
        return PemFiles.encode(
                "CERTIFICATE", authority.issue(profile, wanted.key(), NOW).getEncoded());
    }

    @Test
    void asksForTheNodeAndItsNames() {
        CertificateRequest wanted =
                CertificateRequest.parse(keys.request(NodeKeys.SERVING, NAMES).getBytes(StandardCharsets.US_ASCII));

        assertThat(wanted.commonName()).isEqualTo("system:node:worker");
        assertThat(wanted.organizations()).containsExactly("system:nodes");
        assertThat(wanted.dnsNames()).containsExactly("worker");
        assertThat(wanted.ipAddresses()).containsExactly("192.0.2.7");
    }

    @Test
    void aCertificateIsUsableForItsNamesUntilItEnds() throws Exception {
        assertThat(keys.isUsable(NodeKeys.SERVING, NAMES, NOW)).isFalse();

        keys.accept(NodeKeys.SERVING, issue(keys.request(NodeKeys.SERVING, NAMES)));

        assertThat(keys.isUsable(NodeKeys.SERVING, NAMES, NOW)).isTrue();
        assertThat(keys.isUsable(NodeKeys.SERVING, List.of("192.0.2.8"), NOW)).isFalse();
        assertThat(keys.isUsable(NodeKeys.SERVING, NAMES, NOW.plus(Duration.ofDays(366))))
                .isFalse();
        assertThat(new NodeKeys(folder, "work").isUsable(NodeKeys.SERVING, NAMES, NOW))
                .as("another node's")
                .isFalse();
    }

    @Test
    void theOldPairStaysUntilTheNewCertificateIsThere() throws Exception {
        keys.accept(NodeKeys.SERVING, issue(keys.request(NodeKeys.SERVING, NAMES)));
        byte[] before = Files.readAllBytes(keys.files(NodeKeys.SERVING).key());

        String request = keys.request(NodeKeys.SERVING, NAMES);

        assertThat(keys.files(NodeKeys.SERVING).key()).hasBinaryContent(before);
        keys.accept(NodeKeys.SERVING, issue(request));
        assertThat(Files.readAllBytes(keys.files(NodeKeys.SERVING).key())).isNotEqualTo(before);
    }

    @Test
    void aRequestUnderWayIsAskedForAgainUntilItIsGrantedOrRefused() throws Exception {
        String request = keys.request(NodeKeys.SERVING, NAMES);

        assertThat(new NodeKeys(folder, "worker").request(NodeKeys.SERVING, NAMES))
                .as("after a crash")
                .isEqualTo(request);
        assertThat(keys.request(NodeKeys.SERVING, List.of("worker", "192.0.2.8")))
                .as("of another address")
                .isNotEqualTo(request);
        String second = keys.request(NodeKeys.SERVING, NAMES);
        keys.forget(NodeKeys.SERVING);
        String third = keys.request(NodeKeys.SERVING, NAMES);
        assertThat(third).isNotEqualTo(second);
        keys.accept(NodeKeys.SERVING, issue(third));
        assertThat(keys.isUsable(NodeKeys.SERVING, NAMES, NOW)).isTrue();
        assertThat(keys.request(NodeKeys.SERVING, NAMES)).isNotEqualTo(third);
    }

    @Test
    void aCrashBetweenTheTwoFilesIsRepaired() throws Exception {
        String certificate = issue(keys.request(NodeKeys.CLIENT, List.of()));
        Files.writeString(folder.resolve("kubelet-client.crt.new"), certificate);
        Files.move(
                folder.resolve("kubelet-client.key.new"),
                keys.files(NodeKeys.CLIENT).key());

        keys.recover();

        assertThat(keys.isUsable(NodeKeys.CLIENT, List.of(), NOW)).isTrue();
    }

    @Test
    void isRenewedAfterFourFifthsOfItsLife() throws Exception {
        assertThat(keys.renewAt(NodeKeys.CLIENT, NOW)).isEqualTo(NOW);
        assertThat(NodeKeys.renewAt(NOW, NOW.plus(Duration.ofDays(100)))).isEqualTo(NOW.plus(Duration.ofDays(80)));
    }
}
