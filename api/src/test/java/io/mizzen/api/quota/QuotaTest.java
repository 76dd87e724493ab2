// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.quota;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mizzen.api.name.GroupResource;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What objects cost, and which quotas they are for. */
class QuotaTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final GroupResource PODS = new GroupResource("", "pods");

    private static JsonNode json(String text) throws IOException {
        return JSON.readTree(text.replace('\'', '"'));
    }

    private static Map<String, String> cost(GroupResource resource, String object) throws IOException {
        Map<String, String> cost = new TreeMap<>();
        QuotaUsage.of(resource, json(object), NOW).forEach((name, quantity) -> cost.put(name, quantity.toString()));
        return cost;
    }

    @Test
    void aPodCostsWhatItsContainersOrItsStartNeed() throws IOException {
        assertThat(cost(PODS, """
                        {'spec':{'overhead':{'cpu':'5m'},
                         'initContainers':[{'resources':{'requests':{'cpu':'50m'}},'restartPolicy':'Always'},
                                           {'resources':{'requests':{'cpu':'300m'}}}],
                         'containers':[{'resources':{'requests':{'cpu':'100m'},'limits':{'memory':'1Gi'}}},
                                       {'resources':{'requests':{'cpu':'100m','example.com/gpu':'2'}}}]}}"""))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "count/pods", "1",
                        "pods", "1",
                        "cpu", "355m",
                        "requests.cpu", "355m",
                        "requests.example.com/gpu", "2",
                        "limits.memory", "1Gi"));
    }

    @Test
    void aPodThatHasEndedCostsOnlyItsObject() throws IOException {
        assertThat(cost(PODS, "{'status':{'phase':'Succeeded'},'spec':{'containers':[]}}"))
                .containsOnlyKeys("count/pods");
        assertThat(cost(PODS, "{'metadata':{'deletionTimestamp':'2025-12-31T23:59:59Z'},'spec':{}}"))
                .containsOnlyKeys("count/pods");
    }

    @Test
    void aServiceCostsItsNodePorts() throws IOException {
        GroupResource services = new GroupResource("", "services");

        assertThat(cost(services, "{'spec':{'type':'NodePort','ports':[{},{}]}}"))
                .containsEntry("services.nodeports", "2")
                .containsEntry("services", "1");
        assertThat(cost(services, "{'spec':{'type':'LoadBalancer','ports':[{}]}}"))
                .containsEntry("services.loadbalancers", "1")
                .containsEntry("services.nodeports", "1");
        assertThat(cost(services, """
                        {'spec':{'type':'LoadBalancer','allocateLoadBalancerNodePorts':false,'ports':[{}]}}""")).doesNotContainKey("services.nodeports");
    }

    @Test
    void aClaimCostsStorageOfItsClass() throws IOException {
        assertThat(cost(
                        new GroupResource("", "persistentvolumeclaims"),
                        "{'spec':{'storageClassName':'fast','resources':{'requests':{'storage':'1Gi'}}}}"))
                .containsEntry("requests.storage", "1Gi")
                .containsEntry("fast.storageclass.storage.k8s.io/requests.storage", "1Gi")
                .containsEntry("fast.storageclass.storage.k8s.io/persistentvolumeclaims", "1");
    }

    @Test
    void otherKindsCostTheirNumber() throws IOException {
        assertThat(cost(new GroupResource("apps", "deployments"), "{}")).containsOnlyKeys("count/deployments.apps");
        assertThat(cost(new GroupResource("", "configmaps"), "{}")).containsOnlyKeys("count/configmaps", "configmaps");
    }

    @Test
    void knowsWhichNamesAreAboutAKind() {
        assertThat(QuotaUsage.concerns("limits.cpu", PODS)).isTrue();
        assertThat(QuotaUsage.concerns("requests.storage", PODS)).isFalse();
        assertThat(QuotaUsage.concerns("services.nodeports", new GroupResource("", "services")))
                .isTrue();
        assertThat(QuotaUsage.concerns("secrets", new GroupResource("example.com", "secrets")))
                .isFalse();
    }

    @Test
    void saysWhatContainersMustSpecify() throws IOException {
        assertThat(QuotaUsage.missing(Set.of("limits.cpu", "pods", "requests.memory"), json("""
                                {'containers':[{'name':'b'},
                                 {'name':'a','resources':{'requests':{'memory':'1'}}}]}""")))
                .isEqualTo("must specify limits.cpu for: a,b; requests.memory for: b");
    }

    @Test
    void scopesSelectPods() throws IOException {
        JsonNode pod = json("""
                {'spec':{'activeDeadlineSeconds':5,'priorityClassName':'high'},'status':{'qosClass':'BestEffort'}}""");

        assertThat(QuotaScopes.include(json("{'scopes':['Terminating','BestEffort']}"), PODS, pod))
                .isTrue();
        assertThat(QuotaScopes.include(json("{'scopes':['NotTerminating']}"), PODS, pod))
                .isFalse();
        assertThat(QuotaScopes.include(json("""
                        {'scopeSelector':{'matchExpressions':[
                         {'scopeName':'PriorityClass','operator':'In','values':['high']}]}}"""), PODS, pod)).isTrue();
        assertThat(QuotaScopes.include(
                        json("{'scopes':['BestEffort']}"), new GroupResource("", "services"), json("{}")))
                .isFalse();
    }
}
