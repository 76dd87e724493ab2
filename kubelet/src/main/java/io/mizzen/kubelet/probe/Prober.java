// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.probe;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ExecAction;
import io.fabric8.kubernetes.api.model.GRPCAction;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.TCPSocketAction;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.ExecSyncResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs single probes: exec, HTTP, TCP, gRPC, and holds their totals. Blocks its caller for at most the probe's timeout. */
public final class Prober {
    private static final int MAX_OUTPUT = 10 * 1024;

    private final CriClient cri;
    private final ProbeTotals totals = new ProbeTotals();

    /** Runs exec probes through the given runtime. */
    public Prober(CriClient cri) {
        this.cri = cri;
    }

    /** How many probes ran through this. */
    public ProbeTotals totals() {
        return totals;
    }

    /**
     * How one run ended.
     *
     * @param verdict what it says of the container
     * @param output for the event
     */
    public record Outcome(Verdict verdict, String output) {
        /** Passed, passed although something is odd, failed, or could not be run, which says nothing. */
        public enum Verdict {
            PASSED,
            WARNED,
            FAILED,
            ERRORED
        }

        static Outcome passed(String output) {
            return new Outcome(Verdict.PASSED, output);
        }

        static Outcome failed(String output) {
            return new Outcome(Verdict.FAILED, output);
        }

        static Outcome errored(Exception e) {
            return new Outcome(Verdict.ERRORED, text(e));
        }

        /** Whether the container may count as sound. */
        public boolean isSuccess() {
            return verdict == Verdict.PASSED || verdict == Verdict.WARNED;
        }
    }

    private static String text(Exception e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    /** What is probed: the container, its pod's address, its declared ports. */
    public record Target(String containerId, String podIp, Container container) {}

    /** Runs the probe once; what the runtime cannot run, or a port that is not declared, is an error and no failure. */
    public Outcome run(Probe probe, Target target) {
        Duration timeout = Duration.ofSeconds(ProbeCounter.orDefault(probe.getTimeoutSeconds(), 1));
        try {
            if (probe.getExec() != null) {
                return exec(probe.getExec(), target, timeout);
            }
            if (probe.getHttpGet() != null) {
                return http(probe.getHttpGet(), target, timeout);
            }
            if (probe.getTcpSocket() != null) {
                return tcp(probe.getTcpSocket(), target, timeout);
            }
            if (probe.getGrpc() != null) {
                return grpc(probe.getGrpc(), target, timeout);
            }
            return Outcome.errored(new IllegalArgumentException("missing probe handler"));
        } catch (IOException e) {
            return Outcome.failed(text(e));
        } catch (IllegalArgumentException e) {
            return Outcome.errored(e);
        }
    }

    private Outcome exec(ExecAction action, Target target, Duration timeout) {
        try {
            ExecSyncResponse response = cri.execSync(target.containerId(), action.getCommand(), timeout);
            String output = cut(
                    response.getStdout().toStringUtf8() + response.getStderr().toStringUtf8());
            return response.getExitCode() == 0 ? Outcome.passed(output) : Outcome.failed(output);
        } catch (CriException e) {
            if (e.isTimeout()) {
                return Outcome.failed("command timed out: \"" + String.join(" ", action.getCommand())
                        + "\" timed out after " + timeout.toSeconds() + "s");
            }
            return Outcome.errored(e);
        }
    }

    private static Outcome http(HTTPGetAction action, Target target, Duration timeout) throws IOException {
        HttpGet.Request request = new HttpGet.Request(
                action.getScheme() == null || action.getScheme().isEmpty() ? "HTTP" : action.getScheme(),
                action.getHost() == null || action.getHost().isEmpty() ? target.podIp() : action.getHost(),
                port(action.getPort(), target.container()),
                action.getPath() == null || action.getPath().isEmpty() ? "/" : action.getPath(),
                action.getHttpHeaders(),
                timeout);
        HttpGet.Response response = HttpGet.get(request);
        if (response.leavesHost()) {
            return new Outcome(Outcome.Verdict.WARNED, "Probe terminated redirects, Response body: " + response.body());
        }
        return response.status() >= 200 && response.status() < 400
                ? Outcome.passed(response.body())
                : Outcome.failed("HTTP probe failed with statuscode: " + response.status());
    }

    private static Outcome tcp(TCPSocketAction action, Target target, Duration timeout) {
        String host = action.getHost() == null || action.getHost().isEmpty() ? target.podIp() : action.getHost();
        int port = port(action.getPort(), target.container());
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), (int) timeout.toMillis());
            return Outcome.passed("");
        } catch (java.net.SocketTimeoutException e) {
            return Outcome.failed("dial tcp " + host + ":" + port + ": i/o timeout");
        } catch (java.net.ConnectException e) {
            return Outcome.failed("dial tcp " + host + ":" + port + ": connect: connection refused");
        } catch (IOException e) {
            return Outcome.failed("dial tcp " + host + ":" + port + ": " + e.getMessage());
        }
    }

    private static Outcome grpc(GRPCAction action, Target target, Duration timeout) {
        String service = action.getService() == null ? "" : action.getService();
        ManagedChannel channel = NettyChannelBuilder.forAddress(target.podIp(), action.getPort())
                .usePlaintext()
                .disableRetry()
                .userAgent("kube-probe/1.35")
                .build();
        try {
            byte[] answer = ClientCalls.blockingUnaryCall(
                    channel,
                    HealthMessages.CHECK,
                    CallOptions.DEFAULT.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS),
                    HealthMessages.request(service));
            String status = HealthMessages.status(answer);
            return status.equals("SERVING")
                    ? Outcome.passed("service healthy")
                    : Outcome.failed("service unhealthy (responded with \"" + status + "\")");
        } catch (StatusRuntimeException e) {
            return switch (e.getStatus().getCode()) {
                case UNIMPLEMENTED ->
                    Outcome.failed(
                            "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): "
                                    + e.getStatus().getDescription());
                case DEADLINE_EXCEEDED ->
                    Outcome.failed("timeout: health rpc did not complete within " + timeout.toSeconds() + "s");
                case UNAVAILABLE ->
                    Outcome.failed("timeout: failed to connect service \"" + target.podIp() + ":" + action.getPort()
                            + "\" within " + timeout.toSeconds() + "s: context deadline exceeded");
                default -> Outcome.failed("error: health rpc probe failed: " + e.getMessage());
            };
        } finally {
            channel.shutdownNow();
        }
    }

    /**
     * The number of a port given by number or by name.
     *
     * @throws IllegalArgumentException if the container declares no such port
     */
    public static int port(IntOrString port, Container container) {
        if (port.getIntVal() != null && port.getIntVal() > 0) {
            return port.getIntVal();
        }
        String name = port.getStrVal() == null ? "" : port.getStrVal();
        return container.getPorts().stream()
                .filter(p -> name.equals(p.getName()))
                .findFirst()
                .map(ContainerPort::getContainerPort)
                .orElseThrow(
                        () -> new IllegalArgumentException("strconv.Atoi: parsing \"" + name + "\": invalid syntax"));
    }

    private static String cut(String text) {
        return text.length() <= MAX_OUTPUT ? text : text.substring(0, MAX_OUTPUT);
    }

    /** The two messages of {@code grpc.health.v1.Health/Check}, few enough to be written by hand. */
    private static final class HealthMessages {
        private static final List<String> NAMES = List.of("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN");

        static final MethodDescriptor<byte[], byte[]> CHECK = MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName("grpc.health.v1.Health/Check")
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();

        static byte[] request(String service) {
            byte[] name = service.getBytes(StandardCharsets.UTF_8);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            if (name.length > 0) {
                out.write(0x0A);
                for (int rest = name.length; ; rest >>>= 7) {
                    out.write(rest > 127 ? rest & 127 | 128 : rest);
                    if (rest <= 127) {
                        break;
                    }
                }
                out.writeBytes(name);
            }
            return out.toByteArray();
        }

        static String status(byte[] answer) {
            int value = answer.length >= 2 && answer[0] == 0x08 ? answer[1] : 0;
            return value >= 0 && value < NAMES.size() ? NAMES.get(value) : "UNKNOWN";
        }

        private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
            @Override
            public InputStream stream(byte[] value) {
                return new ByteArrayInputStream(value);
            }

            @Override
            public byte[] parse(InputStream stream) {
                try {
                    return stream.readAllBytes();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }
}
