// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.meta;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class PodReferencesTest {
    private static final String POD = """
            {"spec": {
              "imagePullSecrets": [{"name": "pull"}],
              "initContainers": [{"envFrom": [{"secretRef": {"name": "all"}}, {"configMapRef": {"name": "map-all"}}]}],
              "containers": [{"env": [{"name": "plain", "value": "x"},
                {"valueFrom": {"secretKeyRef": {"name": "key", "key": "k"}}},
                {"valueFrom": {"configMapKeyRef": {"name": "map-key", "key": "k"}}}]}],
              "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "late"}}]}],
              "volumes": [
                {"secret": {"secretName": "volume"}}, {"configMap": {"name": "map-volume"}},
                {"azureFile": {"secretName": "azure"}}, {"csi": {"nodePublishSecretRef": {"name": "csi"}}},
                {"rbd": {"secretRef": {"name": "rbd"}}},
                {"projected": {"sources": [{"secret": {"name": "part"}}, {"configMap": {"name": "map-part"}}]}}]}}""";

    @Test
    void namesEverySecretAndConfigMapWhereverItStands() throws Exception {
        JsonNode pod = new ObjectMapper().readTree(POD);

        assertThat(PodReferences.secrets(pod))
                .containsExactlyInAnyOrder("pull", "all", "key", "late", "volume", "azure", "csi", "rbd", "part");
        assertThat(PodReferences.configMaps(pod))
                .containsExactlyInAnyOrder("map-all", "map-key", "map-volume", "map-part");
    }
}
