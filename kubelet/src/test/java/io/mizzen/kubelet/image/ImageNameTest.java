// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageNameTest {
    @Test
    void completesAndRefusesReferences() {
        assertThat(ImageName.parse("busybox")).contains(new ImageName("", "busybox:latest"));
        assertThat(ImageName.parse("localhost:5000/a/b:1"))
                .contains(new ImageName("localhost:5000", "localhost:5000/a/b:1"));
        assertThat(ImageName.parse("mizzen.local/pause:1").orElseThrow().registry())
                .isEqualTo("mizzen.local");
        assertThat(ImageName.parse("a@sha256:" + "0".repeat(64)).orElseThrow().full())
                .doesNotContain("latest");
        assertThat(ImageName.parse("busybox").orElseThrow().repository()).isEqualTo("docker.io/library/busybox");
        assertThat(ImageName.parse("Upper/Case")).isEmpty();
        assertThat(ImageName.parse("with space")).isEmpty();
        assertThat(ImageName.parse("")).isEmpty();
    }

    @Test
    void findsTheMostSpecificCredentials() {
        String json = """
                {"auths": {"registry.test:5000": {"auth": "dTpw"}, "registry.test:5000/team": {"username": "t", "password": "q"}, "other.test": {"auth": "eDp5"}}}""";
        Secret secret = new SecretBuilder()
                .addToData(
                        ".dockerconfigjson", Base64.getEncoder().encodeToString(json.getBytes(StandardCharsets.UTF_8)))
                .build();

        assertThat(RegistryCredentials.find(
                        List.of(secret),
                        ImageName.parse("registry.test:5000/team/app:1").orElseThrow()))
                .extracting(a -> a.getUsername() + ":" + a.getPassword())
                .containsExactly("t:q", "u:p");
        assertThat(RegistryCredentials.find(
                        List.of(secret),
                        ImageName.parse("registry.test:5000/app").orElseThrow()))
                .hasSize(1);
        assertThat(RegistryCredentials.find(
                        List.of(secret), ImageName.parse("busybox").orElseThrow()))
                .isEmpty();
    }
}
