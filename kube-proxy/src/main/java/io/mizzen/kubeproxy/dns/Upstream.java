// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/**
 * Asks the node's own name servers: each in turn by UDP with a port and an id of its own, by TCP where the answer is cut. A query
 * takes at most {@value #ROUNDS} rounds of {@code timeout} a server. Thread-safe.
 */
final class Upstream {
    private static final Logger log = LoggerFactory.getLogger(Upstream.class);
    private static final int ROUNDS = 2;
    private static final int UDP_SIZE = 1232;

    private final Supplier<List<InetSocketAddress>> servers;
    private final Duration timeout;
    private final RandomGenerator random;

    /** {@code random} must be hard to guess: it makes the ids that answers must carry. */
    Upstream(Supplier<List<InetSocketAddress>> servers, Duration timeout, RandomGenerator random) {
        this.servers = servers;
        this.timeout = timeout;
        this.random = random;
    }

    /** The answer to a question; one with SERVFAIL if no server gave any. */
    Message ask(Record question) {
        Message query = new Message(random.nextInt(1 << 16));
        query.getHeader().setFlag(Flags.RD);
        query.addRecord(question, Section.QUESTION);
        query.addRecord(new OPTRecord(UDP_SIZE, 0, 0), Section.ADDITIONAL);
        byte[] wire = query.toWire();
        for (int round = 0; round < ROUNDS; round++) {
            for (InetSocketAddress server : servers.get()) {
                try {
                    Message answer = askByUdp(server, wire, query);
                    return answer.getHeader().getFlag(Flags.TC) ? askByTcp(server, wire, query) : answer;
                } catch (IOException silent) {
                    log.debug("Name server {} did not answer: {}", server, silent.getMessage());
                }
            }
        }
        Message failure = new Message(query.getHeader().getID());
        failure.getHeader().setRcode(Rcode.SERVFAIL);
        return failure;
    }

    private Message askByUdp(InetSocketAddress server, byte[] wire, Message query) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(server);
            socket.send(new DatagramPacket(wire, wire.length));
            byte[] buffer = new byte[4096];
            long deadline = System.nanoTime() + timeout.toNanos();
            while (true) {
                long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
                if (left <= 0) {
                    throw new IOException("no answer within " + timeout.toMillis() + " ms");
                }
                socket.setSoTimeout((int) left);
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                Message answer = new Message(java.util.Arrays.copyOf(buffer, packet.getLength()));
                if (isAnswerTo(answer, query)) {
                    return answer;
                }
            }
        }
    }

    private Message askByTcp(InetSocketAddress server, byte[] wire, Message query) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(server, (int) timeout.toMillis());
            socket.setSoTimeout((int) timeout.toMillis());
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeShort(wire.length);
            out.write(wire);
            out.flush();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] bytes = new byte[in.readUnsignedShort()];
            in.readFully(bytes);
            Message answer = new Message(bytes);
            if (!isAnswerTo(answer, query)) {
                throw new IOException("an answer to another question");
            }
            return answer;
        }
    }

    private static boolean isAnswerTo(Message answer, Message query) {
        Record asked = query.getQuestion();
        return answer.getHeader().getFlag(Flags.QR)
                && answer.getHeader().getID() == query.getHeader().getID()
                && asked != null
                && asked.equals(answer.getQuestion());
    }
}
