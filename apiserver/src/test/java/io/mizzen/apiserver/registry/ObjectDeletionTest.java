// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.catalog.ResourceDefinition;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ObjectDeletionTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private static ServedResource resource(String plural, Strategy strategy) {
        ResourceDefinition definition = Catalog.builtIn().resources().stream()
                .filter(each -> each.plural().equals(plural))
                .findFirst()
                .orElseThrow();
        return new ServedResource(
                definition,
                definition.versions().getFirst(),
                definition,
                VersionConverter.IDENTITY,
                ObjectForm.builtIn(definition.storageSchema()),
                strategy);
    }

    private static ObjectNode tree(String json) throws Exception {
        return (ObjectNode) new ObjectMapper().readTree(json.replace('\'', '"'));
    }

    private static ObjectDeletion.Options policy(String policy) {
        return new ObjectDeletion.Options(null, null, null, policy);
    }

    @Test
    void waitsForDependentsInTheForeground() throws Exception {
        ObjectNode marked = ObjectDeletion.mark(
                resource("configmaps", PlainStrategy.ORDINARY), tree("{'metadata':{}}"), policy("Foreground"), NOW);

        assertThat(marked.at("/metadata/finalizers/0").asText()).isEqualTo("foregroundDeletion");
        assertThat(Deletions.mayEnd(marked)).isFalse();
    }

    @Test
    void endsAtOnceInTheBackground() throws Exception {
        ObjectNode old = tree("{'metadata':{'finalizers':['orphan']}}");

        ObjectNode marked =
                ObjectDeletion.mark(resource("configmaps", PlainStrategy.ORDINARY), old, policy("Background"), NOW);

        assertThat(Deletions.mayEnd(marked)).isTrue();
    }

    @Test
    void onlyShortensARunningGrace() throws Exception {
        ServedResource pods = resource("pods", new PodStrategy());
        ObjectNode pod = tree("{'metadata':{},'spec':{'nodeName':'n','terminationGracePeriodSeconds':30},'status':{}}");
        ObjectNode first = ObjectDeletion.mark(pods, pod, ObjectDeletion.Options.NONE, NOW);

        ObjectNode longer = ObjectDeletion.mark(pods, first, new ObjectDeletion.Options(60L, null, null, null), NOW);
        ObjectNode shorter = ObjectDeletion.mark(pods, first, new ObjectDeletion.Options(5L, null, null, null), NOW);

        assertThat(first.at("/metadata/deletionTimestamp").asText()).isEqualTo("2026-01-01T00:00:30Z");
        assertThat(longer).isEqualTo(first);
        assertThat(shorter.at("/metadata/deletionTimestamp").asText()).isEqualTo("2026-01-01T00:00:05Z");
    }

    @Test
    void leavesTheNamespaceUntilItsOwnFinalizerIsGone() throws Exception {
        ObjectNode old = tree("{'metadata':{},'spec':{'finalizers':['kubernetes']}}");

        ObjectNode marked = ObjectDeletion.mark(
                resource("namespaces", new NamespaceStrategy()), old, ObjectDeletion.Options.NONE, NOW);

        assertThat(marked.at("/status/phase").asText()).isEqualTo("Terminating");
        assertThat(Deletions.mayEnd(marked)).isFalse();
    }
}
