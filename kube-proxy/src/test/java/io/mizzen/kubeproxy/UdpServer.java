// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.charset.StandardCharsets;

/** A program for a test's namespace: answers every datagram at a port with a name. */
final class UdpServer {
    private UdpServer() {}

    public static void main(String[] args) throws Exception {
        try (DatagramSocket socket = new DatagramSocket(Integer.parseInt(args[0]))) {
            byte[] name = (args[1] + "\n").getBytes(StandardCharsets.UTF_8);
            while (true) {
                DatagramPacket packet = new DatagramPacket(new byte[512], 512);
                socket.receive(packet);
                socket.send(new DatagramPacket(name, name.length, packet.getSocketAddress()));
            }
        }
    }
}
