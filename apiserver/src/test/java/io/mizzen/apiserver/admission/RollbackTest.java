// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RollbackTest {
    @Test
    void givesAllBackTheLatestFirstWhateverFails() {
        List<String> given = new ArrayList<>();
        Rollback rollback = new Rollback();
        rollback.add(() -> given.add("address"));
        rollback.add(() -> {
            throw new IllegalStateException("the store is away");
        });
        rollback.add(() -> given.add("quota"));

        rollback.run();
        rollback.run();

        assertThat(given).containsExactly("quota", "address");
    }
}
