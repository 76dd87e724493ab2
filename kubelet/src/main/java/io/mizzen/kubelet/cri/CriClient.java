// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.cri;

import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.mizzen.kubelet.cri.v1.AttachRequest;
import io.mizzen.kubelet.cri.v1.Container;
import io.mizzen.kubelet.cri.v1.ContainerConfig;
import io.mizzen.kubelet.cri.v1.ContainerEventResponse;
import io.mizzen.kubelet.cri.v1.ContainerFilter;
import io.mizzen.kubelet.cri.v1.ContainerStats;
import io.mizzen.kubelet.cri.v1.ContainerStatus;
import io.mizzen.kubelet.cri.v1.ContainerStatusRequest;
import io.mizzen.kubelet.cri.v1.CreateContainerRequest;
import io.mizzen.kubelet.cri.v1.ExecRequest;
import io.mizzen.kubelet.cri.v1.ExecSyncRequest;
import io.mizzen.kubelet.cri.v1.ExecSyncResponse;
import io.mizzen.kubelet.cri.v1.GetEventsRequest;
import io.mizzen.kubelet.cri.v1.Image;
import io.mizzen.kubelet.cri.v1.ImageFsInfoRequest;
import io.mizzen.kubelet.cri.v1.ImageFsInfoResponse;
import io.mizzen.kubelet.cri.v1.ImageServiceGrpc;
import io.mizzen.kubelet.cri.v1.ImageSpec;
import io.mizzen.kubelet.cri.v1.ImageStatusRequest;
import io.mizzen.kubelet.cri.v1.ImageStatusResponse;
import io.mizzen.kubelet.cri.v1.LinuxContainerResources;
import io.mizzen.kubelet.cri.v1.ListContainerStatsRequest;
import io.mizzen.kubelet.cri.v1.ListContainersRequest;
import io.mizzen.kubelet.cri.v1.ListImagesRequest;
import io.mizzen.kubelet.cri.v1.ListPodSandboxRequest;
import io.mizzen.kubelet.cri.v1.PodSandbox;
import io.mizzen.kubelet.cri.v1.PodSandboxConfig;
import io.mizzen.kubelet.cri.v1.PodSandboxFilter;
import io.mizzen.kubelet.cri.v1.PodSandboxStatus;
import io.mizzen.kubelet.cri.v1.PodSandboxStatusRequest;
import io.mizzen.kubelet.cri.v1.PortForwardRequest;
import io.mizzen.kubelet.cri.v1.PullImageRequest;
import io.mizzen.kubelet.cri.v1.RemoveContainerRequest;
import io.mizzen.kubelet.cri.v1.RemoveImageRequest;
import io.mizzen.kubelet.cri.v1.RemovePodSandboxRequest;
import io.mizzen.kubelet.cri.v1.ReopenContainerLogRequest;
import io.mizzen.kubelet.cri.v1.RunPodSandboxRequest;
import io.mizzen.kubelet.cri.v1.RuntimeServiceGrpc;
import io.mizzen.kubelet.cri.v1.RuntimeStatus;
import io.mizzen.kubelet.cri.v1.StartContainerRequest;
import io.mizzen.kubelet.cri.v1.StatusRequest;
import io.mizzen.kubelet.cri.v1.StopContainerRequest;
import io.mizzen.kubelet.cri.v1.StopPodSandboxRequest;
import io.mizzen.kubelet.cri.v1.UpdateContainerResourcesRequest;
import io.mizzen.kubelet.cri.v1.VersionRequest;
import io.mizzen.kubelet.cri.v1.VersionResponse;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A client of the container runtime's CRI v1 socket.
 *
 * <p>Every call has a deadline and blocks its (virtual) thread; an interrupt cancels it. When the runtime is gone calls fail
 * at once with {@link CriException#isUnavailable()} and the next call tries to connect anew, so that a restarted runtime
 * is found without delay.
 */
public final class CriClient implements AutoCloseable {
    private static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

    private final ManagedChannel channel;
    private final MultiThreadIoEventLoopGroup eventLoop;
    private final java.util.concurrent.ExecutorService callbacks;
    private final Duration timeout;

    private CriClient(Path socket, Duration timeout) {
        this.timeout = timeout;
        this.eventLoop =
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("cri-io", true), NioIoHandler.newFactory());
        this.callbacks = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("cri-call-", 0).factory());
        this.channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioDomainSocketChannel.class)
                .withOption(ChannelOption.SO_KEEPALIVE, null)
                .eventLoopGroup(eventLoop)
                .executor(callbacks)
                .offloadExecutor(callbacks)
                .usePlaintext()
                .overrideAuthority("localhost")
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .disableRetry()
                .build();
    }

    /**
     * A client that connects at its first call.
     *
     * @param socket path of the runtime's unix socket; it need not exist yet
     * @param timeout of one call, pulls and stops apart
     */
    public static CriClient connect(Path socket, Duration timeout) {
        return new CriClient(socket, timeout);
    }

    /** Names the runtime. */
    public VersionResponse version() throws CriException {
        return call(RuntimeServiceGrpc.getVersionMethod(), VersionRequest.getDefaultInstance(), timeout);
    }

    /** The runtime's own view of its health. */
    public RuntimeStatus status() throws CriException {
        return call(RuntimeServiceGrpc.getStatusMethod(), StatusRequest.getDefaultInstance(), timeout)
                .getStatus();
    }

    /** Makes and starts a sandbox; answers its id. */
    public String runPodSandbox(PodSandboxConfig config, String handler) throws CriException {
        RunPodSandboxRequest request = RunPodSandboxRequest.newBuilder()
                .setConfig(config)
                .setRuntimeHandler(handler)
                .build();
        return call(RuntimeServiceGrpc.getRunPodSandboxMethod(), request, timeout.multipliedBy(2))
                .getPodSandboxId();
    }

    /** Stops a sandbox and frees its address; an absent one is stopped already. */
    public void stopPodSandbox(String id) throws CriException {
        StopPodSandboxRequest request =
                StopPodSandboxRequest.newBuilder().setPodSandboxId(id).build();
        ignoringAbsence(() -> call(RuntimeServiceGrpc.getStopPodSandboxMethod(), request, timeout));
    }

    /** Removes a sandbox; an absent one is removed already. */
    public void removePodSandbox(String id) throws CriException {
        RemovePodSandboxRequest request =
                RemovePodSandboxRequest.newBuilder().setPodSandboxId(id).build();
        ignoringAbsence(() -> call(RuntimeServiceGrpc.getRemovePodSandboxMethod(), request, timeout));
    }

    /** Describes one sandbox. */
    public PodSandboxStatus podSandboxStatus(String id) throws CriException {
        PodSandboxStatusRequest request =
                PodSandboxStatusRequest.newBuilder().setPodSandboxId(id).build();
        return call(RuntimeServiceGrpc.getPodSandboxStatusMethod(), request, timeout)
                .getStatus();
    }

    /** The runtime's own JSON about a sandbox (containerd: with the {@code pid} of its pause process). */
    public String podSandboxInfo(String id) throws CriException {
        PodSandboxStatusRequest request = PodSandboxStatusRequest.newBuilder()
                .setPodSandboxId(id)
                .setVerbose(true)
                .build();
        return call(RuntimeServiceGrpc.getPodSandboxStatusMethod(), request, timeout)
                .getInfoOrDefault("info", "{}");
    }

    /** Lists sandboxes that carry all given labels. */
    public List<PodSandbox> listPodSandboxes(Map<String, String> labels) throws CriException {
        ListPodSandboxRequest request = ListPodSandboxRequest.newBuilder()
                .setFilter(PodSandboxFilter.newBuilder().putAllLabelSelector(labels))
                .build();
        return call(RuntimeServiceGrpc.getListPodSandboxMethod(), request, timeout)
                .getItemsList();
    }

    /** Makes a container; answers its id. */
    public String createContainer(String sandboxId, ContainerConfig config, PodSandboxConfig sandbox)
            throws CriException {
        CreateContainerRequest request = CreateContainerRequest.newBuilder()
                .setPodSandboxId(sandboxId)
                .setConfig(config)
                .setSandboxConfig(sandbox)
                .build();
        return call(RuntimeServiceGrpc.getCreateContainerMethod(), request, timeout)
                .getContainerId();
    }

    /** Runs a created container. */
    public void startContainer(String id) throws CriException {
        call(
                RuntimeServiceGrpc.getStartContainerMethod(),
                StartContainerRequest.newBuilder().setContainerId(id).build(),
                timeout);
    }

    /** Stops a container: its stop signal, then SIGKILL after the grace; an absent one is stopped already. */
    public void stopContainer(String id, Duration grace) throws CriException {
        StopContainerRequest request = StopContainerRequest.newBuilder()
                .setContainerId(id)
                .setTimeout(grace.toSeconds())
                .build();
        ignoringAbsence(() -> call(RuntimeServiceGrpc.getStopContainerMethod(), request, timeout.plus(grace)));
    }

    /** Removes a container; an absent one is removed already. */
    public void removeContainer(String id) throws CriException {
        RemoveContainerRequest request =
                RemoveContainerRequest.newBuilder().setContainerId(id).build();
        ignoringAbsence(() -> call(RuntimeServiceGrpc.getRemoveContainerMethod(), request, timeout));
    }

    /** Lists containers that carry all given labels. */
    public List<Container> listContainers(Map<String, String> labels) throws CriException {
        ListContainersRequest request = ListContainersRequest.newBuilder()
                .setFilter(ContainerFilter.newBuilder().putAllLabelSelector(labels))
                .build();
        return call(RuntimeServiceGrpc.getListContainersMethod(), request, timeout)
                .getContainersList();
    }

    /** Describes one container. */
    public ContainerStatus containerStatus(String id) throws CriException {
        ContainerStatusRequest request =
                ContainerStatusRequest.newBuilder().setContainerId(id).build();
        return call(RuntimeServiceGrpc.getContainerStatusMethod(), request, timeout)
                .getStatus();
    }

    /** Changes the cgroup figures of a running container. */
    public void updateContainerResources(String id, LinuxContainerResources resources) throws CriException {
        UpdateContainerResourcesRequest request = UpdateContainerResourcesRequest.newBuilder()
                .setContainerId(id)
                .setLinux(resources)
                .build();
        call(RuntimeServiceGrpc.getUpdateContainerResourcesMethod(), request, timeout);
    }

    /** Makes the runtime write to a new log file. */
    public void reopenContainerLog(String id) throws CriException {
        call(
                RuntimeServiceGrpc.getReopenContainerLogMethod(),
                ReopenContainerLogRequest.newBuilder().setContainerId(id).build(),
                timeout);
    }

    /** Runs a command to its end; {@code limit} of zero means the client's own deadline alone. */
    public ExecSyncResponse execSync(String id, List<String> command, Duration limit) throws CriException {
        ExecSyncRequest request = ExecSyncRequest.newBuilder()
                .setContainerId(id)
                .addAllCmd(command)
                .setTimeout(limit.toSeconds())
                .build();
        Duration deadline = limit.isZero() ? timeout : limit.plusSeconds(5);
        return call(RuntimeServiceGrpc.getExecSyncMethod(), request, deadline);
    }

    /** A one-use URL on which a command streams. */
    public String exec(ExecRequest request) throws CriException {
        return call(RuntimeServiceGrpc.getExecMethod(), request, timeout).getUrl();
    }

    /** A one-use URL on which the container's main process streams. */
    public String attach(AttachRequest request) throws CriException {
        return call(RuntimeServiceGrpc.getAttachMethod(), request, timeout).getUrl();
    }

    /** A one-use URL on which ports of a sandbox stream. */
    public String portForward(String sandboxId, List<Integer> ports) throws CriException {
        PortForwardRequest request = PortForwardRequest.newBuilder()
                .setPodSandboxId(sandboxId)
                .addAllPort(ports)
                .build();
        return call(RuntimeServiceGrpc.getPortForwardMethod(), request, timeout).getUrl();
    }

    /** Usage of all running containers. */
    public List<ContainerStats> listContainerStats() throws CriException {
        return call(
                        RuntimeServiceGrpc.getListContainerStatsMethod(),
                        ListContainerStatsRequest.getDefaultInstance(),
                        timeout)
                .getStatsList();
    }

    /** Changes as they happen, without end; fails with UNIMPLEMENTED on runtimes that only list. */
    public Iterator<ContainerEventResponse> containerEvents() {
        return ClientCalls.blockingServerStreamingCall(
                channel,
                RuntimeServiceGrpc.getGetContainerEventsMethod(),
                CallOptions.DEFAULT,
                GetEventsRequest.getDefaultInstance());
    }

    /** Images on the node. */
    public List<Image> listImages() throws CriException {
        return call(ImageServiceGrpc.getListImagesMethod(), ListImagesRequest.getDefaultInstance(), timeout)
                .getImagesList();
    }

    /** Describes an image; the answer has no image when it is absent. */
    public ImageStatusResponse imageStatus(String image) throws CriException {
        ImageStatusRequest request = ImageStatusRequest.newBuilder()
                .setImage(ImageSpec.newBuilder().setImage(image))
                .build();
        return call(ImageServiceGrpc.getImageStatusMethod(), request, timeout);
    }

    /** Fetches an image, however long it takes; an interrupt cancels it. */
    public String pullImage(PullImageRequest request) throws CriException {
        return call(ImageServiceGrpc.getPullImageMethod(), request, Duration.ofHours(12))
                .getImageRef();
    }

    /** Removes an image; an absent one is removed already. */
    public void removeImage(String image) throws CriException {
        RemoveImageRequest request = RemoveImageRequest.newBuilder()
                .setImage(ImageSpec.newBuilder().setImage(image))
                .build();
        ignoringAbsence(() -> call(ImageServiceGrpc.getRemoveImageMethod(), request, timeout));
    }

    /** Usage of the image file systems. */
    public ImageFsInfoResponse imageFsInfo() throws CriException {
        return call(ImageServiceGrpc.getImageFsInfoMethod(), ImageFsInfoRequest.getDefaultInstance(), timeout);
    }

    private <Q, A> A call(MethodDescriptor<Q, A> method, Q request, Duration deadline) throws CriException {
        if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
            // gRPC would wait up to two minutes before it dials again; a restarted runtime must be found at once.
            channel.resetConnectBackoff();
        }
        try {
            CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
            return ClientCalls.blockingUnaryCall(channel, method, options, request);
        } catch (StatusRuntimeException e) {
            throw new CriException(e);
        }
    }

    /** One call to the runtime. */
    private interface Call {
        Object run() throws CriException;
    }

    private static void ignoringAbsence(Call call) throws CriException {
        try {
            call.run();
        } catch (CriException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
        callbacks.shutdownNow();
        eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
