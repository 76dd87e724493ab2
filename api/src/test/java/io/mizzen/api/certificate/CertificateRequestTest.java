// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.certificate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateRequestTest {
    private static byte[] request(String subject) throws Exception {
        KeyPair keys = KeyPairGenerator.getInstance("EC").generateKeyPair();
        byte[] content = new JcaPKCS10CertificationRequestBuilder(new X500Name(subject), keys.getPublic())
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
                .getEncoded();
        StringWriter text = new StringWriter();
        try (PemWriter writer = new PemWriter(text)) {
            writer.writeObject(new PemObject("CERTIFICATE REQUEST", content));
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void readsWhoIsAskedFor() throws Exception {
        CertificateRequest wanted = CertificateRequest.parse(request("O=system:nodes,CN=system:node:a"));

        assertThat(wanted.commonName()).isEqualTo("system:node:a");
        assertThat(wanted.organizations()).containsExactly("system:nodes");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CN=system:node:victim,O=system:nodes,C=DE+CN=system:node:me",
                "O=system:nodes+CN=system:node:me",
                "CN=system:node:victim,O=system:nodes,CN=system:node:me"
            })
    void nobodyIsTwoAtOnce(String subject) {
        assertThatThrownBy(() -> CertificateRequest.parse(request(subject)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not taken");
    }
}
