// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

class ClusterZoneTest {
    static final FakeServices SERVICES = new FakeServices(
            List.of(
                    service("web", "10.43.0.5", "http", 80),
                    service("db", "None", "sql", 5432),
                    service("empty", "None", "x", 1),
                    new ServiceBuilder()
                            .withNewMetadata()
                            .withNamespace("shop")
                            .withName("mail")
                            .endMetadata()
                            .withNewSpec()
                            .withType("ExternalName")
                            .withExternalName("mx.example.org")
                            .endSpec()
                            .build(),
                    new ServiceBuilder()
                            .withNewMetadata()
                            .withNamespace("shop")
                            .withName("dual")
                            .endMetadata()
                            .withNewSpec()
                            .withClusterIP("10.43.0.6")
                            .withClusterIPs("10.43.0.6", "fd00::6")
                            .endSpec()
                            .build()),
            List.of(slice()));
    private final ClusterZone zone = new ClusterZone("cluster.local", SERVICES);

    static Service service(String name, String ip, String portName, int port) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withClusterIP(ip)
                .withClusterIPs(ip)
                .addNewPort()
                .withName(portName)
                .withProtocol("TCP")
                .withPort(port)
                .endPort()
                .endSpec()
                .build();
    }

    private static EndpointSlice slice() {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName("db-1")
                .addToLabels("kubernetes.io/service-name", "db")
                .endMetadata()
                .withAddressType("IPv4")
                .addNewPort()
                .withName("sql")
                .withProtocol("TCP")
                .withPort(5432)
                .endPort()
                .addNewEndpoint()
                .withAddresses("10.42.0.7")
                .withHostname("db-0")
                .endEndpoint()
                .addNewEndpoint()
                .withAddresses("10.42.0.8")
                .endEndpoint()
                .addNewEndpoint()
                .withAddresses("10.42.0.9")
                .withHostname("db-2")
                .withNewConditions()
                .withReady(false)
                .endConditions()
                .endEndpoint()
                .build();
    }

    private String ask(String name, String type) throws Exception {
        return switch (zone.answer(Name.fromString(name, Name.root), Type.value(type))) {
            case ZoneAnswer.Found found ->
                String.join(
                        " ",
                        found.answers().stream()
                                .map(Record::rdataToString)
                                .sorted()
                                .toList());
            case ZoneAnswer.Alias alias -> "alias " + alias.target();
            case ZoneAnswer.NoData ignored -> "nodata";
            case ZoneAnswer.NoName ignored -> "nxdomain";
            case ZoneAnswer.NotOurs ignored -> "forward";
        };
    }

    @ParameterizedTest(name = "{0} {1} is {2}")
    @CsvSource({
        "web.shop.svc.cluster.local, A, 10.43.0.5",
        "WEB.Shop.svc.Cluster.local, A, 10.43.0.5",
        "web.shop.svc.cluster.local, AAAA, nodata",
        "dual.shop.svc.cluster.local, AAAA, fd00:0:0:0:0:0:0:6",
        "_http._tcp.web.shop.svc.cluster.local, SRV, 0 100 80 web.shop.svc.cluster.local.",
        "_http._tcp.web.shop.svc.cluster.local, A, nodata",
        "_http._udp.web.shop.svc.cluster.local, SRV, nxdomain",
        "_tcp.web.shop.svc.cluster.local, SRV, nodata",
        "db.shop.svc.cluster.local, A, 10.42.0.7 10.42.0.8",
        "db-0.db.shop.svc.cluster.local, A, 10.42.0.7",
        "10-42-0-8.db.shop.svc.cluster.local, A, 10.42.0.8",
        "db-2.db.shop.svc.cluster.local, A, nxdomain",
        "_sql._tcp.db.shop.svc.cluster.local, SRV, 0 100 5432 10-42-0-8.db.shop.svc.cluster.local. 0 100 5432 db-0.db.shop.svc.cluster.local.",
        "empty.shop.svc.cluster.local, A, nodata",
        "mail.shop.svc.cluster.local, A, alias mx.example.org.",
        "10-42-3-4.shop.pod.cluster.local, A, 10.42.3.4",
        "nonsense.shop.pod.cluster.local, A, nxdomain",
        "nobody.shop.svc.cluster.local, A, nxdomain",
        "shop.svc.cluster.local, A, nodata",
        "nowhere.svc.cluster.local, A, nxdomain",
        "svc.cluster.local, A, nodata",
        "a.b.c.d.e.shop.svc.cluster.local, A, nxdomain",
        "dns-version.cluster.local, TXT, \"1.1.0\"",
        "example.org, A, forward",
        "notcluster.local, A, forward",
        "5.0.43.10.in-addr.arpa, PTR, web.shop.svc.cluster.local.",
        "7.0.42.10.in-addr.arpa, PTR, db-0.db.shop.svc.cluster.local.",
        "8.0.42.10.in-addr.arpa, PTR, 10-42-0-8.db.shop.svc.cluster.local.",
        "1.2.0.192.in-addr.arpa, PTR, forward",
    })
    void answers(String name, String type, String expected) throws Exception {
        assertThat(ask(name, type)).isEqualTo(expected);
    }

    @Test
    void addsTheAddressesOfSrvTargets() throws Exception {
        var found = (ZoneAnswer.Found) zone.answer(Name.fromString("_sql._tcp.db.shop.svc.cluster.local."), Type.SRV);

        assertThat(found.additional().stream().map(Record::rdataToString)).contains("10.42.0.7", "10.42.0.8");
    }

    @Test
    void refusesNothingThatIsWellFormed() throws Exception {
        for (String name : Stream.of(".", "local.", "..".substring(1)).toList()) {
            assertThat(ask(name, "A")).isEqualTo("forward");
        }
    }
}
