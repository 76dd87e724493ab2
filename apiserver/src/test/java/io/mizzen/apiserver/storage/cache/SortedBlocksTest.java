// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SortedBlocksTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void behavesLikeASortedMapUnderRandomChanges(long seed) {
        Random random = new Random(seed);
        TreeMap<String, CachedObject> model = new TreeMap<>();
        SortedBlocks blocks = SortedBlocks.EMPTY;
        int keys = 20 + random.nextInt(4000);
        for (int i = 0; i < 12_000; i++) {
            String key = String.format("k%05d", random.nextInt(keys));
            if (random.nextInt(100) < (i < 8000 ? 35 : 70)) {
                model.remove(key);
                blocks = blocks.without(key);
            } else {
                CachedObject object = object(key, i);
                model.put(key, object);
                blocks = blocks.with(object);
            }
            if (i % 500 == 0) {
                check(blocks, model, random, keys);
            }
        }
        assertThat(collect(blocks, "", null)).isEqualTo(List.copyOf(model.values()));
        check(blocks, model, random, keys);
        for (String key : List.copyOf(model.keySet())) {
            blocks = blocks.without(key);
        }
        assertThat(blocks.size()).isZero();
        assertThat(blocks.range("", null)).isExhausted();
    }

    private static void check(SortedBlocks blocks, TreeMap<String, CachedObject> model, Random random, int keys) {
        assertThat(blocks.size()).isEqualTo(model.size());
        assertThat(collect(blocks, "", null).equals(List.copyOf(model.values())))
                .isTrue();
        for (int i = 0; i < 20; i++) {
            String from = String.format("k%05d", random.nextInt(keys));
            String to = String.format("k%05d", random.nextInt(keys));
            assertThat(blocks.get(from)).isSameAs(model.get(from));
            if (from.compareTo(to) <= 0) {
                assertThat(collect(blocks, from, to))
                        .isEqualTo(List.copyOf(model.subMap(from, to).values()));
                assertThat(blocks.count(from, to))
                        .isEqualTo(model.subMap(from, to).size());
            }
        }
    }

    @Test
    void everyStateIsASnapshotThatLaterChangesLeaveAlone() {
        List<SortedBlocks> states = new ArrayList<>(List.of(SortedBlocks.EMPTY));
        for (int i = 0; i < 1000; i++) {
            states.add(states.getLast().with(object(String.format("k%04d", (i * 37) % 1000), i)));
        }
        for (int i = 0; i < 1000; i++) {
            states.add(states.getLast().without(String.format("k%04d", i)));
        }

        for (int i = 0; i <= 1000; i++) {
            assertThat(collect(states.get(i), "", null)).hasSize(i);
            assertThat(collect(states.get(1000 + i), "", null)).hasSize(1000 - i);
        }
    }

    @Test
    void isBuiltFromASortedList() {
        List<CachedObject> sorted = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            sorted.add(object(String.format("k%04d", i), i));
        }

        SortedBlocks blocks = SortedBlocks.of(sorted);

        assertThat(collect(blocks, "", null)).containsExactlyElementsOf(sorted);
        assertThat(blocks.count("k0100", "k0200")).isEqualTo(100);
        assertThat(SortedBlocks.of(List.of()).with(object("a", 1)).size()).isEqualTo(1);
    }

    private static List<CachedObject> collect(SortedBlocks blocks, String from, String to) {
        List<CachedObject> all = new ArrayList<>();
        blocks.range(from, to).forEachRemaining(all::add);
        return all;
    }

    private static CachedObject object(String key, long revision) {
        return new CachedObject(key, "", key, revision, Map.of(), Map.of(), new byte[0]);
    }
}
