// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.proxy;

import io.mizzen.kubectl.cli.CommandFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicLong;

/** Where the proxy takes connections: a port, or a socket file that only its owner may use. Thread-safe. */
final class Listener implements AutoCloseable {
    private static final int BACKLOG = 128;
    private static final int MAX_PORT = 65_535;

    private final ServerSocketChannel channel;
    private final String shown;
    private final AtomicLong numbers = new AtomicLong();

    private Listener(ServerSocketChannel channel, String shown) {
        this.channel = channel;
        this.shown = shown;
    }

    /**
     * A client that has connected.
     *
     * @param name for its threads
     * @param address where it is; empty on a socket file
     */
    record Client(String name, String address, SocketChannel channel, InputStream in, OutputStream out)
            implements AutoCloseable {
        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                // It is given up either way.
                return;
            }
        }
    }

    /** Listens on a port; 0 takes a free one. @throws CommandFailure when it can't, with upstream's text */
    static Listener port(String address, long port) {
        if (port < 0 || port > MAX_PORT) {
            throw CommandFailure.error("listen tcp: address " + port + ": invalid port");
        }
        boolean brackets = address.startsWith("[") && address.endsWith("]");
        String shown = address + ":" + port;
        if (!brackets && address.indexOf(':') >= 0) {
            throw CommandFailure.error("listen tcp: address " + shown + ": too many colons in address");
        }
        String host = brackets ? address.substring(1, address.length() - 1) : address;
        try {
            InetAddress to = host.isEmpty() ? new InetSocketAddress(0).getAddress() : InetAddress.getByName(host);
            ServerSocketChannel channel = ServerSocketChannel.open();
            try {
                channel.bind(new InetSocketAddress(to, (int) port), BACKLOG);
                return new Listener(channel, shown(channel.getLocalAddress()));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (UnknownHostException e) {
            throw CommandFailure.error("listen tcp: lookup " + host + ": no such host");
        } catch (BindException e) {
            String reason = String.valueOf(e.getMessage()).toLowerCase(java.util.Locale.ROOT);
            throw CommandFailure.error("listen tcp " + shown + ": bind: " + reason);
        } catch (IOException e) {
            throw CommandFailure.error("listen tcp " + shown + ": " + e.getMessage());
        }
    }

    private static String shown(SocketAddress address) {
        if (!(address instanceof InetSocketAddress internet)) {
            return address.toString();
        }
        InetAddress host = internet.getAddress();
        String text = host.getHostAddress();
        boolean six = host.isAnyLocalAddress() || text.indexOf(':') >= 0;
        String bare = host.isAnyLocalAddress() ? "::" : host.isLoopbackAddress() && six ? "::1" : text;
        return (six ? "[" + bare + "]" : bare) + ":" + internet.getPort();
    }

    /** Listens on a socket file; one that is there already is replaced. @throws CommandFailure when it can't */
    static Listener socket(Path file) {
        try {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && isSocket(file)) {
                Files.delete(file);
            } else if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                throw CommandFailure.error("listen unix " + file + ": bind: address already in use");
            }
            // Made where nobody else can reach it, so that it is its owner's from the first moment.
            Path parent = file.toAbsolutePath().getParent();
            Path hidden = Files.createTempDirectory(
                    parent,
                    ".proxy",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Path made = hidden.resolve("s");
            ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.bind(UnixDomainSocketAddress.of(made), BACKLOG);
                Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwx------"));
                Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                channel.close();
                Files.deleteIfExists(made);
                throw e;
            } finally {
                Files.deleteIfExists(hidden);
            }
            return new Listener(channel, file.toString());
        } catch (IOException e) {
            throw CommandFailure.error("listen unix " + file + ": bind: " + e.getMessage());
        }
    }

    private static boolean isSocket(Path file) throws IOException {
        int type = (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 0170000;
        return type == 0140000;
    }

    /** The address as it is told to the user. */
    String shown() {
        return shown;
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    /** Waits for the next client. */
    Client accept() throws IOException {
        SocketChannel client = channel.accept();
        String address = "";
        if (client.getRemoteAddress() instanceof InetSocketAddress internet) {
            client.setOption(java.net.StandardSocketOptions.TCP_NODELAY, true);
            address = internet.getAddress().getHostAddress();
        }
        return new Client(
                Long.toString(numbers.incrementAndGet()),
                address,
                client,
                Channels.newInputStream(client),
                Channels.newOutputStream(client));
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing can be done about a listener that does not close.
            return;
        }
    }
}
