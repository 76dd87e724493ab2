// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;

/**
 * Moves DNS messages over UDP and TCP at one address. At most {@value #MAX_QUERIES} queries and {@value #MAX_CONNECTIONS}
 * connections are open at once; further UDP queries are dropped (clients ask again), further connections closed. Threads:
 * {@code dns-udp} and {@code dns-tcp} receive, virtual threads {@code dns-query-N} answer.
 */
final class DnsServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DnsServer.class);
    private static final int MAX_QUERIES = 1000;
    private static final int MAX_CONNECTIONS = 200;
    private static final int IDLE_MILLIS = 10_000;
    private static final int MAX_TCP_SIZE = 65_535;

    private final Responder responder;
    private final Predicate<InetAddress> isAllowed;
    private final MeterRegistry registry;
    private final DatagramSocket udp;
    private final ServerSocket tcp;
    private final Semaphore queries = new Semaphore(MAX_QUERIES);
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("dns-query-", 0).factory());
    private final Thread udpThread;
    private final Thread tcpThread;

    /** Listens and answers; {@code isAllowed} says whose queries are answered at all. */
    DnsServer(InetSocketAddress address, Responder responder, Predicate<InetAddress> isAllowed, MeterRegistry registry)
            throws IOException {
        this.responder = responder;
        this.isAllowed = isAllowed;
        this.registry = registry;
        udp = new DatagramSocket(address);
        try {
            tcp = new ServerSocket();
            tcp.setReuseAddress(true);
            tcp.bind(new InetSocketAddress(address.getAddress(), udp.getLocalPort()), 128);
        } catch (IOException taken) {
            udp.close();
            throw taken;
        }
        udpThread = Thread.ofVirtual().name("dns-udp").start(this::receive);
        tcpThread = Thread.ofVirtual().name("dns-tcp").start(this::accept);
    }

    /** Where it listens. */
    InetSocketAddress address() {
        return new InetSocketAddress(udp.getLocalAddress(), udp.getLocalPort());
    }

    @Override
    public void close() {
        udp.close();
        try {
            tcp.close();
            for (Socket connection : connections) {
                connection.close();
            }
            threads.shutdown();
            if (!threads.awaitTermination(3, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
            if (!udpThread.join(Duration.ofSeconds(2)) || !tcpThread.join(Duration.ofSeconds(2))) {
                log.error("The DNS server did not end in time");
            }
        } catch (IOException broken) {
            log.warn("The DNS server's socket did not close: {}", broken.getMessage());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void receive() {
        byte[] buffer = new byte[4096];
        while (!udp.isClosed()) {
            DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
            try {
                udp.receive(packet);
            } catch (IOException broken) {
                if (!udp.isClosed()) {
                    log.debug("A datagram could not be received: {}", broken.getMessage());
                }
                continue;
            }
            if (queries.tryAcquire()) {
                byte[] query = Arrays.copyOf(buffer, packet.getLength());
                InetSocketAddress asker = (InetSocketAddress) packet.getSocketAddress();
                run(() -> answerDatagram(query, asker));
            } else {
                registry.counter("mizzen.dns.dropped").increment();
            }
        }
    }

    private void run(Runnable answering) {
        try {
            threads.execute(() -> {
                try {
                    answering.run();
                } finally {
                    queries.release();
                }
            });
        } catch (java.util.concurrent.RejectedExecutionException closing) {
            queries.release();
        }
    }

    private void answerDatagram(byte[] wire, InetSocketAddress asker) {
        try {
            Message query = new Message(wire);
            byte[] answer = answer(query, asker.getAddress(), "udp").toWire(Responder.udpSize(query));
            udp.send(new DatagramPacket(answer, answer.length, asker));
        } catch (IOException malformed) {
            // Answering what cannot be read would let anyone bounce packets off this port.
            log.debug("A query of {} was not answered: {}", asker, malformed.getMessage());
        }
    }

    private void accept() {
        while (!tcp.isClosed()) {
            try {
                Socket socket = tcp.accept();
                if (connections.size() >= MAX_CONNECTIONS) {
                    socket.close();
                } else {
                    connections.add(socket);
                    threads.execute(() -> converse(socket));
                }
            } catch (IOException | java.util.concurrent.RejectedExecutionException broken) {
                if (!tcp.isClosed()) {
                    log.debug("A connection could not be taken: {}", broken.getMessage());
                }
            }
        }
    }

    private void converse(Socket socket) {
        try (socket) {
            socket.setSoTimeout(IDLE_MILLIS);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            while (true) {
                byte[] wire = new byte[in.readUnsignedShort()];
                in.readFully(wire);
                byte[] answer = answer(new Message(wire), socket.getInetAddress(), "tcp")
                        .toWire(MAX_TCP_SIZE);
                out.writeShort(answer.length);
                out.write(answer);
                out.flush();
            }
        } catch (EOFException done) {
            log.trace("{} is done", socket);
        } catch (IOException broken) {
            log.debug("A DNS connection ended: {}", broken.getMessage());
        } finally {
            connections.remove(socket);
        }
    }

    private Message answer(Message query, InetAddress asker, String protocol) {
        long start = System.nanoTime();
        Message answer;
        if (isAllowed.test(asker)) {
            try {
                answer = responder.respond(query);
            } catch (RuntimeException broken) {
                log.error("A query broke: {}", query.getQuestion(), broken);
                answer = new Message(query.getHeader().getID());
                answer.getHeader().setFlag(org.xbill.DNS.Flags.QR);
                answer.getHeader().setRcode(Rcode.SERVFAIL);
            }
        } else {
            answer = Responder.refusal(query);
        }
        registry.timer("coredns.dns.request.duration", "proto", protocol)
                .record(Duration.ofNanos(System.nanoTime() - start));
        registry.counter("coredns.dns.responses", "rcode", Rcode.string(answer.getRcode()))
                .increment();
        return answer;
    }
}
