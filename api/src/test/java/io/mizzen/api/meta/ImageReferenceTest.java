// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.meta;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {
    @Test
    void takesAReferenceApart() {
        String digest = "sha256:" + "a".repeat(64);

        assertThat(ImageReference.parse("reg.example:5000/team/app:1.2@" + digest))
                .hasValue(new ImageReference("reg.example:5000", "team/app", "1.2", digest));
        assertThat(ImageReference.parse("busybox")).hasValue(new ImageReference("", "busybox", "", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "B", "a b", "a:", "a@sha256:12", "a//b", "-a", "a/", "a:t:t", "a\n"})
    void refusesWhatIsNone(String image) {
        assertThat(ImageReference.parse(image)).isEmpty();
    }
}
