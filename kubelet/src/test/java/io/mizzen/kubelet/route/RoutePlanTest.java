// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.kubelet.route.KernelState.Address;
import io.mizzen.kubelet.route.KernelState.Device;
import io.mizzen.kubelet.route.KernelState.Pair;
import io.mizzen.kubelet.route.KernelState.Route;
import io.mizzen.kubelet.route.RoutePlan.Peer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RoutePlanTest {
    private static final String CLUSTER = "10.42.0.0/16";
    private static final Peer SELF = new Peer("a", "192.0.2.2", "10.42.0.0/24", "0a:58:0a:2a:00:00");
    private static final Peer NEAR = new Peer("b", "192.0.2.3", "10.42.1.0/24", "0a:58:0a:2a:01:00");
    private static final Peer FAR = new Peer("c", "198.51.100.4", "10.42.2.0/24", "0a:58:0a:2a:02:00");
    private static final Address OWN = new Address("eth0", "192.0.2.2", 24);
    private static final Address END = new Address(RoutePlan.DEVICE, "10.42.0.0", 32);
    private static final Device DEVICE = new Device("0a:58:0a:2a:00:00", "192.0.2.2", "eth0", true);
    private static final Route REST = Route.unreachable(CLUSTER);
    private static final Route TO_NEAR = new Route("10.42.1.0/24", "192.0.2.3", "eth0");
    private static final Route TO_FAR = new Route("10.42.2.0/24", "10.42.2.0", RoutePlan.DEVICE);

    private static final KernelState EMPTY =
            new KernelState(List.of(OWN), Optional.empty(), Set.of(), Set.of(), Set.of());
    private static final KernelState FULL = new KernelState(
            List.of(OWN, END),
            Optional.of(DEVICE),
            Set.of(REST, TO_NEAR, TO_FAR),
            Set.of(new Pair(FAR.mac(), FAR.ip())),
            Set.of(new Pair("10.42.2.0", FAR.mac())));

    private static List<String> commands(KernelState kernel, Peer... others) {
        return RoutePlan.commands(SELF, List.of(others), CLUSTER, kernel).stream()
                .map(words -> String.join(" ", words))
                .toList();
    }

    @Test
    void aNodeThatWantsMoreThanARangeOfTheClustersIsNotLedTo() {
        assertThat(RoutePlan.usable(
                        SELF,
                        List.of(
                                new Peer("all", "192.0.2.9", "0.0.0.0/0", ""),
                                new Peer("elsewhere", "192.0.2.9", "192.168.0.0/24", ""),
                                new Peer("ours", "192.0.2.9", "10.42.0.128/25", ""),
                                new Peer("z-like-near", "192.0.2.9", "10.42.1.0/24", ""),
                                new Peer("no-address", "999.1.1.1", "10.42.7.0/24", ""),
                                new Peer("no-range", "192.0.2.9", "10.42.8.0/99", ""),
                                new Peer("none", "", "", ""),
                                FAR,
                                NEAR),
                        CLUSTER))
                .containsExactly(NEAR, FAR);
    }

    @Test
    void aloneOnlyTheRestOfTheRangeIsMadeUnreachable() {
        assertThat(commands(EMPTY)).containsExactly("ip route replace unreachable 10.42.0.0/16 proto 77");
    }

    @Test
    void aNodeOnTheLinkIsReachedDirectly() {
        assertThat(commands(EMPTY, NEAR))
                .contains("ip route replace 10.42.1.0/24 via 192.0.2.3 dev eth0 proto 77")
                .noneMatch(command -> command.contains("vxlan"));
    }

    @Test
    void aNodeElsewhereIsReachedThroughVxlan() {
        assertThat(commands(EMPTY, FAR))
                .containsExactly(
                        "ip link add mizzen-vx address 0a:58:0a:2a:00:00 type vxlan id 1 dev eth0 local 192.0.2.2 dstport"
                                + " 8472 nolearning",
                        "ip address add 10.42.0.0/32 dev mizzen-vx",
                        "ip link set mizzen-vx up",
                        "ip neighbour replace 10.42.2.0 lladdr 0a:58:0a:2a:02:00 dev mizzen-vx nud permanent",
                        "bridge fdb replace 0a:58:0a:2a:02:00 dev mizzen-vx dst 198.51.100.4",
                        "ip route replace unreachable 10.42.0.0/16 proto 77",
                        "ip route replace 10.42.2.0/24 via 10.42.2.0 dev mizzen-vx onlink proto 77");
    }

    @Test
    void aNodeThatHasNotToldItsEndYetIsNotReachedThroughIt() {
        assertThat(commands(EMPTY, new Peer("c", FAR.ip(), FAR.podCidr(), "")))
                .anyMatch(command -> command.contains("vxlan"))
                .noneMatch(command -> command.contains("10.42.2.0"));
    }

    @Test
    void nothingIsDoneWhenAllIsAsItShouldBe() {
        assertThat(commands(FULL, NEAR, FAR)).isEmpty();
    }

    @Test
    void whatANodeLeftIsRemovedAndTheDeviceWithTheLastOne() {
        assertThat(commands(FULL, FAR)).containsExactly("ip route delete 10.42.1.0/24 via 192.0.2.3 dev eth0 proto 77");
        assertThat(commands(FULL, NEAR)).containsExactly("ip link delete mizzen-vx");
    }

    @Test
    void entriesFollowANodeThatChanged() {
        Peer moved = new Peer("c", "198.51.100.9", FAR.podCidr(), FAR.mac());

        assertThat(commands(FULL, NEAR, moved))
                .containsExactly(
                        "bridge fdb delete 0a:58:0a:2a:02:00 dev mizzen-vx dst 198.51.100.4",
                        "bridge fdb replace 0a:58:0a:2a:02:00 dev mizzen-vx dst 198.51.100.9");
    }

    @Test
    void aDeviceThatIsDownOrOfAnotherAddressIsMadeAnewWithAllThatBelongsToIt() {
        KernelState down = new KernelState(
                FULL.addresses(),
                Optional.of(new Device(DEVICE.mac(), DEVICE.local(), DEVICE.link(), false)),
                FULL.routes(),
                FULL.forwardings(),
                FULL.neighbours());

        assertThat(commands(down, NEAR, FAR))
                .startsWith("ip link delete mizzen-vx")
                .contains("ip route replace 10.42.2.0/24 via 10.42.2.0 dev mizzen-vx onlink proto 77")
                .contains("bridge fdb replace 0a:58:0a:2a:02:00 dev mizzen-vx dst 198.51.100.4");
    }

    @Test
    void withoutTheNodesAddressNothingIsTouched() {
        KernelState elsewhere = new KernelState(
                List.of(new Address("eth0", "192.0.2.99", 24)), Optional.empty(), Set.of(), Set.of(), Set.of());

        assertThat(commands(elsewhere, NEAR, FAR)).isEmpty();
    }
}
