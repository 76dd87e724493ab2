// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import static io.mizzen.apiserver.schema.Trees.DEPLOYMENT;
import static io.mizzen.apiserver.schema.Trees.object;
import static io.mizzen.apiserver.schema.Trees.schema;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.patch.ManagedFields.Request;
import io.mizzen.apiserver.schema.Decoder;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random appliers and updaters on one Deployment. Replay one seed by putting it alone into the source of seeds. */
class ManagedFieldsSimulationTest {
    private static final Schema SCHEMA = schema(DEPLOYMENT);
    private static final int STEPS = 120;

    private Random random = new Random(0);
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void keepsThePromisesOfApply(long seed) {
        random = new Random(seed);
        ObjectNode live = null;
        Map<String, ObjectNode> applied = new HashMap<>();
        for (int step = 0; step < STEPS; step++) {
            now = now.plusSeconds(1);
            String context = "seed " + seed + " step " + step;
            if (live != null && random.nextInt(3) == 0) {
                live = updated(live);
            } else {
                String manager = "applier-" + random.nextInt(3);
                ObjectNode config = config();
                Request request = new Request(manager, "apps/v1", "", true, now);
                ObjectNode before = live == null ? null : live.deepCopy();
                ObjectNode configBefore = config.deepCopy();
                boolean conflicts = live != null && conflicts(live, config, manager);

                live = stored(ManagedFields.apply(live, config, SCHEMA, request));

                assertThat(config).as(context).isEqualTo(configBefore);
                assertHolds(live, config, context);
                assertGone(before, live, applied.get(manager), config, conflicts, context);
                applied.put(manager, config);
                assertThat(stored(ManagedFields.apply(live, config, SCHEMA, request)))
                        .as(context + ": applying again changes nothing")
                        .isEqualTo(live);
            }
            assertOwnersOwnWhatExists(live, context);
        }
    }

    private static ObjectNode stored(ObjectNode object) {
        ObjectNode copy = object.deepCopy();
        ((ObjectNode) copy.get("metadata")).put("uid", "u");
        return copy;
    }

    private boolean conflicts(ObjectNode live, ObjectNode config, String manager) {
        try {
            ManagedFields.apply(live, config, SCHEMA, new Request(manager, "apps/v1", "", false, now));
            return false;
        } catch (StatusException conflict) {
            return true;
        }
    }

    private ObjectNode config() {
        ObjectNode config = object("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {}}");
        ObjectNode spec = (ObjectNode) config.get("spec");
        if (random.nextBoolean()) {
            spec.put("replicas", random.nextInt(3));
        }
        if (random.nextBoolean()) {
            labels(((ObjectNode) config.get("metadata")).putObject("labels"));
        }
        if (random.nextInt(3) == 0) {
            ArrayNode finalizers = ((ObjectNode) config.get("metadata")).putArray("finalizers");
            List.of("x/a", "x/b", "x/c").stream()
                    .filter(name -> random.nextBoolean())
                    .forEach(finalizers::add);
        }
        if (random.nextBoolean()) {
            ArrayNode containers = spec.putObject("template").putObject("spec").putArray("containers");
            container(containers, List.of("a", "b", "c").get(random.nextInt(3)));
            container(containers, List.of("d", "e").get(random.nextInt(2)));
        }
        // The decoder has left out empty collections before a configuration is applied.
        return Decoder.decode(config, SCHEMA, DEPLOYMENT).object();
    }

    private void labels(ObjectNode labels) {
        List.of("a", "b", "c").stream()
                .filter(name -> random.nextBoolean())
                .forEach(name -> labels.put(name, "v" + random.nextInt(2)));
    }

    private void container(ArrayNode containers, String name) {
        ObjectNode container = containers.addObject().put("name", name);
        if (random.nextBoolean()) {
            container.put("image", "i" + random.nextInt(2));
        }
        if (random.nextBoolean()) {
            ArrayNode env = container.putArray("env");
            List.of("E", "F").stream()
                    .filter(variable -> random.nextBoolean())
                    .forEach(variable -> env.addObject().put("name", variable).put("value", "v" + random.nextInt(2)));
        }
        if (random.nextBoolean()) {
            container.putArray("args").add("x" + random.nextInt(2));
        }
    }

    private ObjectNode updated(ObjectNode live) {
        ObjectNode changed = live.deepCopy();
        ObjectNode metadata = (ObjectNode) changed.get("metadata");
        switch (random.nextInt(4)) {
            case 0 ->
                labels(metadata.path("labels") instanceof ObjectNode present ? present : metadata.putObject("labels"));
            case 1 -> metadata.remove("labels");
            case 2 -> changed.withObject("/spec").put("replicas", random.nextInt(5));
            default -> changed.withObject("/spec").put("paused", random.nextBoolean());
        }
        Request request = new Request("updater-" + random.nextInt(14), "apps/v1", "", false, now);
        return stored(ManagedFields.update(live, changed, SCHEMA, request));
    }

    /** Whatever is applied is there. */
    private static void assertHolds(ObjectNode live, ObjectNode config, String context) {
        FieldSet wanted = TypedFields.of(config, SCHEMA);
        FieldSet there = TypedFields.withNamedFields(TypedFields.of(live, SCHEMA), SCHEMA);
        assertThat(wanted.difference(there).isEmpty())
                .as(context + ": all applied fields exist: " + wanted.difference(there))
                .isTrue();
        Comparison difference = Comparison.between(config, live, SCHEMA);
        assertThat(difference.modified().intersection(wanted).isEmpty())
                .as(context + ": all applied values hold: " + difference.modified())
                .isTrue();
    }

    /** What this manager owned alone and applies no more is gone. */
    private static void assertGone(
            @Nullable ObjectNode before,
            ObjectNode live,
            @Nullable ObjectNode last,
            ObjectNode config,
            boolean conflicts,
            String context) {
        if (before == null || last == null || conflicts) {
            return;
        }
        FieldSet dropped = TypedFields.of(last, SCHEMA).difference(TypedFields.of(config, SCHEMA));
        for (JsonNode entry : live.at("/metadata/managedFields")) {
            dropped = dropped.difference(FieldSet.decode(entry.get("fieldsV1")));
        }
        FieldSet mine = new FieldSet();
        for (JsonNode entry : before.at("/metadata/managedFields")) {
            if (entry.get("operation").asText().equals("Apply")) {
                mine = mine.union(FieldSet.decode(entry.get("fieldsV1")));
            }
        }
        FieldSet left = dropped.intersection(mine).intersection(TypedFields.of(live, SCHEMA));
        assertThat(left.isEmpty())
                .as(context + ": nothing is left behind: " + left)
                .isTrue();
    }

    /** No manager owns a field that does not exist, and there are never more than ten updaters. */
    private static void assertOwnersOwnWhatExists(ObjectNode live, String context) {
        FieldSet there = TypedFields.withNamedFields(TypedFields.of(live, SCHEMA), SCHEMA)
                .union(Comparison.between(object("{}"), live, SCHEMA).added());
        int updaters = 0;
        for (JsonNode entry : live.at("/metadata/managedFields")) {
            FieldSet owned = FieldSet.decode(entry.get("fieldsV1"));
            assertThat(owned.difference(there).isEmpty())
                    .as(context + ": " + entry.get("manager") + " owns what exists: " + owned.difference(there))
                    .isTrue();
            updaters += entry.get("operation").asText().equals("Update") ? 1 : 0;
        }
        assertThat(updaters).as(context).isLessThanOrEqualTo(10);
    }
}
