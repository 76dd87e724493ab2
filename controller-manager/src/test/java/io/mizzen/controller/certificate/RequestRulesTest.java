// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.certificate;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.mizzen.api.certificate.CertificateRequest;
import io.mizzen.controller.certificate.RequestRules.Approval;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.Test;

class RequestRulesTest {
    private static final String NODE = "system:node:worker";
    private static final PublicKey KEY = key();

    private static PublicKey key() {
        try {
            return KeyPairGenerator.getInstance("EC").generateKeyPair().getPublic();
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static CertificateRequest wanted(String name, String group, List<String> dns, List<String> ips) {
        return new CertificateRequest(
                name, List.of(group), new X500Principal("CN=x"), dns, ips, List.of(), List.of(), KEY);
    }

    private static CertificateSigningRequest request(String signer, String user, String... usages) {
        return new CertificateSigningRequestBuilder()
                .withNewMetadata()
                .withName("csr")
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withNewSpec()
                .withSignerName(signer)
                .withUsername(user)
                .withGroups("system:nodes", "system:authenticated")
                .withUsages(usages)
                .endSpec()
                .build();
    }

    private static CertificateSigningRequest client(String user) {
        return request(RequestRules.KUBELET_CLIENT, user, "digital signature", "client auth");
    }

    private static CertificateSigningRequest serving(String user) {
        return request(RequestRules.KUBELET_SERVING, user, "digital signature", "server auth");
    }

    private static Node node() {
        return new NodeBuilder()
                .withNewMetadata()
                .withName("worker")
                .endMetadata()
                .withNewStatus()
                .withAddresses(new NodeAddress("192.0.2.7", "InternalIP"), new NodeAddress("worker", "Hostname"))
                .endStatus()
                .build();
    }

    @Test
    void aNodesClientCertificateMayBeAskedForByABootstrapTokenOrByItself() {
        CertificateRequest plain = wanted(NODE, "system:nodes", List.of(), List.of());

        assertThat(RequestRules.approvals(client("system:bootstrap:abcdef"), plain))
                .containsExactly(Approval.NODE_CLIENT);
        assertThat(RequestRules.approvals(client(NODE), plain))
                .containsExactly(Approval.SELF_NODE_CLIENT, Approval.NODE_CLIENT);
    }

    @Test
    void whatIsNotExactlyANodesClientCertificateIsNotRecognised() {
        assertThat(RequestRules.approvals(client(NODE), wanted(NODE, "system:masters", List.of(), List.of())))
                .isEmpty();
        assertThat(RequestRules.approvals(client(NODE), wanted("admin", "system:nodes", List.of(), List.of())))
                .isEmpty();
        assertThat(RequestRules.approvals(client(NODE), wanted(NODE, "system:nodes", List.of("api"), List.of())))
                .isEmpty();
        assertThat(RequestRules.approvals(
                        request(RequestRules.KUBELET_CLIENT, NODE, "digital signature", "client auth", "server auth"),
                        wanted(NODE, "system:nodes", List.of(), List.of())))
                .isEmpty();
    }

    @Test
    void aServingCertificateIsANodesOwnOnlyWithItsRegisteredNamesAndAddresses() {
        CertificateRequest own = wanted(NODE, "system:nodes", List.of("worker"), List.of("192.0.2.7"));

        assertThat(RequestRules.isOwnServing(serving(NODE), own, Optional.of(node()), Set.of()))
                .isTrue();
        assertThat(RequestRules.isOwnServing(serving(NODE), own, Optional.empty(), Set.of()))
                .isFalse();
        assertThat(RequestRules.isOwnServing(serving("system:node:other"), own, Optional.of(node()), Set.of()))
                .isFalse();
        assertThat(RequestRules.isOwnServing(
                        serving(NODE),
                        wanted(NODE, "system:nodes", List.of("worker", "kubernetes"), List.of("192.0.2.7")),
                        Optional.of(node()),
                        Set.of()))
                .isFalse();
        assertThat(RequestRules.isOwnServing(
                        serving(NODE),
                        wanted(NODE, "system:nodes", List.of("worker"), List.of("192.0.2.1")),
                        Optional.of(node()),
                        Set.of()))
                .isFalse();
    }

    @Test
    void anAddressOfAnotherNodeOrOfTheApiServerIsNobodysOwn() {
        CertificateRequest own = wanted(NODE, "system:nodes", List.of("worker"), List.of("192.0.2.7"));

        assertThat(RequestRules.isOwnServing(serving(NODE), own, Optional.of(node()), Set.of("192.0.2.7")))
                .isFalse();
    }

    @Test
    void aNodeThatIsNamedAsTheApiServerGetsNoServingCertificate() {
        String name = "kubernetes.default.svc";
        Node node = new NodeBuilder(node())
                .editMetadata()
                .withName(name)
                .endMetadata()
                .build();
        CertificateRequest own = wanted("system:node:" + name, "system:nodes", List.of(name), List.of("192.0.2.7"));

        assertThat(RequestRules.isOwnServing(serving("system:node:" + name), own, Optional.of(node), Set.of()))
                .isFalse();
    }

    @Test
    void theSignerSaysWhyItWillNotSign() {
        assertThat(RequestRules.problem(serving(NODE), wanted(NODE, "system:nodes", List.of(), List.of())))
                .contains("DNS or IP subjectAltName is required");
        assertThat(RequestRules.problem(
                        request(RequestRules.CLIENT, "jane", "server auth"),
                        wanted("jane", "devs", List.of(), List.of())))
                .isPresent();
        assertThat(RequestRules.problem(
                        request(RequestRules.CLIENT, "jane", "client auth"),
                        wanted("jane", "devs", List.of(), List.of())))
                .isEmpty();
    }

    @Test
    void oldRequestsGoDecidedOnesAfterAnHourOthersAfterADay() {
        Instant made = Instant.parse("2026-01-01T00:00:00Z");
        CertificateSigningRequest denied = new CertificateSigningRequestBuilder(client(NODE))
                .withNewStatus()
                .addNewCondition()
                .withType("Denied")
                .withLastUpdateTime("2026-01-01T02:00:00Z")
                .endCondition()
                .endStatus()
                .build();

        assertThat(CleanerRules.isOver(client(NODE), Optional.empty(), made.plus(Duration.ofHours(23))))
                .isFalse();
        assertThat(CleanerRules.isOver(client(NODE), Optional.empty(), made.plus(Duration.ofHours(25))))
                .isTrue();
        assertThat(CleanerRules.isOver(denied, Optional.empty(), made.plus(Duration.ofMinutes(179))))
                .isFalse();
        assertThat(CleanerRules.isOver(denied, Optional.empty(), made.plus(Duration.ofMinutes(181))))
                .isTrue();
        assertThat(CleanerRules.isOver(client(NODE), Optional.of(made.plusSeconds(1)), made.plusSeconds(2)))
                .as("its certificate has ended")
                .isTrue();
    }

    @Test
    void aNodeThatClaimsAnAddressOfEveryMachineOrOfAServiceWaitsForAPerson() {
        for (String address : List.of("127.0.0.1", "169.254.169.254", "0.0.0.0", "10.43.0.1")) {
            Node node = new NodeBuilder(node())
                    .editStatus()
                    .withAddresses(new NodeAddress(address, "InternalIP"))
                    .endStatus()
                    .build();
            CertificateRequest wanted = wanted(NODE, "system:nodes", List.of("worker"), List.of(address));

            assertThat(RequestRules.isOwnServing(serving(NODE), wanted, Optional.of(node), Set.of("10.43.0.1")))
                    .as(address)
                    .isFalse();
        }
    }

    @Test
    void aNodeNamedLikeAServiceWaitsForAPerson() {
        for (String name : List.of("kubernetes", "api.default.svc", "api.default.svc.cluster.local", "localhost")) {
            Node node = new NodeBuilder(node())
                    .editMetadata()
                    .withName(name)
                    .endMetadata()
                    .build();
            CertificateRequest wanted = wanted("system:node:" + name, "system:nodes", List.of(name), List.of());

            assertThat(RequestRules.isOwnServing(serving("system:node:" + name), wanted, Optional.of(node), Set.of()))
                    .as(name)
                    .isFalse();
        }
    }
}
