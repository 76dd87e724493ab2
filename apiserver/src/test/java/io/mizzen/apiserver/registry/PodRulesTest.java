// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodRulesTest {
    private static ObjectNode tree(String json) throws Exception {
        return (ObjectNode) new ObjectMapper().readTree(json.replace('\'', '"'));
    }

    @ParameterizedTest
    @CsvSource({
        "nginx,Always",
        "nginx:latest,Always",
        "nginx:1.2,IfNotPresent",
        "host:5000/nginx,Always",
        "host:5000/nginx:3,IfNotPresent",
        "nginx@sha256:00,IfNotPresent"
    })
    void choosesThePullPolicyByTag(String image, String policy) {
        assertThat(PodDefaults.pullPolicy(image)).isEqualTo(policy);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | BestEffort",
                "{'requests':{'cpu':'1'}} | Burstable",
                "{'limits':{'cpu':'1','memory':'1Gi'},'requests':{'cpu':'1','memory':'1Gi'}} | Guaranteed",
                "{'limits':{'cpu':'1','memory':'1Gi'},'requests':{'cpu':'500m','memory':'1Gi'}} | Burstable",
                "{'limits':{'cpu':'1'},'requests':{'cpu':'1'}} | Burstable"
            })
    void decidesTheQualityOfService(String resources, String qos) throws Exception {
        ObjectNode spec = tree("{'containers':[{'resources':" + resources + "}]}");

        assertThat(PodStrategy.qosClass(spec)).isEqualTo(qos);
    }

    @Test
    void copiesLimitsToAbsentRequests() throws Exception {
        ObjectNode pod = tree("{'spec':{'containers':[{'name':'a','resources':{'limits':{'cpu':'1'}}}]}}");

        PodDefaults.pod(pod);

        assertThat(pod.at("/spec/containers/0/resources/requests/cpu").asText()).isEqualTo("1");
        assertThat(pod.at("/spec/enableServiceLinks").asBoolean()).isTrue();
    }

    @Test
    void endsUnscheduledAndFinishedPodsAtOnce() throws Exception {
        PodStrategy strategy = new PodStrategy();

        assertThat(strategy.gracePeriodSeconds(tree("{'spec':{}}"), null)).isZero();
        assertThat(strategy.gracePeriodSeconds(tree("{'spec':{'nodeName':'n'},'status':{'phase':'Failed'}}"), 9L))
                .isZero();
        assertThat(strategy.gracePeriodSeconds(
                        tree("{'spec':{'nodeName':'n','terminationGracePeriodSeconds':7},'status':{}}"), null))
                .isEqualTo(7);
        assertThat(strategy.gracePeriodSeconds(tree("{'spec':{'nodeName':'n'},'status':{}}"), 2L))
                .isEqualTo(2);
    }

    @Test
    void writesAddressesBack() {
        assertThat(ServiceAllocator.toText(ServiceAllocator.toInt("10.43.255.1")))
                .isEqualTo("10.43.255.1");
    }
}
