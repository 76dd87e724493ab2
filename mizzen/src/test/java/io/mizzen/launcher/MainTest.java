// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MainTest {
    @Test
    void saysWhatTheWordTokenTakes() {
        assertThat(Main.group("token"))
                .contains("mizzen token create: ", "mizzen token list: ", "mizzen token delete: ");
        assertThat(Main.group("server")).isEmpty();
        assertThat(Main.run(List.of("token", "--help"))).isZero();
        assertThat(Main.run(List.of("token"))).isEqualTo(2);
        assertThat(Main.run(List.of("nonsense"))).isEqualTo(2);
    }
}
