// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LeasePoolTest {
    private final AtomicLong now = new AtomicLong();
    private final List<Long> granted = new ArrayList<>();
    private final LeasePool pool = new LeasePool(
            seconds -> {
                granted.add(seconds);
                return granted.size();
            },
            now::get);

    @Test
    void sharesALeaseForAMinuteAndGrantsThatMuchMore() {
        assertThat(pool.lease(3600)).isEqualTo(1);
        now.addAndGet(59_000_000_000L);
        assertThat(pool.lease(3600)).isEqualTo(1);
        now.addAndGet(1_000_000_000L);
        assertThat(pool.lease(3600)).isEqualTo(2);
        assertThat(granted).containsExactly(3660L, 3660L);
    }

    @Test
    void sharesAShortLeaseOnlyForATwentiethOfItsTime() {
        pool.lease(100);
        now.addAndGet(4_999_000_000L);
        assertThat(pool.lease(100)).isEqualTo(1);
        now.addAndGet(1_000_000L);
        assertThat(pool.lease(100)).isEqualTo(2);
        assertThat(granted).containsExactly(105L, 105L);
    }

    @Test
    void putsNoMoreThanAThousandKeysOnALease() {
        for (int i = 0; i < 1000; i++) {
            assertThat(pool.lease(3600)).isEqualTo(1);
        }
        assertThat(pool.lease(3600)).isEqualTo(2);
    }

    @Test
    void keepsTimesToLiveApartAndForgetsAllWhenAsked() {
        assertThat(pool.lease(3600)).isEqualTo(1);
        assertThat(pool.lease(7200)).isEqualTo(2);
        pool.clear();
        assertThat(pool.lease(3600)).isEqualTo(3);
    }
}
