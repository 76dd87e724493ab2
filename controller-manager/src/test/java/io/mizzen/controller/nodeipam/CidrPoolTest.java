// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.nodeipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class CidrPoolTest {

    @Test
    void handsOutTheLowestFreePartAndTakesItBack() {
        CidrPool pool = new CidrPool("10.42.0.0/16", 24);
        assertThat(pool.occupy("10.42.1.0/24")).isTrue();

        assertThat(pool.next()).contains("10.42.0.0/24");
        assertThat(pool.next()).contains("10.42.2.0/24");
        pool.release("10.42.0.0/24");
        assertThat(pool.next()).contains("10.42.0.0/24");
    }

    @Test
    void runsOutInsteadOfHandingOutTwice() {
        CidrPool pool = new CidrPool("10.42.0.0/22", 24);
        for (int i = 0; i < 4; i++) {
            assertThat(pool.next()).contains("10.42." + i + ".0/24");
        }
        assertThat(pool.next()).isEmpty();
    }

    @Test
    void refusesWhatIsNoneOfItsParts() {
        CidrPool pool = new CidrPool("10.42.0.0/16", 24);

        assertThat(pool.occupy("10.43.0.0/24")).isFalse();
        assertThat(pool.occupy("10.42.0.0/25")).isFalse();
        assertThatThrownBy(() -> new CidrPool("10.42.0.0/24", 16)).isInstanceOf(IllegalArgumentException.class);
    }
}
