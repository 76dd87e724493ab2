// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class DnsServerTest {
    private static final InetSocketAddress FREE = new InetSocketAddress("127.0.0.1", 0);
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable closeable : open.reversed()) {
            closeable.close();
        }
    }

    private DnsServer server(ServiceSource services, Function<Record, Message> upstream, Predicate<InetAddress> allowed)
            throws Exception {
        Responder responder =
                new Responder(new ClusterZone("cluster.local", services), upstream, new SplittableRandom(1));
        DnsServer server = new DnsServer(FREE, responder, allowed, new SimpleMeterRegistry());
        open.add(server);
        return server;
    }

    private DnsServer server() throws Exception {
        return server(ClusterZoneTest.SERVICES, DnsServerTest::unreachable, asker -> true);
    }

    private static Message unreachable(Record question) {
        throw new AssertionError("asked upstream for " + question);
    }

    private static Message query(String name, int type) throws Exception {
        return Message.newQuery(Record.newRecord(Name.fromString(name, Name.root), type, DClass.IN));
    }

    private static Message udp(DnsServer server, Message query) throws Exception {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(5000);
            byte[] wire = query.toWire();
            socket.send(new DatagramPacket(wire, wire.length, server.address()));
            DatagramPacket answer = new DatagramPacket(new byte[65535], 65535);
            socket.receive(answer);
            return new Message(Arrays.copyOf(answer.getData(), answer.getLength()));
        }
    }

    private static Message tcp(DnsServer server, Message query) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.address().getPort())) {
            socket.setSoTimeout(5000);
            byte[] wire = query.toWire();
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeShort(wire.length);
            out.write(wire);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] answer = new byte[in.readUnsignedShort()];
            in.readFully(answer);
            return new Message(answer);
        }
    }

    private static FakeServices manyEndpoints(int count) {
        Service service = ClusterZoneTest.service("big", "None", "x", 1);
        var slice = new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName("big-1")
                .addToLabels("kubernetes.io/service-name", "big")
                .endMetadata()
                .withAddressType("IPv4");
        for (int i = 0; i < count; i++) {
            slice.addNewEndpoint().withAddresses("10.42.1." + i).endEndpoint();
        }
        EndpointSlice built = slice.build();
        return new FakeServices(List.of(service), List.of(built));
    }

    @Test
    void answersOverUdpAndTcp() throws Exception {
        DnsServer server = server();
        Message query = query("web.shop.svc.cluster.local", Type.A);

        for (Message answer : List.of(udp(server, query), tcp(server, query))) {
            assertThat(answer.getHeader().getID()).isEqualTo(query.getHeader().getID());
            assertThat(answer.getHeader().getFlag(Flags.AA)).isTrue();
            assertThat(answer.getSection(Section.ANSWER))
                    .singleElement()
                    .satisfies(record -> assertThat(record.rdataToString()).isEqualTo("10.43.0.5"));
        }
    }

    @Test
    void saysByTheSoaThatThereIsNothing() throws Exception {
        DnsServer server = server();

        Message noName = udp(server, query("nobody.shop.svc.cluster.local", Type.A));
        Message noData = udp(server, query("web.shop.svc.cluster.local", Type.AAAA));

        assertThat(noName.getRcode()).isEqualTo(Rcode.NXDOMAIN);
        assertThat(noData.getRcode()).isEqualTo(Rcode.NOERROR);
        for (Message answer : List.of(noName, noData)) {
            assertThat(answer.getSection(Section.AUTHORITY))
                    .singleElement()
                    .satisfies(record -> assertThat(record.getType()).isEqualTo(Type.SOA));
        }
    }

    @Test
    void cutsLongAnswersOverUdpAndGivesThemWholeOverTcp() throws Exception {
        DnsServer server = server(manyEndpoints(100), DnsServerTest::unreachable, asker -> true);
        Message query = query("big.shop.svc.cluster.local", Type.A);

        Message cut = udp(server, query);

        assertThat(cut.getHeader().getFlag(Flags.TC)).isTrue();
        assertThat(cut.numBytes()).isLessThanOrEqualTo(512);
        assertThat(tcp(server, query).getSection(Section.ANSWER)).hasSize(100);
    }

    @Test
    void sendsMoreOverUdpToThoseThatSayTheyCanTakeIt() throws Exception {
        DnsServer server = server(manyEndpoints(50), DnsServerTest::unreachable, asker -> true);
        Message query = query("big.shop.svc.cluster.local", Type.A);
        query.addRecord(new OPTRecord(4096, 0, 0), Section.ADDITIONAL);

        Message answer = udp(server, query);

        assertThat(answer.getHeader().getFlag(Flags.TC)).isFalse();
        assertThat(answer.getSection(Section.ANSWER)).hasSize(50);
        assertThat(answer.getOPT()).isNotNull();
    }

    @Test
    void refusesAskersFromElsewhere() throws Exception {
        DnsServer server = server(ClusterZoneTest.SERVICES, DnsServerTest::unreachable, asker -> false);

        assertThat(udp(server, query("web.shop.svc.cluster.local", Type.A)).getRcode())
                .isEqualTo(Rcode.REFUSED);
    }

    @Test
    void livesOnAfterGarbage() throws Exception {
        DnsServer server = server();
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(new byte[] {1, 2, 3}, 3, server.address()));
        }

        assertThat(udp(server, query("web.shop.svc.cluster.local", Type.A)).getRcode())
                .isEqualTo(Rcode.NOERROR);
    }

    @Test
    void followsAnExternalNameUpstream() throws Exception {
        FakeUpstream upstream = new FakeUpstream();
        DnsServer server = server(ClusterZoneTest.SERVICES, upstream.client()::ask, asker -> true);

        Message answer = udp(server, query("mail.shop.svc.cluster.local", Type.A));

        assertThat(answer.getSection(Section.ANSWER).stream().map(Record::rdataToString))
                .containsExactly("mx.example.org.", "192.0.2.99");
    }

    @Test
    void asksUpstreamForOtherNames() throws Exception {
        FakeUpstream upstream = new FakeUpstream();
        DnsServer server = server(ClusterZoneTest.SERVICES, upstream.client()::ask, asker -> true);

        Message answer = udp(server, query("example.org", Type.A));

        assertThat(answer.getSection(Section.ANSWER))
                .singleElement()
                .satisfies(record -> assertThat(record.rdataToString()).isEqualTo("192.0.2.99"));
        assertThat(answer.getHeader().getFlag(Flags.AA)).isFalse();
    }

    @Test
    void saysServerFailureWhenNoUpstreamAnswers() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(FREE)) {
            InetSocketAddress address = new InetSocketAddress("127.0.0.1", silent.getLocalPort());
            Upstream upstream = new Upstream(() -> List.of(address), Duration.ofMillis(100), new SplittableRandom(1));

            assertThat(upstream.ask(query("example.org", Type.A).getQuestion()).getRcode())
                    .isEqualTo(Rcode.SERVFAIL);
        }
    }

    /** A name server that first sends an answer with a wrong id, then the right one. */
    private final class FakeUpstream {
        private final DatagramSocket socket = new DatagramSocket(FREE);

        FakeUpstream() throws Exception {
            open.add(socket);
            socket.setSoTimeout(5000);
            Thread.ofVirtual().name("fake-upstream").start(this::serve);
        }

        Upstream client() {
            InetSocketAddress address = new InetSocketAddress("127.0.0.1", socket.getLocalPort());
            return new Upstream(() -> List.of(address), Duration.ofSeconds(3), new SplittableRandom(1));
        }

        private void serve() {
            try {
                DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
                socket.receive(packet);
                Message query = new Message(Arrays.copyOf(packet.getData(), packet.getLength()));
                send(query, query.getHeader().getID() ^ 1, "192.0.2.66", packet);
                send(query, query.getHeader().getID(), "192.0.2.99", packet);
            } catch (SocketTimeoutException nobodyAsked) {
                socket.close();
            } catch (java.io.IOException closed) {
                throw new java.io.UncheckedIOException(closed);
            }
        }

        private void send(Message query, int id, String ip, DatagramPacket to) throws java.io.IOException {
            Message answer = new Message(id);
            answer.getHeader().setFlag(Flags.QR);
            answer.addRecord(query.getQuestion(), Section.QUESTION);
            answer.addRecord(
                    new ARecord(query.getQuestion().getName(), DClass.IN, 60, InetAddress.ofLiteral(ip)),
                    Section.ANSWER);
            byte[] wire = answer.toWire();
            socket.send(new DatagramPacket(wire, wire.length, to.getSocketAddress()));
        }
    }
}
