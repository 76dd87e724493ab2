// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A name server that knows one name, as a process of its own in a story's network: the world outside the cluster (RFC 1035). */
public final class NameServer implements AutoCloseable {
    private static final int HEADER = 12;
    private static final int TYPE_A = 1;

    private final Process process;

    private NameServer(Process process) {
        this.process = process;
    }

    /** Starts one that answers on the node's address; it may take a moment until it does. */
    public static NameServer start(NetworkNamespace network, String name, String address) throws IOException {
        return start(network.enter(), network.nodeIp(), name, address);
    }

    /**
     * The same in any network.
     *
     * @param enter the words that run a command there
     * @param listen the address it answers on
     */
    public static NameServer start(List<String> enter, String listen, String name, String address) throws IOException {
        List<String> command = new ArrayList<>(enter);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                Path.of("target/test-classes").toAbsolutePath().toString(),
                NameServer.class.getName(),
                listen,
                name,
                address));
        return new NameServer(new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor(10, TimeUnit.SECONDS);
    }

    /** The process: address to listen on, the name, its address. */
    public static void main(String[] arguments) throws IOException {
        byte[] known = encode(arguments[1]);
        byte[] address = InetAddress.ofLiteral(arguments[2]).getAddress();
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(arguments[0], 53))) {
            DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
            while (true) {
                packet.setLength(4096);
                socket.receive(packet);
                byte[] answer = answer(Arrays.copyOf(packet.getData(), packet.getLength()), known, address);
                socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            }
        }
    }

    /** A packet that asks for a name's address. */
    public static byte[] question(String name) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
        out.write(encode(name));
        out.write(new byte[] {0, TYPE_A, 0, 1});
        return out.toByteArray();
    }

    private static byte[] encode(String name) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String label : name.split("\\.")) {
            out.write(label.length());
            out.write(label.getBytes(StandardCharsets.US_ASCII));
        }
        out.write(0);
        return out.toByteArray();
    }

    private static byte[] answer(byte[] query, byte[] known, byte[] address) throws IOException {
        int end = HEADER;
        while (query[end] != 0) {
            end += query[end] + 1;
        }
        end++;
        boolean isKnown = Arrays.equals(Arrays.copyOfRange(query, HEADER, end), known);
        boolean hasAnswer = isKnown && query[end + 1] == TYPE_A;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(query, 0, 2);
        // An answer, authoritative, recursion available; name error when unknown. One question, none or one answer.
        out.write(
                new byte[] {(byte) 0x85, (byte) (isKnown ? 0x80 : 0x83), 0, 1, 0, (byte) (hasAnswer ? 1 : 0), 0, 0, 0, 0
                });
        out.write(query, HEADER, end + 4 - HEADER);
        if (hasAnswer) {
            // The question's name, A, IN, a minute, four bytes.
            out.write(new byte[] {(byte) 0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4});
            out.write(address);
        }
        return out.toByteArray();
    }
}
