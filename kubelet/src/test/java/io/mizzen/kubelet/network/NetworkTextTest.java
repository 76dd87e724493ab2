// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HostAlias;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetworkTextTest {
    private static final ResolvConf HOST =
            ResolvConf.parse("nameserver 192.0.2.53\nsearch example.com.\noptions timeout:1\n# end\n");

    private static PodBuilder pod(String policy) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("ns")
                .endMetadata()
                .withNewSpec()
                .withDnsPolicy(policy)
                .endSpec();
    }

    @Test
    void takesAddressesOfAnotherRangeOffTheBridge() {
        String shown =
                "1: lo    inet 127.0.0.1/8 scope host lo\n5: cni-mizzen    inet 10.42.2.1/24 brd 10.42.2.255 scope global cni-mizzen\\  valid_lft forever\n"
                        + "5: cni-mizzen    inet 10.42.1.1/24 scope global cni-mizzen\\  valid_lft forever\n";

        assertThat(PodNetwork.staleAddresses(shown, "cni-mizzen", "10.42.1.0/24"))
                .containsExactly("10.42.2.1/24");
        assertThat(PodNetwork.staleAddresses("", "cni-mizzen", "10.42.1.0/24")).isEmpty();
    }

    @Test
    void putsTheClusterFirst() {
        ResolvConf conf = ResolvConf.compose(pod("ClusterFirst").build(), HOST, List.of("10.43.0.10"), "cluster.local")
                .conf();

        assertThat(conf.servers()).containsExactly("10.43.0.10");
        assertThat(conf.searches())
                .containsExactly("ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.com");
        assertThat(conf.options()).containsExactly("ndots:5");
    }

    @Test
    void givesHostNetworkPodsTheHostsNamesUnlessAskedOtherwise() {
        Pod host =
                pod("ClusterFirst").editSpec().withHostNetwork(true).endSpec().build();
        Pod both = pod("ClusterFirstWithHostNet")
                .editSpec()
                .withHostNetwork(true)
                .endSpec()
                .build();

        assertThat(ResolvConf.compose(host, HOST, List.of("10.43.0.10"), "cluster.local")
                        .conf())
                .isEqualTo(HOST);
        assertThat(ResolvConf.compose(both, HOST, List.of("10.43.0.10"), "cluster.local")
                        .conf()
                        .servers())
                .containsExactly("10.43.0.10");
    }

    @Test
    void mergesThePodsOwnConfigurationAndCutsWhatIsTooMuch() {
        Pod pod = pod("None")
                .editSpec()
                .withNewDnsConfig()
                .withNameservers("1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4")
                .withSearches("a.b")
                .addNewOption("ndots", "2")
                .endDnsConfig()
                .endSpec()
                .build();

        ResolvConf.Composed composed = ResolvConf.compose(pod, HOST, List.of(), "cluster.local");

        assertThat(composed.conf())
                .isEqualTo(
                        new ResolvConf(List.of("1.1.1.1", "2.2.2.2", "3.3.3.3"), List.of("a.b"), List.of("ndots:2")));
        assertThat(composed.warnings()).singleElement().asString().startsWith("Nameserver limits were exceeded");
    }

    @Test
    void fallsBackWithAWarningWithoutClusterDns() {
        assertThat(ResolvConf.compose(pod("ClusterFirst").build(), HOST, List.of(), "cluster.local")
                        .warnings())
                .containsExactly(
                        "pod: \"p\". kubelet does not have ClusterDNS IP configured and cannot create Pod using \"ClusterFirst\" policy. Falling back to \"Default\" policy.");
    }

    @Test
    void writesTheHostsFile() {
        String file = HostsFile.ofPod(
                List.of("10.0.0.5"),
                "web-0",
                "web.ns.svc.cluster.local",
                List.of(new HostAlias(List.of("db", "db.local"), "192.0.2.7")));

        assertThat(file)
                .startsWith("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n")
                .contains("10.0.0.5\tweb-0.web.ns.svc.cluster.local\tweb-0\n")
                .endsWith("# Entries added by HostAliases.\n192.0.2.7\tdb\tdb.local\n");
    }

    @Test
    void cutsLongHostNames() {
        Pod pod = pod("Default")
                .editMetadata()
                .withName("a".repeat(62) + "-" + "b".repeat(10))
                .endMetadata()
                .build();

        assertThat(PodHostname.of(pod, "cluster.local").hostname()).isEqualTo("a".repeat(62));
    }

    @Test
    void makesTheBridgeFromTheNodesRange() {
        PodNetwork.Settings settings =
                new PodNetwork.Settings(Path.of("/c"), Path.of("/s"), "br0", 1450, "10.42.0.0/16");

        assertThat(PodNetwork.conflist(settings, "10.42.3.0/24"))
                .contains(
                        "\"bridge\": \"br0\"",
                        "\"subnet\": \"10.42.3.0/24\"",
                        "\"mtu\": 1450",
                        "\"type\": \"portmap\"");
        assertThat(PodNetwork.masqueradeRules(settings, "10.42.3.0/24"))
                .contains("ip saddr 10.42.3.0/24 ip daddr != 10.42.0.0/16");
    }
}
